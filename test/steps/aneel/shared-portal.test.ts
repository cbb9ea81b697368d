import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Fetching, openFetching } from '../../helpers/fetching.ts'
import { rejectsWith } from '../../helpers/rejects.ts'
import { SimulatedClock } from '../../helpers/simulated-clock.ts'
import { type Portal, startPortal } from '../../portal/server.ts'

describe('datasets that share a portal', { timeout: 120_000 }, () => {
  const clock = new SimulatedClock()
  let portal: Portal
  let f: Fetching
  before(async () => {
    portal = await startPortal({ datasets: { tarifas: 300, siga: 300 } })
    // Longer than a step waits: it gives up at once instead.
    const breaker = { failures: 5, coolDownMs: 300_000, coolDownCapMs: 300_000 }
    f = await openFetching({}, { clock, breaker, budget: { reserve: 100 } })
  })
  after(async () => {
    await f.close()
    await portal.close()
  })

  it('leave it alone together when its downloads keep breaking off, and come back together', async () => {
    const rule = portal.misbehave({ kind: 'cut', match: 'download' })
    await rejectsWith(f.fetch('aneel.tarifas', { portal: portal.url, tries: 5 }), 'NET_CUT')
    assert.equal(rule.applied, 5, 'the good answers of the catalogue come before, the failures in a row after')
    const asked = portal.requests.length
    const error = await rejectsWith(f.fetch('aneel.siga', { portal: portal.url, tries: 5 }), 'HOST_OPEN')
    assert.equal(portal.requests.length, asked, 'nothing was sent')
    assert.equal(error.retryable, true)
    assert.ok((error.retryAfterMs ?? 0) > 290_000)
    assert.match(error.message, /left alone.*NET_CUT.*Nothing is served of it yet/)
    rule.remove()
    await clock.run(300_000)
    assert.equal((await f.fetch('aneel.siga', { portal: portal.url })).outcome, 'published')
    assert.equal((await f.fetch('aneel.tarifas', { portal: portal.url })).outcome, 'published')
  })

  it('do not keep each other from files while only the catalogue is down', async () => {
    const rule = portal.misbehave({ kind: 'api-down' })
    const fetched = await f.fetch('aneel.tarifas', { portal: portal.url, tries: 4, mode: 'full' })
    assert.equal(fetched.outcome, 'unchanged')
    assert.equal(rule.applied, 4)
    rule.remove()
  })
})
