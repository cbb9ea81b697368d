import { AlertSchema } from '../../lib/runs/alert.ts'
import { Type } from '../../lib/schema.ts'
import { defineNode } from '../kit/declaration.ts'

/** How alerts become messages. */
export const AlertsNodeSchema = Type.Object(
  {
    language: Type.Enum(['pt-BR', 'en-US'], {
      default: 'pt-BR',
      description: 'Language of the subject (msg.topic) and of the text',
    }),
    content: Type.Enum(['alert', 'text'], {
      default: 'alert',
      description: 'msg.payload: the alert as an object, or its text, for an e-mail',
    }),
    stallSeconds: Type.Integer({
      default: 300,
      minimum: 10,
      maximum: 604_800,
      description: 'A run in which nothing moves for so long is sent anew once, then fails',
    }),
  },
  { additionalProperties: false },
)

/** Starts a run for each alert. */
export const declaration = defineNode({
  type: 'ysh-alerts',
  category: 'ysh',
  color: '#A9BEDC',
  icon: 'ysh-alerts.svg',
  inputs: 0,
  outputs: ['alert'],
  config: AlertsNodeSchema,
  references: { stores: { type: 'ysh-stores' } },
  form: [
    { field: 'language', icon: 'language' },
    { field: 'content', icon: 'envelope-o' },
    { field: 'stores', icon: 'database' },
    { section: 'runs', fields: [{ field: 'stallSeconds', icon: 'hourglass-o' }] },
  ],
  messages: { input: null, output: AlertSchema },
  texts: ['status.ready', 'status.opened', 'status.reopened', 'status.closed'],
})
