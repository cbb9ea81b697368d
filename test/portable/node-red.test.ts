import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { difference, type Trace, withoutRepeats } from '../../lib/portable/trace.ts'
import { cases } from './cases.ts'
import { prefixOf } from './node-red/deployment.ts'
import { gone, makeWorld, type World } from './node-red/engine.ts'
import { journalTrace } from './node-red/journal.ts'

describe('conformance: Node-RED itself, with its own switch, change, delay, catch, links and subflows', () => {
  const all = cases()
  const traces = new Map<string, Trace>()
  let world: World
  before(async () => {
    world = await makeWorld(all)
    const nodeRed = await world.start()
    try {
      await world.press(nodeRed)
      await world.ended(nodeRed)
      assert.equal((await nodeRed.stop()).code, 0)
    } finally {
      await nodeRed.dispose()
    }
    await world.read(async (store) => {
      for (const { name } of all) {
        const prefix = prefixOf(name)
        traces.set(name, await journalTrace(store, `${prefix}run`, prefix))
      }
    })
  })
  after(() => world.remove())

  for (const { name, what, trace } of all) {
    test(what, () => {
      const found = traces.get(name)
      assert.ok(found)
      assert.equal(difference(found, trace), undefined)
    })
  }
})

describe('conformance: Node-RED, killed in the middle', () => {
  // A fallback that comes back to the way, lists with retries and fallbacks, lists in a list, a subflow in a list.
  const some = cases().filter(({ name }) => /^(13|26|27|31|48)-/.test(name))
  // Together they record 13 items and end 20 steps, so that each place is reached.
  const places = ['step-before-commit:7', 'join-recorded:3']

  test('what was interrupted may be done again, nothing else differs', async (t) => {
    const world = await makeWorld(some)
    t.after(() => world.remove())
    for (const place of [...places, undefined]) {
      const nodeRed = await world.start(place === undefined ? {} : { YSH_FAIL_POINT: place })
      try {
        const through = world.press(nodeRed).then(() => world.ended(nodeRed))
        if (place === undefined) {
          await through
          await nodeRed.stop()
        } else {
          await assert.rejects(through, `it was to die at ${place}`)
          await gone(nodeRed)
        }
      } finally {
        await nodeRed.dispose()
      }
    }
    await world.read(async (store) => {
      for (const { name, what, trace } of some) {
        const prefix = prefixOf(name)
        const found = await journalTrace(store, `${prefix}run`, prefix)
        assert.equal(difference(withoutRepeats(found), withoutRepeats(trace)), undefined, what)
      }
    })
  })
})
