import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { jobOf } from '../../chaos/ledger.ts'
import { readOptions } from '../../chaos/options.ts'
import type { Kill } from '../../chaos/plan.ts'
import { scenarios } from '../../chaos/scenarios.ts'
import { dice } from '../../chaos/seed.ts'
import { distribute } from '../../chaos/shares.ts'
import { inTurns } from '../../chaos/turns.ts'
import { failPoints } from '../../lib/fail-point.ts'

/** The first kills of every scenario that kills, by name. */
function schedule(seed: number): Map<string, Kill[]> {
  return new Map(
    scenarios.flatMap(({ name, blow }) => {
      if (blow.kind !== 'kills') return []
      const thrown = dice(seed, name)
      return [[name, Array.from({ length: 200 }, () => blow.next(thrown))]]
    }),
  )
}

describe('the schedule of kills', () => {
  it('is the same for the same seed, and another for another', () => {
    assert.deepEqual(schedule(42), schedule(42))
    for (const [name, kills] of schedule(43)) {
      if (new Set(kills.map((kill) => JSON.stringify(kill))).size > 1) {
        assert.notDeepEqual(kills, schedule(42).get(name), name)
      }
    }
  })

  it('reaches every fail point', () => {
    const reached = new Set(
      [...schedule(1).values()].flat().flatMap((kill) => (kill.how === 'point' ? [kill.point] : [])),
    )
    // those of the outbox need a receiver: test/steps/notify/kill.test.ts has them
    const ours = failPoints.filter((point) => !point.startsWith('outbox-'))
    assert.deepEqual([...reached].sort(), [...ours].sort())
  })

  it('hits all times alike', () => {
    const { roll, between } = dice(9, 'evenness')
    const tenths = new Array(10).fill(0)
    for (let count = 0; count < 10_000; count += 1) tenths[Math.floor(roll() * 10)] += 1
    for (const tenth of tenths) assert.ok(tenth > 850 && tenth < 1_150, String(tenths))
    const numbers = new Set(Array.from({ length: 200 }, () => between(3, 5)))
    assert.deepEqual([...numbers].sort(), [3, 4, 5])
  })

  it('makes the same jobs for the same seed', () => {
    const slot = { lane: 'one', number: 7 }
    assert.deepEqual(jobOf(1, slot), jobOf(1, slot))
    assert.notDeepEqual(jobOf(1, slot), jobOf(2, slot))
    assert.notDeepEqual(jobOf(1, slot), jobOf(1, { ...slot, number: 8 }))
  })

  it('distributes exactly the kills that were asked for, at least one to each scenario', () => {
    for (const kills of [100, 200, 1_000, 10_000]) {
      const shares = distribute(scenarios, ['postgres', 'embedded'], kills)
      const killing = shares.filter(({ scenario }) => scenario.share > 0)
      assert.equal(
        killing.reduce((sum, { count }) => sum + count, 0),
        kills,
      )
      assert.ok(shares.every(({ count }) => count >= 1))
    }
    assert.ok(
      distribute(scenarios, ['embedded'], 50).every(
        ({ store, scenario }) => store === 'embedded' && scenario.stores.includes(store),
      ),
    )
  })
})

describe('the command line', () => {
  it('has a seed of its own unless given one', () => {
    assert.equal(readOptions(['--seed', '12'])?.seed, 12)
    assert.ok(Number.isInteger(readOptions([])?.seed))
    assert.equal(readOptions([])?.kills, 200)
    assert.equal(readOptions(['--help']), undefined)
  })

  it('refuses what makes no sense', () => {
    for (const wrong of [
      ['--kills', '0'],
      ['--kills', 'x'],
      ['--store', 'redis'],
      ['--scenario', 'none'],
      ['--other'],
    ]) {
      assert.throws(() => readOptions(wrong), Error, wrong.join(' '))
    }
  })
})

describe('turns', () => {
  it('never do more at once than they may, and all of it', async () => {
    let [now, most] = [0, 0]
    const work = [1, 2, 1, 1, 2, 1].map((weight, at) => ({
      weight,
      async run() {
        now += weight
        most = Math.max(most, now)
        await new Promise((resolve) => setImmediate(resolve))
        now -= weight
        return at
      },
    }))
    assert.deepEqual(await inTurns(2, work), [0, 1, 2, 3, 4, 5])
    assert.equal(most, 2)
  })

  it('end all before the first error is thrown', async () => {
    let ended = 0
    const fine = {
      weight: 1,
      async run() {
        ended += 1
      },
    }
    const bad = { weight: 1, run: () => Promise.reject(new Error('bad')) }
    await assert.rejects(inTurns(2, [bad, fine, fine]), /bad/)
    assert.equal(ended, 2)
  })
})
