import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { usualLimits } from '../../../lib/net/server-socket.ts'
import { createEngine, type RunEngine } from '../../../lib/runs/engine.ts'
import { feedChannelOf } from '../../../lib/steps/notify/feed.ts'
import { openPostgres } from '../../../lib/stores/postgres/index.ts'
import type { Stores } from '../../../lib/stores/stores.ts'
import { openSubscribers } from '../../../nodes/ysh-notify/subscribers.ts'
import { until } from '../../api/events/ground.ts'
import { connect } from '../../api/events/serving.ts'
import { memoryLog, noHttp, openSurroundings, type Surroundings } from '../../runs/surroundings.ts'

/** One of the processes: stores, engine and server of its own over the same database. */
interface Process {
  stores: Stores
  engine: RunEngine
  url: string
  say(subject: string, text: string): Promise<void>
  close(): Promise<void>
}

describe('subscribers of ysh-notify', { timeout: 120_000 }, () => {
  let ground: Surroundings
  const processes: Process[] = []
  before(async () => {
    ground = await openSurroundings('server')
    for (const owner of ['a', 'b']) processes.push(await processOf(owner))
  })
  after(async () => {
    for (const each of processes) await each.close()
    await ground?.close()
  })

  let ids = 0
  async function processOf(owner: string): Promise<Process> {
    const postgres = await openPostgres(ground.config)
    const stores = { ...ground.stores, postgres }
    const engine = await createEngine({ stores, http: noHttp, log: memoryLog(), owner })
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    assert.ok(typeof address === 'object' && address !== null)
    const feed = openSubscribers({
      ...{ red: { server, settings: {} }, feed: 'f', id: 'n', token: 'open sesame', log: memoryLog() },
      engine: async () => engine,
      limits: { ...usualLimits, slowMs: 1_500 },
    })
    const channel = feedChannelOf('f', feed.wake)
    return {
      ...{ stores, engine, url: `ws://127.0.0.1:${address.port}/ysh/feed/n` },
      async say(subject, text) {
        ids += 1
        const note = {
          id: `id${ids}`,
          at: new Date().toISOString(),
          run: 'r',
          subject,
          recipient: '',
          content: '',
          attachments: [],
        }
        const delivery = { http: noHttp, stores, attempt: 1, signal: new AbortController().signal }
        await channel.send(note, { text }, delivery)
      },
      async close() {
        feed.close()
        await engine.close()
        server.closeAllConnections()
        await new Promise((resolve) => server.close(resolve))
        await postgres.close()
      },
    }
  }

  it('hear at either process what the other one says, at once and in one order', async () => {
    const [a, b] = processes
    assert.ok(a && b)
    const readers = processes.map(({ url }) => connect(url, { token: 'open sesame' }))
    await until('subscribed', () => readers.every(({ got }) => got.length === 1))
    const began = performance.now()
    await Promise.all([a.say('from a', ''), b.say('from b', ''), a.say('from a', '')])
    await until('all', () => readers.every(({ got }) => got.length === 4))
    assert.ok(performance.now() - began < 4_000, 'by notification, and not by looking every 5 s')
    assert.deepEqual(readers[0]?.got.slice(1), readers[1]?.got.slice(1))
    assert.deepEqual(
      readers[0]?.got.slice(1).map(({ seq }) => seq),
      [1, 2, 3],
    )
    for (const { client } of readers) client.close()
  })

  it('are cut when they do not read, while others hear everything', async () => {
    const [a] = processes
    assert.ok(a)
    const good = connect(a.url, { token: 'open sesame' })
    const lazy = connect(a.url, { token: 'open sesame' })
    await until('subscribed', () => good.got.length === 1 && lazy.got.length === 1)
    lazy.client.pause()
    const count = 120
    for (let n = 0; n < count; n += 1) await a.say('large', 'x'.repeat(100_000))
    await until('all', () => good.got.length === count + 1, 45_000)
    // cut, and what has not been sent is dropped: reading on it gets less than all
    await new Promise((resolve) => setTimeout(resolve, 3_000))
    lazy.client.resume()
    await lazy.closed
    assert.ok(lazy.got.length < count, `${lazy.got.length} had gone into its buffers`)
    const back = connect(a.url, { token: 'open sesame', after: Number(lazy.got.at(-1)?.seq) })
    await until('the rest', () => back.got.length + lazy.got.length === count + 2, 45_000)
    const seqs = [...lazy.got, ...back.got].flatMap(({ seq }) => (seq === undefined ? [] : [seq]))
    assert.deepEqual(
      seqs,
      Array.from({ length: count }, (_, n) => 4 + n),
    )
    back.client.close()
    good.client.close()
  })
})
