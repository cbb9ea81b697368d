import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { difference } from '../../../lib/portable/trace.ts'
import { cases } from '../cases.ts'
import { ScriptedRuntime } from '../scripted.ts'
import { compiled, runOnStub } from './engine.ts'
import { checkGraph } from './graph.ts'

/** The runner is the real one, in a real Python, and calls a process for each try; Airflow is a stub that keeps its trigger rules. */
describe("conformance: a DAG does what the plan means (Airflow's runner over a stub of Airflow)", {
  concurrency: 2,
}, () => {
  for (const { what, flow, script, trace } of cases()) {
    test(what, async (t) => {
      const dags = await compiled(t, flow)
      const [pipeline] = dags.plan.pipelines
      assert.ok(pipeline)
      assert.ok(dags.notes.every(({ severity }) => severity === 'warning'))
      const runtime = new ScriptedRuntime(pipeline, script)
      const { state, tasks, graph, stderr } = await runOnStub(t, dags, runtime)
      checkGraph(pipeline, graph.run?.tasks ?? {})
      const outcome = state === 'success' ? 'done' : 'failed'
      const told = difference({ pipeline: pipeline.id, outcome, lines: runtime.lines }, trace)
      assert.equal(told, undefined, `${JSON.stringify(tasks)}\n${stderr}`)
    })
  }
})
