import { PipelineError } from '../../errors.ts'
import { parser, Type } from '../../schema.ts'
import type { QueryColumn } from '../../steps/dataset/query/conditions.ts'
import { type Condition, ConditionSchema, type Operator } from '../../steps/dataset/query/schema.ts'
import {
  GraphQLBoolean,
  GraphQLInputObjectType,
  type GraphQLInputType,
  GraphQLList,
  GraphQLNonNull,
  type GraphQLScalarType,
  GraphQLString,
} from '../../vendor/graphql.ts'
import { BigInt64, Cnpj, DateText, Decimal, Month, Timestamp } from './scalars.ts'

type ColumnType = QueryColumn['type']

/** What the values of a column are in the schema. */
export const scalarOf = {
  text: GraphQLString,
  cnpj: Cnpj,
  integer: BigInt64,
  decimal: Decimal,
  date: DateText,
  month: Month,
  timestamp: Timestamp,
} as const satisfies Record<ColumnType, GraphQLScalarType>

const compared: Record<string, Operator> = { eq: '=', ne: '<>', lt: '<', lte: '<=', gt: '>', gte: '>=' }
const listed: Record<string, Operator> = { in: 'in', notIn: 'not in', between: 'between' }
const searched: Record<string, Operator> = { contains: 'contains', begins: 'begins' }
const all: Record<string, Operator> = { ...compared, ...listed, ...searched }

/** Most conditions of one query field. */
const mostConditions = 30
const conditions = parser(
  Type.Array(ConditionSchema, { maxItems: mostConditions }),
  'The argument `where`',
  'QUERY_CONDITION',
)

function filterOf(type: ColumnType): GraphQLInputObjectType {
  const value = scalarOf[type]
  const list = new GraphQLList(new GraphQLNonNull(value))
  const fields: Record<string, { type: GraphQLInputType; description?: string }> = {}
  for (const name of Object.keys(compared)) fields[name] = { type: value }
  fields.in = { type: list }
  fields.notIn = { type: list }
  fields.between = { type: list, description: 'Two values, both included.' }
  if (type === 'text' || type === 'cnpj') {
    fields.contains = { type: GraphQLString, description: 'In capitals or small letters.' }
    fields.begins = { type: GraphQLString }
  }
  fields.isNull = { type: GraphQLBoolean, description: 'true: no value is there; false: one is there.' }
  const name = type.slice(0, 1).toUpperCase() + type.slice(1)
  return new GraphQLInputObjectType({ name: `${name}Filter`, description: 'All that is given holds.', fields })
}

/** The filter of each type of column, the same for all datasets. */
export const filterTypes: Readonly<Record<ColumnType, GraphQLInputObjectType>> = {
  text: filterOf('text'),
  cnpj: filterOf('cnpj'),
  integer: filterOf('integer'),
  decimal: filterOf('decimal'),
  date: filterOf('date'),
  month: filterOf('month'),
  timestamp: filterOf('timestamp'),
}

/**
 * The conditions of a `where` argument that GraphQL has checked against its type. `column` is the column of a field. Throws QUERY_CONDITION:
 * a null where a value belongs (a variable that was forgotten must not widen what is asked for), too many conditions, too long a value.
 */
export function conditionsOf(where: unknown, column: (field: string) => string): Condition[] {
  const found: unknown[] = []
  for (const [field, filter] of entries(where)) {
    for (const [name, value] of entries(filter, field)) {
      if (value === null)
        throw new PipelineError('QUERY_CONDITION', `${field}.${name} is null; ask with isNull instead`)
      if (name === 'isNull') found.push({ column: column(field), op: value === true ? 'is null' : 'is not null' })
      else found.push({ column: column(field), op: all[name], value })
    }
  }
  if (JSON.stringify(found).includes('\\u0000')) {
    throw new PipelineError('QUERY_VALUE', 'A value in `where` has a NUL character')
  }
  return conditions.parse(found)
}

function entries(value: unknown, field?: string): [string, unknown][] {
  if (value === null && field !== undefined) {
    throw new PipelineError('QUERY_CONDITION', `${field} is null; ask with isNull instead`)
  }
  return typeof value === 'object' && value !== null ? Object.entries(value) : []
}
