import { JournalErrorSchema } from '../../lib/runs/run.ts'
import { SummarySchema, tolerancePattern } from '../../lib/runs/summary.ts'
import { Type } from '../../lib/schema.ts'
import { defineNode } from '../kit/declaration.ts'

/** When a run with failed items still counts as done. */
export const RunEndNodeSchema = Type.Object(
  {
    tolerance: Type.String({
      default: '0',
      pattern: tolerancePattern,
      description: 'How many items may fail: a number, a share such as 10%, or any',
    }),
  },
  { additionalProperties: false },
)

/** What goes out when a run has ended. */
export const RunSummarySchema = Type.Object({
  ...SummarySchema.properties,
  runId: Type.String(),
  flow: Type.String(),
  slot: Type.String(),
  trigger: Type.String(),
  seconds: Type.Number(),
  error: Type.Optional(JournalErrorSchema),
})

/** Ends a run. */
export const declaration = defineNode({
  type: 'ysh-run-end',
  category: 'ysh',
  color: '#A9BEDC',
  icon: 'ysh-run-end.svg',
  inputs: 1,
  outputs: ['done', 'failed'],
  align: 'right',
  config: RunEndNodeSchema,
  references: { stores: { type: 'ysh-stores' } },
  form: [
    { field: 'tolerance', icon: 'balance-scale' },
    { field: 'stores', icon: 'database' },
  ],
  messages: { input: null, output: RunSummarySchema },
  texts: ['status.done', 'status.failed'],
})
