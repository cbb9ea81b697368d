import { PipelineError } from '../../errors.ts'
import type { Described } from '../../steps/dataset/read/port.ts'
import {
  GraphQLBoolean,
  GraphQLFloat,
  GraphQLID,
  GraphQLInt,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString,
  introspectionTypes,
  validateSchema,
} from '../../vendor/graphql.ts'
import type { ApiEvent } from '../events/hub.ts'
import type { AnyRoute } from '../route.ts'
import { catalogueFields } from './catalogue-fields.ts'
import type { GraphqlContext } from './context.ts'
import { datasetFields, nameDatasets } from './dataset-fields.ts'
import { eventFields } from './event-fields.ts'
import { filterTypes } from './filters.ts'
import { Names } from './names.ts'
import { routeFields } from './route-fields.ts'
import { BigInt64, Cnpj, DateText, DateTime, Decimal, JsonValue, Month, Timestamp } from './scalars.ts'

/** Most datasets in the schema, and columns of one; those after them can be asked for by REST. */
const bounds = { datasets: 500, columns: 500 }

const own = [
  ...[GraphQLString, GraphQLInt, GraphQLFloat, GraphQLBoolean, GraphQLID, ...introspectionTypes],
  ...[Decimal, BigInt64, DateText, Month, Timestamp, DateTime, Cnpj, JsonValue, ...Object.values(filterTypes)],
].map(({ name }) => name)

/** The schema of what is held, with a field for each route. Throws GRAPHQL_SCHEMA, which would be a fault here. */
export function buildSchema(datasets: readonly Described[], routes: readonly AnyRoute[]): GraphQLSchema {
  const types = new Names([
    ...own,
    ...['Query', 'Subscription', 'Event', 'Provenance', 'Dataset', 'Column', 'Numbers', 'Language'],
  ])
  const fields = new Names(['dataset', 'datasets'])
  const bounded = [...datasets]
    .sort((a, b) => (a.dataset < b.dataset ? -1 : 1))
    .slice(0, bounds.datasets)
    .map((described) => ({ ...described, columns: described.columns.slice(0, bounds.columns) }))
  const named = nameDatasets(bounded, fields, types)
  const schema = new GraphQLSchema({
    query: new GraphQLObjectType<unknown, GraphqlContext>({
      name: 'Query',
      fields: { ...catalogueFields(named), ...datasetFields(named), ...routeFields(routes, fields, types) },
    }),
    subscription: new GraphQLObjectType<ApiEvent, GraphqlContext>({ name: 'Subscription', fields: eventFields() }),
  })
  const [error] = validateSchema(schema)
  if (error !== undefined) throw new PipelineError('GRAPHQL_SCHEMA', `The schema is wrong: ${error.message}`)
  return schema
}
