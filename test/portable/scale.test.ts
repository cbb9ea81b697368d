import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flowOf } from '../../bench/compile.ts'
import { compile } from '../../lib/portable/plan/compile.ts'

function took(size: number): number {
  const nodes = flowOf(size)
  const times = Array.from({ length: 3 }, () => {
    const started = performance.now()
    assert.ok(compile(nodes).plan)
    return performance.now() - started
  })
  return Math.min(...times)
}

test('1,000 nodes compile within a second, and ten times as many take no more than thirty times as long', () => {
  took(1_000)
  const [small, large] = [took(1_000), took(10_000)]
  assert.ok(small < 1_000, `${small} ms`)
  assert.ok(large < small * 30 + 200, `${small} ms, ${large} ms`)
})
