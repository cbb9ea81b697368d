import assert from 'node:assert/strict'
import { test } from 'node:test'
import { turns } from '../../../lib/api/graphql/context.ts'

test('of one request three statements run at a time, also when somebody comes just as one leaves and another is let in', async () => {
  // the gap is a few microtasks wide: each of them is tried
  for (let later = 0; later < 12; later += 1) {
    const turn = turns(new AbortController().signal)
    const held = Array.from({ length: 3 }, () => Promise.withResolvers<void>())
    const over = Promise.withResolvers<void>()
    let running = 0
    let most = 0
    const work = async (until: Promise<void>) => {
      running += 1
      most = Math.max(most, running)
      await until
      running -= 1
    }
    const all = held.map(({ promise }) => turn(() => work(promise)))
    all.push(turn(() => work(over.promise)))
    held[0]?.resolve()
    for (let microtask = 0; microtask < later; microtask += 1) await undefined
    all.push(turn(() => work(over.promise)))
    for (let microtask = 0; microtask < 20; microtask += 1) await undefined
    for (const { resolve } of [...held, over]) resolve()
    await Promise.all(all)
    assert.equal(most, 3, `after ${later} microtasks`)
  }
})
