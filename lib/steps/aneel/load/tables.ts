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
export function copyTarget(table: string, plan: LoadPlan): string {
  return `${table} (${[...plan.columns.map((column) => q(column.name)), '_kh', '_h'].join(', ')})`
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

/** Numbers the rows that share a key (0 for the first), in file order, or takes all but the first out. */
export async function settleRepeats(db: Queryable, table: string, plan: LoadPlan): Promise<Repeated[]> {
  const repeated = `select _kh from ${table} group by _kh having count(*) > 1`
  const numbered = `select ctid as at, row_number() over (partition by _kh order by ctid) - 1 as n from ${table} where _kh in (${repeated})`
  if (plan.contract.repeats === 'number') {
    await db.query(`update ${table} t set _n = r.n from (${numbered}) r where t.ctid = r.at and r.n > 0`)
    return []
  }
  const { rows } = await db.query<{ row: string }>(
    `delete from ${table} t using (${numbered}) r where t.ctid = r.at and r.n > 0 returning (to_jsonb(t) - '{_kh,_h,_n}'::text[])::text as row`,
  )
  return rows
}

/** The key, as a unique index in which nulls are equal: a blank part of a key is a value like any other. */
export async function createKey(db: Queryable, table: string, name: string, plan: LoadPlan): Promise<void> {
  await db.query(
    `create unique index ${q(`${name}_key`.slice(-63))} on ${table} (${keyList(plan)}, _n) nulls not distinct`,
  )
}
