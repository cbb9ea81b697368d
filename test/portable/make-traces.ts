import { writeFileSync } from 'node:fs'
import { compile } from '../../lib/portable/plan/compile.ts'
import { canonicalTrace } from '../../lib/portable/trace.ts'
import { cases, scriptedSteps } from './cases.ts'
import { interpret } from './reference.ts'
import { ScriptedRuntime } from './scripted.ts'

// Writes the expected traces anew, after the trace's form has changed: node test/portable/make-traces.ts. Read the difference before you keep it.
for (const { name, ...one } of cases()) {
  const [pipeline] = compile(one.flow, { steps: scriptedSteps }).plan?.pipelines ?? []
  if (pipeline === undefined) throw new Error(`${name} does not compile`)
  const runtime = new ScriptedRuntime(pipeline, one.script)
  const outcome = await interpret(pipeline, runtime)
  const trace = canonicalTrace({ pipeline: pipeline.id, outcome, lines: runtime.lines })
  writeFileSync(new URL(`flows/${name}`, import.meta.url), `${JSON.stringify({ ...one, trace }, undefined, 1)}\n`)
}
