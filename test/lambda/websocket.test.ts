import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { deliverHandler } from '../../lambda/deliver.ts'
import { eventsOut } from '../../lambda/events.ts'
import { stepHandler } from '../../lambda/step.ts'
import { websocketHandler } from '../../lambda/websocket.ts'
import { createKey, revokeKey } from '../../lib/api/access/keys.ts'
import { gatewayPosts } from '../../lib/api/events/gateway/posts.ts'
import { EventSender } from '../../lib/api/events/gateway/sender.ts'
import { canonicalFile } from '../../lib/portable/canonical.ts'
import { compile } from '../../lib/portable/plan/compile.ts'
import { openPostgres, type PostgresStore } from '../../lib/stores/postgres/index.ts'
import { made, version } from '../api/events/ground.ts'
import { anybody } from '../helpers/fauxqs.ts'
import { type PostgresServer, startPostgres } from '../helpers/postgres-server.ts'
import { testFolder } from '../portable/engine.ts'
import { memoryLog } from '../runs/surroundings.ts'
import { type GatewayDouble, startGateway } from './gateway-double.ts'

const context = { awsRequestId: 'x', getRemainingTimeInMillis: () => 29_000 }
const versions = [{ type: 'version' }]

describe('index.websocket: events behind API Gateway (the management API is a double)', { timeout: 120_000 }, () => {
  const { folder, remove } = testFolder()
  const keys = { AWS_ACCESS_KEY_ID: anybody.accessKeyId, AWS_SECRET_ACCESS_KEY: anybody.secretAccessKey }
  const had = Object.fromEntries(Object.keys(keys).map((name) => [name, process.env[name]]))
  let server: PostgresServer
  let gateway: GatewayDouble
  let postgres: PostgresStore
  let other: PostgresStore
  let key = ''
  let env: Record<string, string>
  let socket: ReturnType<typeof websocketHandler>
  const logged: string[] = []
  const write = (line: string) => void logged.push(line)

  before(async () => {
    Object.assign(process.env, keys)
    server = await startPostgres()
    gateway = await startGateway()
    postgres = await openPostgres({ kind: 'server', url: server.url })
    other = await openPostgres({ kind: 'server', url: server.url })
    key = (await createKey(postgres, { name: 'all' }, 'test')).key
    const plans = join(folder, 'plans')
    mkdirSync(plans)
    const { plan, diagnostics } = compile([
      { id: 'tab', type: 'tab' },
      { id: 'stores', type: 'ysh-stores', folder: '/tmp/never' },
      { id: 'run', type: 'ysh-run', z: 'tab', name: 'run', wires: [['end']], payload: '{}' },
      { id: 'end', type: 'ysh-run-end', z: 'tab', name: 'end', wires: [[], []], stores: 'stores' },
    ])
    assert.ok(plan, JSON.stringify(diagnostics))
    writeFileSync(join(plans, 'flow.json'), canonicalFile(plan))
    env = {
      ...{ YSH_POSTGRES: server.url, YSH_FOLDER: join(folder, 'data'), YSH_DATA_FOLDER: join(folder, 'api') },
      ...{ YSH_PLANS: plans, YSH_API_EVENTS_ENDPOINT: gateway.endpoint },
    }
    socket = websocketHandler({ env, product: 'test/1', write })
  })
  after(async () => {
    for (const [name, value] of Object.entries(had)) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
    await socket.close()
    await postgres.close()
    await other.close()
    await gateway.close()
    await server.stop()
    remove()
  })

  /** As in AWS's documentation, "Set up a WebSocket API integration request", shortened to what is sent. */
  const event = (routeKey: string, id: string, more: object = {}) => ({
    requestContext: {
      ...{ routeKey, connectionId: id, eventType: 'MESSAGE', messageId: 'm', requestId: 'r', apiId: 'a' },
      ...{ domainName: 'a.execute-api.us-east-1.amazonaws.com', stage: 'prod', identity: { sourceIp: '192.0.2.1' } },
    },
    isBase64Encoded: false,
    ...more,
  })
  const connect = (id: string, headers: Record<string, string> = {}) =>
    socket(event('$connect', id, { headers }), context)
  const say = (id: string, message: unknown) =>
    socket(event('$default', id, { body: typeof message === 'string' ? message : JSON.stringify(message) }), context)
  const leave = (id: string) => socket(event('$disconnect', id), context)
  /** Sends what is new, as `index.step` does after its work. */
  const send = (by = postgres) => eventsOut({ env, log: memoryLog() })?.after(by, 20_000)
  const types = (id: string) => gateway.told(id).map(({ type, code }) => code ?? type)
  const heard = (id: string) =>
    gateway.told(id).flatMap(({ type, topic, data }) => (type === 'event' ? [[topic?.subject, data]] : []))
  const numbers = (id: string) => gateway.told(id).flatMap(({ type, position }) => (type === 'event' ? [position] : []))
  const known = async () => {
    const { rows } = await postgres.query<{ id: string }>('select id from pipeline.event_connection order by id')
    return rows.map(({ id }) => id)
  }
  const newest = async () => {
    const { rows } = await postgres.query<{ last: number }>('select last::float8 as last from pipeline.event_state')
    return rows[0]?.last ?? -1
  }

  test('who may not come is refused at $connect; a browser names its key as a sub-protocol', async () => {
    const scant = (await createKey(postgres, { name: 'scant', scopes: ['datasets'] }, 'test')).key
    const wrong = await connect('no', { Authorization: `Bearer ${key.slice(0, -4)}AAAA` })
    assert.equal(wrong.statusCode, 401)
    assert.equal(JSON.parse(wrong.body ?? '').code, 'API_UNKNOWN_CALLER')
    assert.equal((await connect('no', { Authorization: `Bearer ${scant}` })).statusCode, 403)
    const protocols = `ysh.events.v1, ysh.key.${key}`
    const answer = await connect('browser=', { 'Sec-WebSocket-Protocol': protocols })
    assert.deepEqual(answer, { statusCode: 200, headers: { 'Sec-WebSocket-Protocol': 'ysh.events.v1' } })
    assert.deepEqual(await known(), ['browser='])
    await say('browser=', { type: 'hello', topics: versions })
    assert.deepEqual(types('browser='), ['subscribed'])
    await leave('browser=')
    assert.deepEqual(await known(), [])
    assert.equal((await socket({ no: 'event' }, context)).statusCode, 500)
  })

  test('a wrong key in the first message, or a first message that is none: told why, and cut', async () => {
    for (const id of ['w1', 'w2', 'w3']) assert.equal((await connect(id)).statusCode, 200)
    await say('w1', { type: 'hello', key: 'ysh_wrong', topics: versions })
    await say('w2', { type: 'ping' })
    await say('w3', { type: 'hello', topics: versions })
    assert.deepEqual(
      [types('w1'), types('w2'), types('w3')],
      [['API_UNKNOWN_CALLER'], ['EVENTS_MESSAGE'], ['API_UNKNOWN_CALLER']],
    )
    assert.deepEqual(gateway.ended.splice(0), ['w1', 'w2', 'w3'])
    assert.deepEqual(await known(), [])
    const kept = await postgres.query<{ text: string }>(
      'select event_connection::text as text from pipeline.event_connection',
    )
    assert.doesNotMatch(JSON.stringify([kept.rows, logged]), new RegExp(key))
  })

  test('events come in order, those that are wanted; topics are changed, wishes refused, and who comes back misses nothing', async () => {
    await connect('a', { 'x-api-key': key })
    await say('a', { type: 'hello', topics: [{ type: 'version', subject: 'x' }] })
    await postgres.query(version('x', 1))
    await postgres.query(version('y', 1))
    await postgres.query(version('x', 2))
    await send()
    await send()
    const seen = () => heard('a').map(([subject, data]) => `${subject} ${Object(data).version}`)
    assert.deepEqual(seen(), ['x 1', 'x 2'])
    await say('a', { type: 'subscribe', topics: [{ type: 'version', subject: 'y' }] })
    await say('a', { type: 'unsubscribe', topics: [{ type: 'version', subject: 'x' }] })
    await say('a', { type: 'ping' })
    const many = (letter: string) => Array.from({ length: 60 }, (_, n) => ({ type: 'run', subject: `${letter}${n}` }))
    await say('a', { type: 'subscribe', topics: many('b') })
    await say('a', { type: 'subscribe', topics: many('c') })
    assert.deepEqual(types('a').slice(-5), ['subscribed', 'subscribed', 'pong', 'subscribed', 'EVENTS_TOPICS'])
    await postgres.query(version('y', 2))
    await say('a', { type: 'ping' })
    assert.deepEqual(seen(), ['x 1', 'x 2', 'y 2'], 'a message is answered, and what is new comes after it')
    const after = gateway.told('a').findLast(({ type }) => type === 'event')?.position
    await leave('a')
    await postgres.query(version('y', 3))
    await send()
    await connect('again', { authorization: `Bearer ${key}` })
    await say('again', { type: 'hello', topics: versions, after })
    assert.deepEqual(types('again'), ['subscribed', 'event'])
    assert.deepEqual(numbers('again'), [(after ?? 0) + 1])
    await leave('again')
    await connect('ahead', { authorization: `Bearer ${key}` })
    await say('ahead', { type: 'hello', topics: versions, after: 1_000_000 })
    assert.deepEqual(types('ahead'), ['EVENTS_GONE'])
    assert.equal(gateway.told('ahead')[0]?.newest, await newest())
    assert.deepEqual(gateway.ended.splice(0), ['ahead'])
    await connect('chatty', { authorization: `Bearer ${key}` })
    await say('chatty', { type: 'hello', topics: versions })
    await postgres.query(`update pipeline.event_connection set credit = -100 where id = 'chatty'`)
    await say('chatty', { type: 'ping' })
    assert.deepEqual(types('chatty'), ['subscribed', 'API_RATE'])
    assert.deepEqual(gateway.ended.splice(0), ['chatty'])
  })

  test('two that send at once send each event once, in order; what a reader cannot take just now comes later', async () => {
    const ids = ['p', 'q', 'r', 's', 't']
    for (const id of ids) {
      await connect(id, { 'x-api-key': key })
      await say(id, { type: 'hello', topics: versions })
    }
    const first = await newest()
    gateway.slow(2)
    await Promise.all([
      (async () => {
        for (let n = 0; n < 5; n += 1) {
          await postgres.query(made('z', 5))
          await send(postgres)
        }
      })(),
      (async () => {
        for (let n = 0; n < 5; n += 1) {
          await other.query(made('z', 5))
          await send(other)
        }
      })(),
    ])
    const all = Array.from({ length: 50 }, (_, n) => first + 1 + n)
    for (const id of ids) assert.deepEqual(numbers(id), all, id)
    gateway.slow(0)
    // as often as the SDK tries
    gateway.fill('p', 2)
    await postgres.query(made('z', 2))
    await send()
    assert.equal(numbers('p').length, 50)
    assert.equal(numbers('q').length, 52, 'the others do not wait for it')
    await send()
    assert.deepEqual(numbers('p'), [...all, first + 51, first + 52])
    for (const id of ids.slice(1)) await leave(id)
    // still full after a minute
    await postgres.query(made('z'))
    gateway.fill('p', 4)
    await send()
    await postgres.query(`update pipeline.event_connection set slow_since = slow_since - interval '1 minute'`)
    await send()
    assert.deepEqual([types('p').at(-1), gateway.ended.splice(0)], ['SUBSCRIBER_SLOW', ['p']])
    assert.deepEqual(await known(), [])
  })

  test('a connection that has gone is forgotten; an event larger than the gateway takes goes without its data', async () => {
    for (const id of ['g', 'h']) {
      await connect(id, { 'x-api-key': key })
      await say(id, { type: 'hello', topics: versions })
    }
    gateway.go('g')
    await postgres.query(made('large', 1, 140_000))
    await postgres.query(made('small'))
    await send()
    assert.deepEqual(await known(), ['h'])
    assert.deepEqual(heard('h'), [
      ['large', {}],
      ['small', { n: 1, pad: '' }],
    ])
    assert.equal(gateway.told('h')[1]?.large, true)
  })

  test('who subscribes from further back, while a page of events is being read, misses nothing', async () => {
    await connect('back', { 'x-api-key': key })
    await say('back', { type: 'hello', topics: versions })
    const first = await newest()
    await postgres.query(made('m', 4))
    const all = [1, 2, 3, 4].map((n) => first + n)
    const at = (id: string, position: number) =>
      postgres.query('update pipeline.event_connection set position = $2 where id = $1', [id, position])
    await at('back', first + 3)
    await at('h', first + 3)
    let isLate = false
    const store: PostgresStore = {
      ...{ kind: postgres.kind, target: postgres.target },
      async query(text, values, options) {
        if (!isLate && text.includes('events_after')) {
          isLate = true
          await at('back', first)
        }
        return postgres.query(text, values, options)
      },
      transaction: (work) => postgres.transaction(work),
      connect: () => postgres.connect(),
      listen: (channel, heard, signal) => postgres.listen(channel, heard, signal),
      close: async () => undefined,
    }
    await send(store)
    assert.ok(isLate)
    assert.deepEqual(numbers('back'), all)
    assert.equal(numbers('h').at(-1), first + 4)
    await leave('back')
  })

  test('each call of a step sends what it made, and each minute the rest: positions, and who may no longer listen is cut', async () => {
    const step = stepHandler({ env, product: 'test/1', plans: '', write })
    const deliver = deliverHandler({ env, product: 'test/1', plans: '', write })
    await connect('runs', { 'x-api-key': key })
    await say('runs', { type: 'hello', topics: [{ type: 'run' }] })
    const call = { pipeline: 'run', units: ['end'], execution: 'one', slot: 'one', state: { message: { payload: {} } } }
    await step(call, context)
    assert.deepEqual(
      heard('runs').map(([, data]) => Object(data).state),
      ['running', 'done'],
    )
    await step.close()

    const brief = await createKey(postgres, { name: 'brief' }, 'test')
    await connect('brief', { 'x-api-key': brief.key })
    await say('brief', { type: 'hello', topics: versions })
    await connect('mute')
    await connect('old', { 'x-api-key': key })
    await postgres.query(`update pipeline.event_connection set connected_at = connected_at - interval '2 minutes' where id = 'mute';
      update pipeline.event_connection set connected_at = connected_at - interval '3 hours' where id = 'old'`)
    await postgres.query(made('later'))
    await revokeKey(postgres, brief.row.id)
    await deliver({}, context)
    await deliver.close()
    assert.deepEqual(types('mute'), ['EVENTS_MESSAGE'])
    assert.deepEqual(types('brief'), ['subscribed', 'API_UNKNOWN_CALLER'], 'nothing after its key was revoked')
    assert.deepEqual(gateway.ended.splice(0).sort(), ['brief', 'mute'])
    assert.deepEqual(heard('h').at(-1), ['later', { n: 1, pad: '' }])
    assert.equal(gateway.told('runs').at(-1)?.type, 'position')
    assert.equal(gateway.told('runs').at(-1)?.position, await newest())
    assert.deepEqual(await known(), ['h', 'runs'])
    assert.deepEqual(
      logged.filter((line) => !line.includes('CALL_INVALID')),
      [],
    )
  })

  test('no more connections than there is room for', async () => {
    await postgres.query(
      `insert into pipeline.event_connection (id, address) select 's' || n, '192.0.2.1' from generate_series(1, 50) n`,
    )
    const answer = await connect('one more')
    assert.deepEqual([answer.statusCode, JSON.parse(answer.body ?? '').code], [429, 'EVENTS_FULL'])
    assert.equal((await connect('with a key', { 'x-api-key': key })).statusCode, 200)
    await postgres.query(`update pipeline.event_connection set caller = (select caller from pipeline.event_connection where id = 'h');
      insert into pipeline.event_connection (id, address, caller) select 't' || n, 'x', (select caller from pipeline.event_connection where id = 'h') from generate_series(1, 50) n`)
    assert.equal((await connect('too many', { 'x-api-key': key })).statusCode, 429)
  })

  test('a gateway that refuses is left alone until the next time', async () => {
    await postgres.query(`delete from pipeline.event_connection where id <> 'h'`)
    await postgres.query(made('kept'))
    const posts = gatewayPosts(gateway.endpoint.replace('/prod', '/other'))
    const sender = new EventSender({ postgres, posts, log: memoryLog() })
    await assert.rejects(sender.once(new AbortController().signal), { code: 'EVENTS_NOT_SENT' })
    posts.close()
    await send()
    assert.deepEqual(heard('h').at(-1)?.[0], 'kept')
  })
})
