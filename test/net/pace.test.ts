import assert from 'node:assert/strict'
import diagnostics from 'node:diagnostics_channel'
import { afterEach, describe, it } from 'node:test'
import { createHttpClient } from '../../lib/net/client.ts'
import { Pace } from '../../lib/net/pace.ts'
import { HttpServers } from '../helpers/http-servers.ts'
import { loopback } from '../helpers/loopback.ts'
import { rejectsWith } from '../helpers/rejects.ts'

const never = new AbortController().signal

describe('pace', { timeout: 20_000 }, () => {
  it('keeps starts apart, first come first served, and those who ask for none do not wait or hold up', async () => {
    const pace = new Pace('host')
    const starts: [string, number][] = []
    const begin = performance.now()
    const start = async (name: string, gapMs: number) => {
      const place = await pace.take(gapMs, never, 5_000)
      starts.push([name, performance.now() - begin])
      place.started()
    }
    await Promise.all([start('a', 100), start('b', 100), start('c', 50), start('free', 0)])
    const other = setInterval(() => void start('free', 0), 10)
    await start('d', 100)
    clearInterval(other)
    const at = Object.fromEntries(starts.filter(([name]) => name !== 'free'))
    assert.deepEqual(Object.keys(at), ['a', 'b', 'c', 'd'])
    const { a = 0, b = 0, c = 0, d = 0 } = at
    assert.ok(a < 50 && b - a >= 99 && c - b >= 49 && d - c >= 99, JSON.stringify(at))
    assert.ok(d - c < 400, 'not put off by the others')
  })

  it('frees the place of who is called off or gives up', async () => {
    const pace = new Pace('host')
    ;(await pace.take(1, never, 1_000)).started()
    const stop = new AbortController()
    const stopped = pace.take(60_000, stop.signal, 100_000)
    const late = pace.take(60_000, never, 50)
    const next = pace.take(20, never, 1_000)
    assert.equal(pace.waiting, 3)
    await rejectsWith(late, 'NET_BUSY')
    stop.abort()
    await rejectsWith(stopped, 'STOPPED')
    const place = await next
    const after = pace.take(1, never, 1_000)
    assert.equal(pace.waiting, 1, 'one at a time is called up')
    place.givenUp()
    ;(await after).started()
    assert.equal(pace.waiting, 0)
    await rejectsWith(pace.take(1, stop.signal, 1_000), 'STOPPED')
  })

  it('has a bound', async () => {
    const pace = new Pace('host')
    ;(await pace.take(1, never, 1_000)).started()
    const stop = new AbortController()
    const all = Array.from({ length: 1_000 }, () => pace.take(60_000, stop.signal, 100_000))
    await rejectsWith(pace.take(60_000, never, 100_000), 'NET_BUSY')
    stop.abort()
    for (const one of all) await rejectsWith(one, 'STOPPED')
  })

  describe('of a client', () => {
    const servers = new HttpServers()
    afterEach(() => servers.close())

    it('is one for all who use it, and also holds when connections are short', async () => {
      const http = createHttpClient({ product: 'test/1', allow: loopback, connectionsPerHost: 1 })
      const starts: number[] = []
      let slow = true
      // Seen where they start: how long one is on its way to a busy server says nothing.
      const start = () => void starts.push(performance.now())
      diagnostics.subscribe('http.client.request.start', start)
      const url = await servers.serve((_, response) => {
        setTimeout(() => response.end(), slow ? 250 : 0)
        slow = false
      })
      const ask = () => http.bytes({ url, signal: never, maxBytes: 10, paceMs: 100 })
      await Promise.all([ask(), ask(), ask()])
      diagnostics.unsubscribe('http.client.request.start', start)
      const [a = 0, b = 0, c = 0] = starts
      // the second waited for the connection, the third does not start right behind it
      assert.ok(b - a >= 240 && c - b >= 95, `${b - a} ${c - b}`)
      http.close()
    })
  })
})
