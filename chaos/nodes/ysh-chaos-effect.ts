import { PipelineError } from '../../lib/errors.ts'
import { enqueueOutbox } from '../../lib/runs/outbox.ts'
import { systemTimer } from '../../lib/runs/time.ts'
import { Type } from '../../lib/schema.ts'
import { defineStep } from '../../lib/steps/step.ts'
import type { Red } from '../../nodes/kit/red.ts'
import { registerStepNode } from '../../nodes/kit/step-node.ts'
import { declare } from './declare.ts'
import { effectOf, numberOf } from './work.ts'

const declaration = declare('ysh-chaos-effect')

const effect = defineStep({
  name: 'chaos-effect',
  version: 1,
  config: declaration.config,
  // An item of the each, or what the join makes of them all.
  input: Type.Object({
    key: Type.Optional(Type.String()),
    value: Type.Optional(Type.Integer()),
    items: Type.Optional(Type.Array(Type.Unknown())),
    done: Type.Optional(Type.Integer()),
    failed: Type.Optional(Type.Integer()),
  }),
  output: Type.Object({ key: Type.String(), value: Type.String() }),
  async run(input, { ms, failures }, { run, attempt, signal, stores, finish }) {
    await systemTimer.sleep(numberOf(run.slot, run.item) % (ms + 1), signal)
    if (attempt <= failures) {
      throw new PipelineError('CHAOS_FAILS', `Try ${attempt} fails, as it should`, { retryable: true })
    }
    const output = { key: input.key ?? 'total', value: effectOf(input) }
    await stores.postgres.transaction(async (tx) => {
      // No unique key: were the step done twice, two rows would show it.
      await tx.query('insert into chaos.effect (flow, slot, item, value) values ($1, $2, $3, $4)', [
        run.flow,
        run.slot,
        run.item,
        output.value,
      ])
      const key = `chaos ${run.flow} ${run.slot} ${run.item}`
      await enqueueOutbox(tx, { key, run: run.id, topic: 'chaos', payload: output })
      await finish(tx, output)
    })
    return output
  },
})

/** A step with an effect: a row and an entry of the outbox, in the transaction of its line in the journal. */
export default function (red: Red): void {
  registerStepNode(red, declaration, effect)
}
