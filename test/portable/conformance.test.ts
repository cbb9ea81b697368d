import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { compile } from '../../lib/portable/plan/compile.ts'
import { emitStepFunctions } from '../../lib/portable/step-functions/emit.ts'
import { difference } from '../../lib/portable/trace.ts'
import { runMachine, statesIn } from './asl.ts'
import { type Case, cases, scriptedSteps } from './cases.ts'
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

describe('batches of a step', () => {
  // On Node-RED they are rows of a dataset; here the batches are a list in the payload.
  const node = (id: string, type: string, wires: string[][], settings: object = {}) => ({
    ...{ id, type, z: 'tab', name: id, wires },
    ...settings,
  })
  const flow = [
    { id: 'tab', type: 'tab' },
    node('run', 'ysh-run', [['q']], { payload: '["p","q","r"]' }),
    node('q', 'ysh-dataset-query', [['a'], ['b']]),
    node('a', 'ysh-scripted', [[], []]),
    node('b', 'ysh-scripted', [['end'], ['end']]),
    node('f', 'ysh-scripted', [['end'], ['end']]),
    node('end', 'ysh-run-end', [[], []]),
    node('c', 'catch', [['f']], { scope: ['q', 'a'] }),
  ]
  const { plan } = compile(flow, { steps: scriptedSteps })
  const all: [what: string, script: Case['script'], steps: string[]][] = [
    ['all through: the way goes on', {}, ['a p', 'a q', 'a r', 'b ']],
    [
      'one fails: the others are done, then the Catch',
      { a: { q: [{ error: 'permanent' }], '*': [{}] } },
      ['a p', 'a q', 'a r', 'f '],
    ],
  ]
  for (const [what, script, steps] of all) {
    test(what, async () => {
      const [pipeline] = plan?.pipelines ?? []
      assert.ok(plan && pipeline)
      const read = new ScriptedRuntime(pipeline, script)
      assert.equal(await interpret(pipeline, read), 'done')
      const machine = emitStepFunctions(plan).machines[pipeline.id]
      assert.ok(machine)
      const runtime = new ScriptedRuntime(pipeline, script)
      const run = await runMachine(machine, { message: { payload: pipeline.payload } }, (call) => runtime.call(call))
      assert.equal(run.outcome, 'done', run.error)
      for (const { lines } of [read, runtime]) {
        const told = lines.filter(({ step }) => step !== 'q').map(({ step, item }) => `${step} ${item}`)
        assert.deepEqual(told, steps)
      }
    })
  }
})
