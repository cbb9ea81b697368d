import { PipelineError } from '../../../errors.ts'
import { type Infer, Type } from '../../../schema.ts'
import type { QueryColumn } from '../../../steps/dataset/query/conditions.ts'
import type { Condition, Operator } from '../../../steps/dataset/query/schema.ts'
import type { Selection } from '../../../steps/dataset/read/port.ts'
import { formatNames } from '../../formats/format.ts'
import { collect } from '../../parameters.ts'

const Names = (description: string, maxItems: number) =>
  Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { maxItems, description }))

/** Most rows of a page. */
export const maxPage = 10_000

/** What a query of rows has beside its filters. A column of one of these names is filtered by `limit.eq`. */
export const controls = {
  sort: Names('Columns to sort by; `-` in front sorts downwards; missing values come last', 10),
  fields: Names('Columns of the answer; all when left out', 200),
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: maxPage,
      description: 'Rows of a page, 100 when left out; other formats then have all rows',
    }),
  ),
  after: Type.Optional(Type.String({ maxLength: 8_000, description: '`next` of the page before' })),
  as_of: Type.Optional(
    Type.String({
      maxLength: 50,
      description: 'A past day (its end in Brasília) or instant: the rows as they were published here then',
    }),
  ),
  numbers: Type.Optional(
    Type.Enum(['number', 'text'], {
      description: 'text: every decimal as it is stored; number when left out. CSV and Parquet are always exact',
    }),
  ),
  format: Type.Optional(Type.Enum([...formatNames], { description: 'Instead of the header Accept' })),
}

/** The query of rows; filters are further parameters. */
export const RowsQuery = Type.Object(controls, { additionalProperties: true })
/** {@link RowsQuery} as a type. */
export type RowsQuery = Infer<typeof RowsQuery>

/** Suffixes of a column's name, and what they mean. */
const suffixes: ReadonlyMap<string, Operator> = new Map([
  ...([
    ['eq', '='],
    ['ne', '<>'],
    ['gt', '>'],
    ['gte', '>='],
    ['lt', '<'],
    ['lte', '<='],
  ] as const),
  ...([
    ['in', 'in'],
    ['not_in', 'not in'],
    ['between', 'between'],
    ['contains', 'contains'],
    ['begins', 'begins'],
  ] as const),
])

/** Suffixes that a column of a type takes, for documents. `null` is one of them. */
export function suffixesOf({ type }: Pick<QueryColumn, 'type'>): string[] {
  const text = type === 'text' || type === 'cnpj'
  return [
    'ne',
    ...(text ? [] : ['gt', 'gte', 'lt', 'lte']),
    'in',
    ...(text ? ['contains', 'begins'] : ['between']),
    'null',
  ]
}

const maxConditions = 30
const maxValue = 1_000
const maxList = 1_000

/** The rows that a query asks for. Columns are looked at by the reader. Throws API_PARAMETER, QUERY_CONDITION. */
export function selectionOf(query: RowsQuery, raw: Iterable<[string, string]>): Selection {
  const where = conditionsOf(raw)
  return {
    ...(query.fields === undefined ? {} : { columns: [...new Set(query.fields)] }),
    ...(where.length === 0 ? {} : { where }),
    ...(query.sort === undefined ? {} : { order: [...new Set(query.sort)] }),
    ...(query.as_of === undefined ? {} : { asOf: query.as_of }),
  }
}

function conditionsOf(raw: Iterable<[string, string]>): Condition[] {
  const conditions: Condition[] = []
  for (const [name, values] of collect(raw)) {
    if (Object.hasOwn(controls, name)) continue
    const dot = name.lastIndexOf('.')
    const column = dot < 0 ? name : name.slice(0, dot)
    const suffix = dot < 0 ? 'eq' : name.slice(dot + 1)
    conditions.push(conditionOf(name, column, suffix, values))
    if (conditions.length > maxConditions)
      throw new PipelineError('API_PARAMETER', `More than ${maxConditions} filters`)
  }
  return conditions
}

function conditionOf(name: string, column: string, suffix: string, values: readonly string[]): Condition {
  const [value = '', ...more] = values
  const shown = JSON.stringify(name.slice(0, 100))
  if (suffix === 'null') {
    if (more.length === 0 && (value === 'true' || value === 'false')) {
      return { column, op: value === 'true' ? 'is null' : 'is not null' }
    }
    throw new PipelineError('QUERY_CONDITION', `${shown} takes true or false`)
  }
  const op = suffixes.get(suffix)
  if (op === undefined) {
    const there = [...suffixes.keys(), 'null'].join(', ')
    throw new PipelineError('QUERY_CONDITION', `${shown} has no operator that there is: ${there}`)
  }
  if (op === 'in' || op === 'not in' || op === 'between') {
    const list = values.flatMap(listOf)
    if (list.length > maxList) throw new PipelineError('QUERY_CONDITION', `${shown} has more than ${maxList} values`)
    return { column, op, value: list.map(short) }
  }
  if (more.length > 0)
    throw new PipelineError('QUERY_CONDITION', `${shown} stands several times; several values are for ${column}.in`)
  return { column, op, value: short(value) }
}

function short(value: string): string {
  if (value.length <= maxValue) return value
  throw new PipelineError('QUERY_CONDITION', `A value is longer than ${maxValue} characters`)
}

/** Values with commas between them; one with a comma inside stands in quotation marks, as in CSV. */
function listOf(text: string): string[] {
  return [...text.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"(?=,|$)|([^,]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
  )
}
