import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { type FlowNode, flowNodes } from '../../lib/flow-check/node.ts'
import { compile } from '../../lib/portable/plan/compile.ts'
import { stepKinds, triggerTypes } from '../../lib/portable/plan/kinds.ts'
import { PlanSchema } from '../../lib/portable/plan/schema.ts'
import { emitStepFunctions } from '../../lib/portable/step-functions/emit.ts'
import { parser } from '../../lib/schema.ts'
import type { NodeDeclaration } from '../../nodes/kit/declaration.ts'
import { sha256 } from './scripted.ts'

const plans = parser(PlanSchema, 'The plan')
const shipped = ['daily', 'hourly', 'event', 'fallback']
const read = (name: string) =>
  flowNodes(JSON.parse(readFileSync(new URL(`../../flows/${name}.json`, import.meta.url), 'utf8')))
const emitted = (nodes: readonly FlowNode[]) => {
  const { plan, diagnostics } = compile(nodes, { sha256 })
  assert.deepEqual(diagnostics, [])
  assert.deepEqual(plans.problems(plan), [])
  assert.ok(plan)
  return emitStepFunctions(plan).files
}

describe('the shipped flows', () => {
  // UPDATE_GOLDEN=1 writes them anew; read the difference before you keep it.
  const golden = new URL('golden/', import.meta.url)
  for (const name of shipped) {
    test(`${name} compiles to what was kept`, () => {
      const files = emitted(read(name))
      const folder = new URL(`${name}/`, golden)
      if (process.env.UPDATE_GOLDEN !== undefined) {
        rmSync(folder, { recursive: true, force: true })
        mkdirSync(folder, { recursive: true })
        for (const [file, content] of Object.entries(files)) writeFileSync(new URL(file, folder), content)
      }
      for (const [file, content] of Object.entries(files)) {
        assert.equal(content, readFileSync(new URL(file, folder), 'utf8'), `${name}/${file}`)
      }
    })

    test(`${name} gives the same bytes wherever its nodes are drawn, and others when a setting changes`, () => {
      const moved = read(name).map((node) => ('x' in node ? { ...node, x: 1, y: 2 } : node))
      assert.deepEqual(emitted(moved), emitted(read(name)))
      const changed = read(name).map((node) => (node.type === 'ysh-run-end' ? { ...node, tolerance: '7' } : node))
      assert.notEqual(emitted(changed)['plan.json'], emitted(read(name))['plan.json'])
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

describe('the kinds of steps', () => {
  for (const [type, kind] of Object.entries(stepKinds)) {
    test(`${type} is what it declares`, async () => {
      const module: { declaration: NodeDeclaration } = await import(`../../nodes/${type}/declaration.ts`)
      const { outputs, limits } = module.declaration
      assert.deepEqual(
        kind.ports.map(([name]) => name),
        outputs,
      )
      assert.equal(kind.timeoutSeconds ?? 0, limits?.timeoutSeconds ?? 0)
      assert.equal(kind.concurrency ?? 1, limits?.concurrency ?? 1)
    })
  }

  test('triggers have no kind', () => {
    for (const type of triggerTypes) assert.ok(!(type in stepKinds))
  })
})
