import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { difference, type Trace } from '../../lib/portable/trace.ts'
import { cases } from './cases.ts'
import { prefixOf } from './node-red/deployment.ts'
import { makeWorld, type World } from './node-red/engine.ts'
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

  for (const { name, what, trace, otherwise } of all) {
    test(what, () => {
      const found = traces.get(name)
      assert.ok(found)
      assert.equal(difference(found, otherwise?.['node-red'] ?? trace), undefined)
    })
  }
})
