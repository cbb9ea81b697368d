import { type Queryable, quoteIdentifier as q } from '../../../stores/postgres/port.ts'
import type { Column } from '../contract.ts'
import type { LoadPlan } from './plan.ts'

const SQL_TYPES = {
  text: 'text',
  integer: 'bigint',
  decimal: 'numeric',
  date: 'date',
  month: 'date',
  timestamp: 'timestamp',
  cnpj: 'text',
} as const

/** The PostgreSQL type of a column. */
export function sqlType(column: Column): string {
  return SQL_TYPES[column.type]
}

/** Technical columns: hash of the key, hash of the row, and the number of a repeated key. */
export const TECHNICAL = ['_kh', '_h', '_n'] as const

/** Makes an empty table for a plan. `unlogged` ones are staging and vanish with a crash of the server. */
export async function createTable(db: Queryable, table: string, plan: LoadPlan, unlogged = false): Promise<void> {
  // byte order is enough for keys and compares several times faster than the rules of a language
  const columns = plan.columns.map((column, index) => {
    const type = sqlType(column)
    return `${q(column.name)} ${type}${type === 'text' && index < plan.key ? ' collate "C"' : ''}`
  })
  await db.query(
    `create ${unlogged ? 'unlogged ' : ''}table ${table} (${columns.join(', ')}, _kh int8 not null, _h int8 not null, _n int4 not null default 0)`,
  )
}

/** Target of the binary COPY: the columns in the order in which the parser writes them. */
export function copyTarget(table: string, plan: LoadPlan, mode: 'full' | 'delta'): string {
  const technical = mode === 'full' ? ['_kh', '_h', '_n'] : ['_kh', '_h']
  return `${table} (${[...plan.columns.map((column) => q(column.name)), ...technical].join(', ')})`
}

const keyList = (plan: LoadPlan) =>
  plan.key === 0
    ? '_kh'
    : plan.columns
        .slice(0, plan.key)
        .map((column) => q(column.name))
        .join(', ')

/** A row that the contract's `repeats: quarantine` sends away, with what it held. */
export interface Repeated {
  row: string
}

/**
 * Settles rows that share a key. The parser has given each of them a number of its own, so `number` has nothing left to do;
 * `quarantine` takes all but the first out. `flagged` is how many rows carry a number above 0.
 */
export async function settleRepeats(
  db: Queryable,
  table: string,
  plan: LoadPlan,
  flagged: number,
): Promise<Repeated[]> {
  if (plan.contract.repeats === 'number' || flagged === 0) return []
  const { rows } = await db.query<{ row: string }>(
    `delete from ${table} t using ${table} before where t._n > 0 and before._kh = t._kh and before._n < t._n
     returning (to_jsonb(t) - '{_kh,_h,_n}'::text[])::text as row`,
  )
  return rows
}

/**
 * The key, as a unique index in which nulls are equal: a blank part of a key is a value like any other. Beside it the place of a row, which
 * has no nulls and two columns whatever the key is: pages are cut by it, and a re-publication finds its rows by it.
 */
export async function createKey(db: Queryable, table: string, name: string, plan: LoadPlan): Promise<void> {
  await db.query(
    `create unique index ${q(`${name}_key`.slice(-63))} on ${table} (${keyList(plan)}, _n) nulls not distinct`,
  )
  if (plan.key > 0) await db.query(`create index ${q(`${name}_place`.slice(-63))} on ${table} (_kh, _n)`)
}
