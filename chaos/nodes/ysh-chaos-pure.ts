import { systemTimer } from '../../lib/runs/time.ts'
import { Type } from '../../lib/schema.ts'
import { defineStep } from '../../lib/steps/step.ts'
import type { Red } from '../../nodes/kit/red.ts'
import { registerStepNode } from '../../nodes/kit/step-node.ts'
import { declare } from './declare.ts'
import { tellTheHarness } from './tell.ts'
import { numberOf, partsOf } from './work.ts'

const declaration = declare('ysh-chaos-pure')

const pure = defineStep({
  name: 'chaos-pure',
  version: 1,
  config: declaration.config,
  input: Type.Object({ items: Type.Array(Type.String()), seed: Type.Integer() }),
  output: Type.Array(Type.Object({ key: Type.String(), value: Type.Integer() })),
  async run(input, { ms }, { signal }) {
    await systemTimer.sleep(numberOf('pure', input.seed) % (ms + 1), signal)
    return partsOf(input)
  },
})

/** A step without effect: its line in the journal is all that remains of it. */
export default function (red: Red): void {
  registerStepNode(red, declaration, pure)
  tellTheHarness(red)
}
