import { PipelineError } from '../../../errors.ts'
import { quoteIdentifier as q } from '../../../stores/postgres/port.ts'
import { quoteTable, type Version } from '../load/registry.ts'
import { sqlTypes, typed, whereClause } from '../query/conditions.ts'
import type { Condition } from '../query/schema.ts'
import type { Described, DescribedColumn, Selection } from './port.ts'
import type { Position } from './position.ts'

/** A selection whose names have been found among the columns. */
export interface Wanted {
  columns: DescribedColumn[]
  where: readonly Condition[]
  order: { column: DescribedColumn; down: boolean }[]
}

/** Finds what a selection names. Throws QUERY_COLUMN. */
export function wantedOf(described: Described, selection: Selection): Wanted {
  const chosen = selection.columns ?? []
  return {
    columns: chosen.length === 0 ? [...described.columns] : [...new Set(chosen)].map((name) => find(described, name)),
    where: selection.where ?? [],
    order: (selection.order ?? []).map((each) => {
      const down = each.startsWith('-')
      return { column: find(described, down ? each.slice(1) : each), down }
    }),
  }
}

function find({ dataset, columns }: Described, name: string): DescribedColumn {
  const found = columns.find((column) => column.name === name)
  if (found !== undefined) return found
  throw new PipelineError(
    'QUERY_COLUMN',
    `${dataset} has no column ${name.slice(0, 100)}; it has ${columns.map((column) => column.name).join(', ')}`,
  )
}

/** The values of a statement; answers the placeholder. */
export type Bind = (value: unknown, type: string) => string

/** Where rows come from: the tables as they are now, and what of a past day is described beside them. */
export interface From {
  now: Described
  /** The same as `now` where no past day is asked for. */
  then: Described
}

/**
 * The statement for a page: the columns, then `_p`, `_kh`, `_n` (where the row stands: place of its part, place in it) and `_o0`, `_o1`… (what
 * it is sorted by). Each part gives at most `limit` rows in order, and the whole is sorted once more. Throws QUERY_CONDITION, QUERY_VALUE.
 */
export function pageSql(from: From, wanted: Wanted, after: Position | null, limit: number, values: unknown[]): string {
  const bind = binder(values)
  const where = conditionsOf(from, wanted, values)
  const most = bind(limit, 'int8')
  const keys = wanted.order.map(({ column }, index) => `${sorted(column)} as "_o${index}"`)
  const place = byKey(from.then, wanted) ? '_kh + 0' : '_kh'
  const inner = [...orderOf(wanted, (index) => sorted(wanted.order[index]?.column)), place, '_n'].join(', ')
  const outer = [...orderOf(wanted, (index) => `"_o${index}"`), '_p', '_kh', '_n'].join(', ')
  const branches: string[] = []
  for (const [place, part] of from.then.parts.entries()) {
    const going = after === null ? 'true' : afterSql(wanted, after, part.part, bind)
    if (going === 'false') continue
    for (const source of sourcesOf(from, part, wanted, bind)) {
      const list = [...wanted.columns.map(({ name }) => q(name)), `${place} as "_p"`, '_kh', '_n', ...keys]
      const both = [where, going].filter((each) => each !== '' && each !== 'true')
      const filter = both.length === 0 ? '' : ` where ${both.join(' and ')}`
      branches.push(`(select ${list.join(', ')} from (${source}) s${filter} order by ${inner} limit ${most})`)
    }
  }
  if (branches.length === 0) {
    const nothing = sourcesOf(from, from.then.parts[0], wanted, bind)[0] ?? ''
    const list = [...wanted.columns.map(({ name }) => q(name)), '0 as "_p"', '_kh', '_n', ...keys]
    branches.push(`(select ${list.join(', ')} from (${nothing}) s where false)`)
  }
  const [only = '', ...others] = branches
  return others.length === 0
    ? only.slice(1, -1)
    : `select * from (${branches.join(' union all ')}) u order by ${outer} limit ${most}`
}

/**
 * Whether the first column of the key is given, so that the key's index finds few rows. Then the order must not lure the planner into walking
 * through the whole table by place.
 */
function byKey({ contract }: Described, { where }: Wanted): boolean {
  return where.some(({ column, op }) => column === contract.key[0] && (op === '=' || op === 'in'))
}

/** The statement for all rows. Without an order they come as they lie. Throws QUERY_CONDITION, QUERY_VALUE. */
export function allSql(from: From, wanted: Wanted, values: unknown[]): string {
  const bind = binder(values)
  const where = conditionsOf(from, wanted, values)
  const filter = where === '' ? '' : ` where ${where}`
  const keys = wanted.order.map(({ column }, index) => `${sorted(column)} as "_o${index}"`)
  const ties = keys.length === 0 ? [] : ['_kh', '_n']
  const list = wanted.columns.map(({ name }) => q(name))
  const branches = from.then.parts.flatMap((part, place) => {
    const place_ = keys.length === 0 ? [] : [`${place} as "_p"`]
    return sourcesOf(from, part, wanted, bind).map(
      (source) => `select ${[...list, ...place_, ...ties, ...keys].join(', ')} from (${source}) s${filter}`,
    )
  })
  const order = [...orderOf(wanted, (index) => `"_o${index}"`), '_p', '_kh', '_n'].join(', ')
  return `select ${list.join(', ')} from (${branches.join(' union all ')}) u${keys.length === 0 ? '' : ` order by ${order}`}`
}

const binder =
  (values: unknown[]): Bind =>
  (value, type) =>
    `$${values.push(value)}::${type}`

function conditionsOf({ then }: From, wanted: Wanted, values: unknown[]): string {
  return whereClause(wanted.where, (name) => find(then, name), values)
}

/** What a column is compared and sorted by: text by its bytes, which are the same in every part, history and server. */
function sorted(column: DescribedColumn | undefined): string {
  if (column === undefined) return 'null'
  return sqlTypes[column.type] === 'text' ? `${q(column.name)} collate "C"` : q(column.name)
}

const orderOf = (wanted: Wanted, key: (index: number) => string) =>
  wanted.order.map(({ down }, index) => `${key(index)} ${down ? 'desc' : 'asc'} nulls last`)

/** Which rows of a part come after a position. */
function afterSql(wanted: Wanted, after: Position, part: string, bind: Bind): string {
  const place =
    part === after.part
      ? `(_kh, _n) > (${bind(after.kh, 'int8')}, ${bind(after.n, 'int4')})`
      : part > after.part
        ? 'true'
        : 'false'
  return wanted.order.reduceRight((rest, { column, down }, index) => {
    const value = after.values[index] ?? null
    const key = sorted(column)
    // Missing values come last: nothing but missing ones after them.
    if (value === null) return both(`${key} is null`, rest)
    const bound = bind(value, sqlTypes[column.type])
    const equal = both(`${key} = ${bound}`, rest)
    const beyond = `${key} ${down ? '<' : '>'} ${bound} or ${key} is null`
    return equal === 'false' ? `(${beyond})` : `(${beyond} or ${equal})`
  }, place)
}

function both(first: string, second: string): string {
  if (second === 'false') return 'false'
  return second === 'true' ? first : `(${first} and ${second})`
}

/** The rows of a part with their places: one source now, two of a past day. */
function sourcesOf({ now, then }: From, part: Version | undefined, wanted: Wanted, bind: Bind): string[] {
  const served = now.parts.find((each) => each.part === part?.part)
  // Not there any more in this description: the description is too old, which the answer will show.
  if (part === undefined || served === undefined) return []
  const table = quoteTable(`${served.schema}.${served.table}`)
  const list = columnList(then, part, wanted, bind)
  if (part.version === served.version) return [`select ${list}, t._kh, t._n from ${table} t`]
  const of = [bind(part.dataset, 'text'), bind(part.part, 'text'), bind(part.version, 'int4')]
  const later = (alias: string) =>
    `${alias}.dataset = ${of[0]} and ${alias}.part = ${of[1]} and ${alias}.version > ${of[2]}`
  // Asked for each row by its place, whatever the planner thinks of a history that nobody has analysed: a scalar never becomes a join.
  const firstLater = (row: string) =>
    `select e.version from pipeline.change e where ${later('e')} and e._kh = ${row}._kh and e._n = ${row}._n order by e.version limit 1`
  return [
    `select ${list}, t._kh, t._n from ${table} t where (${firstLater('t')}) is null`,
    // What the first later version found in a place is what stood there. Writing a row back is what costs: equal texts are compared before.
    `select ${list}, f._kh, f._n from pipeline.change f cross join lateral jsonb_populate_record(null::${table}, f.before) t
     where ${later('f')} and f.op <> 'new'${equalValues(then, part, wanted, bind)} and f.version = (${firstLater('f')})`,
  ]
}

/** Those conditions of a selection that can be seen in a change as it is kept: texts and dates are in it as they are. */
function equalValues(described: Described, part: Version, { where }: Wanted, bind: Bind): string {
  return where
    .flatMap(({ column, op, value }) => {
      const found = described.columns.find(({ name }) => name === column)
      const kept = part.columns.some(({ name, type }) => name === column && (type === 'text' || type === 'date'))
      if (!kept || found === undefined || op !== '=' || value === undefined || Array.isArray(value)) return []
      return ` and f.before ->> ${bind(column, 'text')} = ${bind(typed(found, value), 'text')}`
    })
    .join('')
}

function columnList(described: Described, part: Version, wanted: Wanted, bind: Bind): string {
  const named = new Set([
    ...wanted.columns.map(({ name }) => name),
    ...wanted.where.map(({ column }) => column),
    ...wanted.order.map(({ column }) => column.name),
  ])
  const own = new Map(part.columns.map(({ name, type }) => [name, type]))
  return described.columns
    .filter(({ name }) => named.has(name))
    .map(({ name, type, from }) => {
      const sql = sqlTypes[type]
      if (from === 'part') return `${bind(part.part, 'text')} as ${q(name)}`
      if (from === 'generated') return `${bind(part.generatedOn, 'date')} as ${q(name)}`
      const stored = own.get(name)
      if (stored === undefined) return `null::${sql} as ${q(name)}`
      return stored === storedAs[sql] ? `t.${q(name)}` : `t.${q(name)}::${sql} as ${q(name)}`
    })
    .join(', ')
}

/** How a version writes the types down. */
const storedAs: Record<(typeof sqlTypes)[keyof typeof sqlTypes], string> = {
  text: 'text',
  int8: 'bigint',
  numeric: 'numeric',
  date: 'date',
  timestamp: 'timestamp',
}
