import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { compile } from '../../lib/portable/plan/compile.ts'
import { emitStepFunctions } from '../../lib/portable/step-functions/emit.ts'
import { difference } from '../../lib/portable/trace.ts'
import { runMachine, statesIn } from './asl.ts'
import { cases, scriptedSteps } from './cases.ts'
import { interpret } from './reference.ts'
import { ScriptedRuntime } from './scripted.ts'

describe('conformance: plan and state machine do the same', () => {
  for (const { what, flow, script, trace } of cases()) {
    const planOf = () => {
      const { plan, diagnostics } = compile(flow, { steps: scriptedSteps })
      assert.ok(plan, JSON.stringify(diagnostics))
      const [pipeline] = plan.pipelines
      assert.ok(pipeline)
      return { plan, pipeline }
    }
    test(`${what}: read off the plan`, async () => {
      const { pipeline } = planOf()
      const runtime = new ScriptedRuntime(pipeline, script)
      const outcome = await interpret(pipeline, runtime)
      assert.equal(difference({ pipeline: pipeline.id, outcome, lines: runtime.lines }, trace), undefined)
    })
    for (const fuse of [false, true]) {
      test(`${what}: Step Functions${fuse ? ', fused' : ''}`, async () => {
        const { plan, pipeline } = planOf()
        const { machines, notes } = emitStepFunctions(plan, { fuse })
        assert.ok(notes.every(({ severity }) => severity === 'warning'))
        const runtime = new ScriptedRuntime(pipeline, script)
        const machine = machines[pipeline.id]
        assert.ok(machine)
        const run = await runMachine(machine, { message: { payload: pipeline.payload } }, (call) => runtime.call(call))
        const told = difference({ pipeline: pipeline.id, outcome: run.outcome, lines: runtime.lines }, trace)
        assert.equal(told, undefined, `${run.error} ${JSON.stringify(machine.definition)}`)
        const names = new Set(statesIn(machine.definition).map(({ name }) => name))
        assert.deepEqual([...names].sort(), Object.keys(machine.sourceMap).sort())
      })
    }
  }
})
