import { Type } from '../../lib/schema.ts'
import { defineNode } from '../kit/declaration.ts'

/** Which letters the node counts and shows. */
export const DeadLetterNodeSchema = Type.Object(
  {
    flow: Type.String({
      default: '',
      maxLength: 300,
      description: 'Id of the ysh-run whose letters the status and the table show; blank shows all',
    }),
  },
  { additionalProperties: false },
)

/** Keeps what failed for good, and has it done again. */
export const declaration = defineNode({
  type: 'ysh-dead-letter',
  category: 'ysh',
  color: '#A9BEDC',
  icon: 'ysh-dead-letter.svg',
  inputs: 1,
  outputs: ['kept', 'redriven', 'answer'],
  config: DeadLetterNodeSchema,
  references: { stores: { type: 'ysh-stores' } },
  limits: { concurrency: 4, queueLimit: 1_000 },
  form: [
    { field: 'stores', icon: 'database' },
    { field: 'flow', icon: 'envelope-o', widget: 'custom:letters' },
  ],
  messages: { input: null, output: null },
  texts: [
    'status.open',
    'status.none',
    'list.key',
    'list.error',
    'list.attempts',
    'list.age',
    'list.all',
    'list.refresh',
    'list.redrive',
    'list.discard',
    'list.reason',
    'list.loading',
    'list.failed',
    'list.none',
    'list.count',
    'list.redriven',
    'list.discarded',
    'list.refused',
    'list.notDeployed',
  ],
})
