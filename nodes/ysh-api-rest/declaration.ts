import { Type } from '../../lib/schema.ts'
import { defineNode } from '../kit/declaration.ts'

/** Bounds of the answers, and what is told of them. */
export const ApiRestSchema = Type.Object(
  {
    deadlineSeconds: Type.Integer({
      default: 30,
      minimum: 1,
      maximum: 3_600,
      description: 'An answer that has not begun by then is given up',
    }),
    streams: Type.Integer({
      default: 8,
      minimum: 1,
      maximum: 100,
      description: 'Whole datasets that are sent at the same time; each holds a connection to the database',
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

/** A request that has been answered. */
export const AnsweredSchema = Type.Object({
  method: Type.String(),
  route: Type.Optional(Type.String()),
  status: Type.Integer(),
  ms: Type.Number(),
  bytes: Type.Integer(),
  caller: Type.Optional(Type.String()),
  code: Type.Optional(Type.String()),
  dropped: Type.Integer(),
})

/** Serves the data API over REST. */
export const declaration = defineNode({
  type: 'ysh-api-rest',
  category: 'ysh',
  color: '#A9BEDC',
  icon: 'ysh-api-rest.svg',
  inputs: 0,
  outputs: ['answered'],
  config: ApiRestSchema,
  references: { api: { type: 'ysh-api' } },
  form: [
    { field: 'api', icon: 'plug' },
    { field: 'deadlineSeconds', icon: 'hourglass-o' },
    { field: 'streams', icon: 'download' },
    { field: 'window', icon: 'tachometer' },
  ],
  messages: { input: null, output: AnsweredSchema },
  texts: ['status.dropped'],
})
