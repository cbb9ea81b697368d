import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { after, before, beforeEach, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import type { PostgresEventHub } from '../../../lib/api/events/postgres-hub.ts'
import type { PostgresStore } from '../../../lib/stores/postgres/port.ts'
import { openSurroundings, type Surroundings } from '../../runs/surroundings.ts'
import { hubOver, made, until } from './ground.ts'
import { connect, gateOf, type Key, serve } from './serving.ts'

const versions = [{ type: 'version' }]

describe('the WebSocket of events', { timeout: 120_000 }, () => {
  let ground: Surroundings
  let postgres: PostgresStore
  let hub: PostgresEventHub
  let served: Awaited<ReturnType<typeof serve>>
  const keys = new Map<string, Key>()
  const gate = gateOf(keys)
  const hello = (more: object = {}) => ({ type: 'hello', key: 'secret', topics: versions, ...more })
  before(async () => {
    ground = await openSurroundings('server')
    postgres = ground.stores.postgres
    hub = await hubOver(postgres)
    served = await serve(hub, gate, { limits: { helloMs: 500, pingMs: 200 }, againMs: 100, tellMs: 100 })
  })
  beforeEach(() => {
    keys.set('secret', { id: 'a', scopes: ['events', 'datasets'] })
    keys.set('all', { id: 'all', scopes: ['events', 'datasets', 'runs', 'documents'] })
    keys.set('data', { id: 'data', scopes: ['datasets'] })
  })
  after(async () => {
    await served?.close()
    await hub?.close()
    await ground?.close()
  })

  it('lets a key in by first message, header or sub-protocol, and never sends it back', async () => {
    const ways = [
      connect(served.url, hello()),
      connect(served.url, { ...hello(), key: undefined, token: 'secret' }),
      connect(served.url, hello({ key: undefined }), [], { headers: { authorization: 'Bearer secret' } }),
      connect(served.url, hello({ key: undefined }), ['ysh.events.v1', 'ysh.key.secret']),
    ]
    await until('subscribed', () => ways.every(({ got }) => got.length === 1))
    const position = await hub.newest()
    for (const { got, client } of ways) {
      assert.deepEqual(got, [{ type: 'subscribed', position, topics: versions }])
      assert.ok(!client.protocol.includes('secret'))
    }
    assert.equal(ways[3]?.client.protocol, 'ysh.events.v1')
    await postgres.query(made('aneel.tarifas'))
    await until('heard', () => ways.every(({ got }) => got.length === 2))
    const [one] = ways
    assert.partialDeepStrictEqual(one?.got[1], {
      type: 'event',
      position: position + 1,
      topic: { type: 'version', subject: 'aneel.tarifas' },
      data: { n: 1 },
    })
    for (const { client } of ways) client.close()
    await until('gone', () => served.events.subscribers === 0)
  })

  const refused: [string, unknown, number, string][] = [
    ['no key', hello({ key: undefined }), 4401, 'API_UNKNOWN_CALLER'],
    ['a wrong key', hello({ key: 'nope\r\nx: y' }), 4401, 'API_UNKNOWN_CALLER'],
    ['a key without the scope events', hello({ key: 'data' }), 4403, 'API_SCOPE'],
    ['a topic beyond the scopes', hello({ topics: [{ type: 'version' }, { type: 'run' }] }), 4403, 'API_SCOPE'],
    ['silence', undefined, 4400, 'EVENTS_MESSAGE'],
    ['no JSON', '{', 4400, 'EVENTS_MESSAGE'],
    ['no topics', hello({ topics: [] }), 4400, 'EVENTS_MESSAGE'],
    ['an unknown topic', hello({ topics: [{ type: 'x' }] }), 4400, 'EVENTS_MESSAGE'],
    ['too many topics', hello({ topics: Array(101).fill({ type: 'version' }) }), 4400, 'EVENTS_MESSAGE'],
    ['a position that is none', hello({ after: -1 }), 4400, 'EVENTS_MESSAGE'],
    ['a position of the future', hello({ after: 10 ** 9 }), 4409, 'EVENTS_GONE'],
    ['something else first', { type: 'ping' }, 4400, 'EVENTS_MESSAGE'],
  ]
  for (const [what, first, code, error] of refused) {
    it(`refuses ${what}`, async () => {
      const subscriber = connect(served.url, first)
      const { code: got } = await subscriber.closed
      assert.deepEqual([got, subscriber.got.map((told) => told.code)], [code, [error]])
    })
  }

  it('takes no binary message, none that is too large, and not too many', async () => {
    const binary = connect(served.url)
    binary.client.on('open', () => binary.client.send(Buffer.from(JSON.stringify(hello()))))
    assert.equal((await binary.closed).code, 4400)
    assert.equal((await connect(served.url, 'x'.repeat(40_000)).closed).code, 1009)
    for (const flood of ['ping', 'message']) {
      const subscriber = connect(served.url, hello())
      await until('subscribed', () => subscriber.got.length === 1)
      for (let n = 0; n < 50; n += 1) {
        if (flood === 'ping') subscriber.client.ping()
        else subscriber.send({ type: 'ping' })
      }
      assert.equal((await subscriber.closed).code, 1008, flood)
    }
  })

  it('survives whatever is sent to it', async () => {
    const bystander = connect(served.url, hello())
    await until('subscribed', () => bystander.got.length === 1)
    const odd = fc.oneof(
      fc.json(),
      fc.string(),
      fc
        .record({ type: fc.constantFrom('hello', 'subscribe', '__proto__'), topics: fc.anything() })
        .map((v) => text(v)),
    )
    await fc.assert(
      fc.asyncProperty(odd, fc.boolean(), async (message, later) => {
        const subscriber = connect(served.url, later ? hello() : message)
        if (later) {
          await until('subscribed', () => subscriber.got.length === 1)
          subscriber.send(message)
        }
        assert.equal((await subscriber.closed).code, 4400)
      }),
      { numRuns: 60 },
    )
    await postgres.query(made('still there'))
    await until('heard', () => bystander.events().length === 1)
    bystander.client.close()
  })

  it('changes topics on the way; a wish beyond the scopes leaves the rest as it is', async () => {
    const subscriber = connect(served.url, hello({ topics: [{ type: 'version', subject: 'a' }] }))
    // sent before we hear that we are subscribed
    subscriber.client.on('open', () => subscriber.send({ type: 'ping' }))
    await until('subscribed', () => subscriber.got.length === 2)
    await postgres.query(`${made('a')}; ${made('b')}`)
    await until('a', () => subscriber.events().length === 1)
    subscriber.send({ type: 'subscribe', topics: [{ type: 'version', subject: 'b' }] })
    subscriber.send({ type: 'subscribe', topics: [{ type: 'run' }] })
    subscriber.send({ type: 'unsubscribe', topics: [{ type: 'version', subject: 'a' }] })
    await until('all answered', () => subscriber.got.filter(({ type }) => type === 'subscribed').length === 3)
    assert.deepEqual(subscriber.got.map(({ code }) => code).filter(Boolean), ['API_SCOPE'])
    await postgres.query(`${made('a')}; ${made('b')}`)
    await until('b', () => subscriber.events().length === 2)
    assert.deepEqual(
      subscriber.events().map(({ topic }) => topic?.subject),
      ['a', 'b'],
    )
    subscriber.client.close()
  })

  it('tells how far it is also when nothing is for this subscriber, so that it can go on from there', async () => {
    const subscriber = connect(served.url, hello({ topics: [{ type: 'version', subject: 'rare' }] }))
    await until('subscribed', () => subscriber.got.length === 1)
    await postgres.query(made('frequent', 3))
    await until('position', () => subscriber.got.some(({ type }) => type === 'position'))
    assert.equal(subscriber.last(), await hub.newest())
    subscriber.client.close()
  })

  it('goes on from a position, and says which there are when it is gone', async () => {
    const after = await hub.newest()
    await postgres.query(made('missed', 300))
    const back = connect(served.url, hello({ after }))
    await until('all', () => back.events().length === 300)
    assert.deepEqual(
      back.events().map(({ position }) => position),
      Array.from({ length: 300 }, (_, n) => after + 1 + n),
    )
    back.client.close()
    await postgres.query('select pipeline.sweep_events(10, 0, 10)')
    await hub.look()
    const late = connect(served.url, hello({ after }))
    assert.equal((await late.closed).code, 4409)
    assert.partialDeepStrictEqual(late.got, [
      { type: 'error', code: 'EVENTS_GONE', oldest: after + 290, newest: after + 300 },
    ])
  })

  it('ends with its key: revoked, expired, or with fewer scopes', async () => {
    const three = ['one', 'two', 'three'].map((key) => {
      keys.set(key, { id: key, scopes: ['events', 'datasets'] })
      return connect(served.url, hello({ key }))
    })
    await until('subscribed', () => three.every(({ got }) => got.length === 1))
    keys.delete('one')
    keys.set('two', { id: 'two', scopes: ['events'] })
    keys.set('three', { id: 'three', scopes: ['events', 'datasets'], expires: new Date(Date.now() + 300) })
    assert.deepEqual(await Promise.all(three.map(({ closed }) => closed.then(({ code }) => code))), [4401, 4403, 4401])
    await until('said', () => served.notices.filter(({ kind }) => kind === 'cut').length >= 3)
    assert.ok(served.notices.some(({ caller, why }) => caller === 'key:one' && why === 'API_UNKNOWN_CALLER'))
  })

  it('ends by itself when the token does, without being asked again before', async () => {
    const patient = await serve(hub, gate, { againMs: 60_000 })
    keys.set('short', { id: 'short', scopes: ['events', 'datasets'], expires: new Date(Date.now() + 400) })
    const began = Date.now()
    const subscriber = connect(patient.url, hello({ key: 'short' }))
    assert.equal((await subscriber.closed).code, 4401)
    assert.ok(Date.now() - began >= 350)
    await patient.close()
  })

  it('has a limit for all, for a caller, and for strangers', async () => {
    const small = await serve(hub, gate, { maxSubscribers: 3, maxPerCaller: 2 })
    const two = [connect(small.url, hello()), connect(small.url, hello())]
    await until('subscribed', () => two.every(({ got }) => got.length === 1))
    assert.equal((await connect(small.url, hello()).closed).code, 4429)
    const third = connect(small.url, hello({ key: 'all' }))
    await until('subscribed', () => third.got.length === 1)
    assert.equal((await connect(small.url, hello()).closed).code, 1006, 'not even taken over')
    two[0]?.client.close()
    await until('room', () => small.events.subscribers === 2)
    const strangers = Array.from({ length: 60 }, () => connect(small.url))
    const refused = () => strangers.filter(({ code }) => code === 1006).length
    await until('ten too many', () => refused() >= 10)
    await sleep(50)
    assert.equal(refused(), 10)
    await small.close()
  })

  it('cuts a reader that does not read, and holds next to nothing for it, while others hear everything', async () => {
    const strict = await serve(hub, gate, { limits: { slowMs: 700, pingMs: 60_000 } })
    const good = connect(strict.url, hello())
    const lazy = connect(strict.url, hello())
    await until('subscribed', () => good.got.length === 1 && lazy.got.length === 1)
    lazy.client.pause()
    const count = 800
    for (let n = 0; n < 20; n += 1) await postgres.query(made('large', count / 20, 24_000))
    await until('all', () => good.events().length === count, 30_000)
    await until('cut', () => strict.notices.some(({ kind }) => kind === 'cut'))
    assert.deepEqual(strict.notices.findLast(({ kind }) => kind === 'cut')?.why, 'SUBSCRIBER_SLOW')
    assert.equal(strict.events.subscribers, 1)
    await sleep(1_200)
    lazy.client.resume()
    await lazy.closed
    assert.ok(lazy.events().length < count, `${lazy.events().length} had gone into its buffers`)
    // and it comes back for the rest
    const back = connect(strict.url, hello({ after: lazy.last() }))
    await until('the rest', () => back.events().length + lazy.events().length === count, 30_000)
    await strict.close()
    assert.equal((await good.closed).code, 1001)
  })

  it('cuts one that answers no ping', async () => {
    const subscriber = connect(served.url, hello(), [], { autoPong: false })
    assert.equal((await subscriber.closed).code, 1006)
  })

  it('loses nothing and repeats nothing when the server is killed again and again', async () => {
    const { config } = ground
    assert.equal(config.kind, 'server')
    const url = 'url' in config ? config.url : ''
    let child: ChildProcess | undefined
    let at = ''
    const start = async () => {
      child = fork(fileURLToPath(new URL('./server-child.ts', import.meta.url)), [JSON.stringify({ url, port: 0 })])
      const [told]: { url: string }[] = await once(child, 'message')
      at = told?.url ?? ''
    }
    await start()
    let position = await hub.newest()
    const from = position
    const heard: number[] = []
    let over = false
    const writing = (async () => {
      for (let n = 0; n < 60; n += 1) {
        await postgres.query(made('k', 2))
        await sleep(30)
      }
    })()
    const reading = (async () => {
      while (!over) {
        const subscriber = connect(at, hello({ after: position }))
        subscriber.client.on('message', () => {
          if (subscriber.got.at(-1)?.type === 'event') heard.push(subscriber.last())
          position = Math.max(position, subscriber.last())
          if (heard.length >= 120) subscriber.client.close()
        })
        await subscriber.closed
        await sleep(20)
        over = heard.length >= 120
      }
    })()
    for (let n = 0; n < 1; n += 1) {
      await sleep(500)
      child?.kill('SIGKILL')
      await start()
    }
    await writing
    await reading
    assert.deepEqual(
      heard,
      Array.from({ length: 120 }, (_, n) => from + 1 + n),
    )
    child?.kill('SIGKILL')
  })
})

function text(value: unknown): string {
  try {
    return JSON.stringify(value) ?? ''
  } catch {
    return ''
  }
}
