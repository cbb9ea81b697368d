import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { compile } from '../../lib/portable/plan/compile.ts'
import { worded } from '../../lib/portable/plan/diagnostics.ts'
import { texts, warnings } from '../../lib/portable/plan/texts.ts'
import { emitStepFunctions } from '../../lib/portable/step-functions/emit.ts'
import { refusedFlows, scriptedSteps } from './cases.ts'

const flows = refusedFlows()

describe('flows that are refused', () => {
  for (const { name, what, flow, code, node, target } of flows) {
    test(`${what}: ${code} at ${node}`, () => {
      const { plan, diagnostics } = compile(flow, { steps: scriptedSteps })
      if (target === 'step-functions') {
        assert.ok(plan, name)
        const { notes, files } = emitStepFunctions(plan)
        const found = notes.filter(({ severity }) => severity === 'error')
        assert.deepEqual(
          found.map((note) => [note.code, note.node]),
          [[code, node]],
        )
        assert.deepEqual(files, {})
        return
      }
      assert.equal(plan, undefined, name)
      const [first, ...others] = diagnostics.filter(({ severity }) => severity === 'error')
      assert.deepEqual([first?.code, first?.node], [code, node], JSON.stringify(diagnostics))
      assert.deepEqual(others, [], name)
      assert.ok(first)
      for (const language of ['en-US', 'pt-BR'] as const) {
        const { reason, remedy } = worded(first, language)
        assert.doesNotMatch(`${reason} ${remedy}`, /__/)
      }
    })
  }

  test('every code is there, in both languages with the same gaps', () => {
    const seen = new Set(flows.map(({ code }) => code))
    const gaps = (text: string) => [...text.matchAll(/__\w+?__/g)].map(([gap]) => gap).sort()
    for (const code of Object.keys(texts['en-US'])) {
      const isWarning = [...warnings].some((one) => one === code)
      if (!isWarning && code !== 'TOO_DEEP') assert.ok(seen.has(code), code)
    }
    for (const [code, { reason, remedy }] of Object.entries(texts['en-US'])) {
      const other = Object.entries(texts['pt-BR']).find(([one]) => one === code)?.[1]
      assert.deepEqual(gaps(other?.reason ?? ''), gaps(reason), code)
      assert.deepEqual(gaps(other?.remedy ?? ''), gaps(remedy), code)
    }
  })
})
