import { Type } from '../../lib/schema.ts'
import { defineNode } from '../kit/declaration.ts'

/** How many may subscribe. */
export const ApiWebsocketSchema = Type.Object(
  {
    maxSubscribers: Type.Integer({
      default: 1_000,
      minimum: 1,
      maximum: 10_000,
      description: 'Most subscribers at once; further ones are refused',
    }),
    maxPerCaller: Type.Integer({
      default: 100,
      minimum: 1,
      maximum: 10_000,
      description: 'Most subscribers of one key, or of one token’s subject',
    }),
  },
  { additionalProperties: false },
)

/** What goes out when a subscriber comes or goes. */
export const SubscriberSchema = Type.Object({
  kind: Type.Enum(['came', 'went', 'cut']),
  caller: Type.String(),
  address: Type.String(),
  why: Type.Optional(Type.String()),
  subscribers: Type.Integer(),
})

/** Serves subscriptions by WebSocket. */
export const declaration = defineNode({
  type: 'ysh-api-websocket',
  category: 'ysh',
  color: '#A9BEDC',
  icon: 'ysh-api-websocket.svg',
  inputs: 0,
  outputs: ['subscriber'],
  config: ApiWebsocketSchema,
  references: { api: { type: 'ysh-api' } },
  form: [
    { field: 'api', icon: 'plug' },
    { field: 'maxSubscribers', icon: 'users' },
    { field: 'maxPerCaller', icon: 'user' },
  ],
  messages: { input: null, output: SubscriberSchema },
  texts: ['status.subscribers'],
})
