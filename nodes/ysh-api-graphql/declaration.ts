import { Type } from '../../lib/schema.ts'
import { defineNode } from '../kit/declaration.ts'
import { AnsweredSchema } from '../ysh-api-rest/declaration.ts'

/** Bounds of what may be asked for, and what is told of it. */
export const ApiGraphqlSchema = Type.Object(
  {
    depth: Type.Integer({ default: 8, minimum: 3, maximum: 30, description: 'Fields within fields' }),
    cost: Type.Integer({
      default: 50_000,
      minimum: 1_000,
      maximum: 10_000_000,
      description: 'Rows asked for times fields of each, and 50 for each statement',
    }),
    deadlineSeconds: Type.Integer({
      default: 30,
      minimum: 1,
      maximum: 3_600,
      description: 'An answer that has not begun by then is given up',
    }),
    maxSubscribers: Type.Integer({
      default: 1_000,
      minimum: 1,
      maximum: 10_000,
      description: 'Most connections with subscriptions at once; further ones are refused',
    }),
    window: Type.Integer({
      default: 100,
      minimum: 0,
      maximum: 10_000,
      description: 'Messages of the output that may be under way; more are dropped and counted. 0 sends none',
    }),
  },
  { additionalProperties: false },
)

/** Where it is served, below the root of the API. */
export const below = '/graphql'

/** Serves the data API in GraphQL. */
export const declaration = defineNode({
  type: 'ysh-api-graphql',
  category: 'ysh',
  color: '#A9BEDC',
  icon: 'ysh-api-graphql.svg',
  inputs: 0,
  outputs: ['answered', 'subscriber'],
  config: ApiGraphqlSchema,
  references: { api: { type: 'ysh-api' } },
  form: [
    { field: 'api', icon: 'plug' },
    { field: 'depth', icon: 'indent' },
    { field: 'cost', icon: 'balance-scale' },
    { field: 'deadlineSeconds', icon: 'hourglass-o' },
    { field: 'maxSubscribers', icon: 'users' },
    { field: 'window', icon: 'tachometer' },
  ],
  messages: { input: null, output: AnsweredSchema },
  texts: ['status.dropped'],
})
