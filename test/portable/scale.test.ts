import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flowOf } from '../../bench/compile.ts'
import { compile } from '../../lib/portable/plan/compile.ts'

/** The least processor time in milliseconds: other processes on the machine do not count. */
function took(size: number): number {
  const nodes = flowOf(size)
  const times = Array.from({ length: 5 }, () => {
    const before = process.cpuUsage()
    assert.ok(compile(nodes).plan)
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1_000
  })
  return Math.min(...times)
}

test('1,000 nodes compile within a second; 10,000 take no more than 40 times as long, where squared it would be 100', () => {
  took(1_000)
  const [small, large] = [took(1_000), took(10_000)]
  assert.ok(small < 1_000, `${small} ms`)
  assert.ok(large < small * 40 + 100, `${small} ms, ${large} ms`)
})
