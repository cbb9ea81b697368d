import { appendFileSync } from 'node:fs'
import { compile } from '../../../lib/portable/plan/compile.ts'
import type { Plan } from '../../../lib/portable/plan/schema.ts'
import type { Entries } from '../../../lib/portable/runtime/entries.ts'
import { stepEntry } from '../../../lib/portable/runtime/step-entry.ts'
import { Type } from '../../../lib/schema.ts'
import { defineStep } from '../../../lib/steps/step.ts'
import { scriptedSteps } from '../cases.ts'

const node = (id: string, type: string, wires: string[][], settings: object = {}) => ({
  ...{ id, type, z: 'tab', name: id, wires },
  ...settings,
})

/** Three items, each with a step, between two steps. */
export function killedPlan(): Plan {
  const flow = [
    { id: 'tab', type: 'tab' },
    node('run', 'ysh-run', [['a']]),
    node('a', 'ysh-scripted', [['each'], ['end']]),
    node('each', 'ysh-each', [['b'], ['end']], { from: 'list', list: ['p', 'q', 'r'], window: 2 }),
    node('b', 'ysh-scripted', [['join'], ['join']]),
    node('join', 'ysh-join', [['c']]),
    node('c', 'ysh-scripted', [['end'], ['end']]),
    node('end', 'ysh-run-end', [[], []]),
  ]
  const { plan } = compile(flow, { steps: scriptedSteps })
  if (plan === undefined) throw new Error('no plan')
  return plan
}

/** Steps that write a line into a file when they begin, and `do` something then. */
export function countedEntries(file: string, does: (what: string) => Promise<void>): Entries {
  const step = defineStep({
    ...{ name: 'counted', version: 1, config: Type.Object({}), input: Type.Object({}), output: Type.Unknown() },
    async run(_input, _config, { run, node: id }) {
      const what = `${id} ${run.item}`
      appendFileSync(file, `${what}\n`)
      await does(what)
      return { what }
    },
  })
  return { 'ysh-scripted': async () => stepEntry(step, { portOf: () => 'done' }) }
}
