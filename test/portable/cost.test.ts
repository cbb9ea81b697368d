import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { flowNodes } from '../../lib/flow-check/node.ts'
import { compile } from '../../lib/portable/plan/compile.ts'
import { costOf, costText } from '../../lib/portable/step-functions/cost.ts'
import { priceList } from '../../lib/portable/step-functions/prices.ts'

function estimate(name: string, options: { fuse?: boolean; items?: number; seconds?: number } = {}) {
  const { plan } = compile(
    flowNodes(JSON.parse(readFileSync(new URL(`../../flows/${name}.json`, import.meta.url), 'utf8'))),
  )
  assert.ok(plan)
  const cost = costOf(plan.pipelines, options)
  const main = cost.pipelines.find(({ pipeline }) => /-(run|new)$/.test(pipeline))
  assert.ok(main)
  return { cost, main }
}

/**
 * Counted by hand in the flows. A list whose empty way is its way onward is three states: open, Map, close. A step whose outputs lead to
 * different places is two: the call and the choice behind it.
 */
const byHand = {
  // Three lists and six steps; 14 datasets of 2 steps; 10 pages of 1; 10 documents of 3. At least: no page, no document.
  daily: { least: 15 + 14 * 2, most: 15 + 14 * 2 + 10 * 1 + 10 * 3, maps: 3 },
  // A list, a step, a switch, five steps; 14 datasets of 9, a list of 10 rows of 4 in each. At least: nothing has changed.
  hourly: { least: 3 + 1 + 2 + 1 + 14 * 4, most: 3 + 1 + 2 + 5 + 14 * (9 + 10 * 4), maps: 1 + 14 },
  // Eleven steps, a choice, and the choice behind the index. At least: in Portuguese already, and indexed before.
  event: { least: 8, most: 11 + 1 + 1, maps: 0 },
  // A list of two sources of two steps each, and the end.
  fallback: { least: 3 + 1 + 2 * 2, most: 3 + 1 + 2 * 2, maps: 1 },
} as const
/** What fusing joins: daily three calls to one, twice, and two; hourly three to one, twice, and two pairs in each dataset; event four. */
const saved = { daily: 2 + 2 + 1, hourly: 2 + 2 + 14 * 2, event: 3, fallback: 0 } as const

describe('the estimate, by hand', () => {
  for (const name of ['daily', 'hourly', 'event', 'fallback'] as const) {
    test(name, () => {
      const { least, most, maps } = byHand[name]
      const { main } = estimate(name)
      assert.deepEqual([main.least, main.transitions], [least, most])
      const fusedMain = estimate(name, { fuse: true }).main
      assert.equal(fusedMain.transitions, most - saved[name])
      // Fusing changes how steps are called, not how many there are.
      assert.equal(fusedMain.steps, main.steps)
      assert.equal(main.requests - fusedMain.requests, saved[name])
      // All but Map and Choice states are calls.
      const choices = { daily: 0, hourly: 1 + 14, event: 2, fallback: 0 }[name]
      assert.equal(main.requests, most - maps - choices)
    })
  }

  test('dollars of daily: all free', () => {
    // 31 runs of 83 states and 80 calls; 80 calls of 5 s with 2 GB.
    const { month } = estimate('daily').cost
    assert.deepEqual(month, {
      ...{ runs: 31, transitions: 2_573, requests: 2_480, gbSeconds: 24_800 },
      // 2,573 at 0.025 a thousand; 2,480 at 0.20 a million and 24,800 at 0.0000133334
      ...{ transitionDollars: 0.0643, lambdaDollars: 0.3312, beyondFreeDollars: 0 },
    })
  })

  test('dollars of hourly: the time of the Lambda costs more than the states', () => {
    const { month } = estimate('hourly').cost
    assert.deepEqual(month, {
      ...{ runs: 744, transitions: 518_568, requests: 496_248, gbSeconds: 4_962_480 },
      // 514,568 states and 4,562,480 GB-s beyond what is free: 12.8642 + 60.8334
      ...{ transitionDollars: 12.9642, lambdaDollars: 66.266, beyondFreeDollars: 73.6976 },
    })
    const shorter = estimate('hourly', { seconds: 1, fuse: true }).cost.month
    assert.equal(shorter.gbSeconds, 496_248 * 2)
    // 490,760 states and 592,496 GB-s beyond what is free: 12.269 + 7.9
    assert.equal(shorter.beyondFreeDollars, 20.169)
  })

  test('what is started from outside is in no month', () => {
    for (const name of ['event', 'fallback']) {
      const { transitions, requests, gbSeconds, beyondFreeDollars } = estimate(name).cost.month
      assert.deepEqual([transitions, requests, gbSeconds, beyondFreeDollars], [0, 0, 0, 0])
    }
  })

  test('the words say when, where and from whom the prices are', () => {
    const text = costText(estimate('hourly').cost)
    assert.ok(text.includes(`prices of ${priceList.date} in us-east-1`))
    for (const { page } of priceList.sources) assert.ok(text.includes(page))
    assert.match(text, /US\$ 73\.70 beyond what is free in a month: 4000 transitions, 1000000 calls, 400000 GB-s/)
    assert.match(text, /taken: 5 s a step at 2048 MB/)
  })
})
