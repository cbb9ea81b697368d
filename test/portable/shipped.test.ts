import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { flowNodes } from '../../lib/flow-check/node.ts'
import { compile } from '../../lib/portable/plan/compile.ts'
import { PlanSchema } from '../../lib/portable/plan/schema.ts'
import { parser } from '../../lib/schema.ts'

const plans = parser(PlanSchema, 'The plan')
export const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const read = (name: string) =>
  flowNodes(JSON.parse(readFileSync(new URL(`../../flows/${name}.json`, import.meta.url), 'utf8')))

describe('the shipped flows', () => {
  for (const name of ['daily', 'hourly', 'event', 'fallback']) {
    test(`${name} compiles`, () => {
      const { plan, diagnostics } = compile(read(name), { sha256 })
      assert.deepEqual(diagnostics, [])
      assert.deepEqual(plans.problems(plan), [])
    })
  }

  test('the data API starts no runs', () => {
    const { plan, diagnostics } = compile(read('api'))
    assert.equal(plan, undefined)
    assert.deepEqual(
      diagnostics.map(({ code }) => code),
      ['NOTHING'],
    )
  })
})
