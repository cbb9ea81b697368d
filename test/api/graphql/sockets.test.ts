import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket, WebSocketServer } from 'ws'
import type { PostgresEventHub } from '../../../lib/api/events/postgres-hub.ts'
import {
  closing,
  createSockets,
  maxMessage,
  type SocketChange,
  type Sockets,
  type SocketsOptions,
} from '../../../lib/api/graphql/sockets.ts'
import { handleProtocols } from '../../../lib/vendor/graphql.ts'
import { openSurroundings, type Surroundings } from '../../runs/surroundings.ts'
import { hubOver, made, until } from '../events/ground.ts'
import { gateOf, requestOf } from '../serve.ts'
import { serveGraphql } from './asking.ts'

/** A client that shows each message as it is. */
async function connect(url: string, params: object) {
  const client = new WebSocket(url, 'graphql-transport-ws')
  const got: string[] = []
  let closed: number | undefined
  client.on('message', (data: Buffer) => void got.push(data.toString('utf8')))
  client.on('close', (code) => {
    closed = code
  })
  client.on('error', () => undefined)
  await once(client, 'open')
  const send = (message: object) => client.send(JSON.stringify(message))
  send({ type: 'connection_init', payload: params })
  return {
    ...{ client, got, send },
    closed: () => closed,
    subscribe: (id: string, query: string) => send({ type: 'subscribe', id, payload: { query } }),
    has: (pattern: RegExp) => until(String(pattern), () => got.some((text) => pattern.test(text))),
    ended: () => until('closed', () => closed !== undefined),
  }
}

describe('GraphQL subscriptions', { timeout: 120_000 }, () => {
  let surroundings: Surroundings
  let hub: PostgresEventHub
  let sockets: Sockets
  let patient: Sockets
  let url: string
  const changes: SocketChange[] = []
  const server = createServer()
  const websockets = new WebSocketServer({ server, maxPayload: maxMessage, perMessageDeflate: false, handleProtocols })
  const revoked = new Set<string>()

  before(async () => {
    surroundings = await openSurroundings('server')
    hub = await hubOver(surroundings.stores.postgres)
    const served = serveGraphql(surroundings.stores)
    const gate = gateOf({ all: ['datasets', 'runs', 'documents', 'events'], poor: ['events'], silent: ['datasets'] })
    const options: SocketsOptions = {
      graphql: served.graphql,
      gate: {
        ...gate,
        admit: ({ headers, ...rest }, needs) => {
          const key = headers.authorization?.replace('Bearer ', '') ?? ''
          return gate.admit({ ...rest, headers: { 'x-api-key': revoked.has(key) ? '' : key } }, needs)
        },
      },
      context: () => served.context,
      hub: () => hub,
      limits: { slowMs: 1_000, lookMs: 500, subscriptions: 3 },
      changed: (change) => changes.push(change),
    }
    sockets = createSockets(options)
    // pings would find out before the bound does
    patient = createSockets({ ...options, limits: { slowMs: 3_000 } })
    websockets.on('connection', (client, { url: path }) => {
      const serving = path === '/patient' ? patient : sockets
      serving.serve(client, requestOf('/graphql', { headers: { 'x-api-key': '' } }))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    url = `ws://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  })
  after(async () => {
    sockets.close()
    patient.close()
    websockets.close()
    server.close()
    server.closeAllConnections()
    await hub.close()
    await surroundings.close()
  })
  const put = (subject: string, count = 1, bytes = 0) => surroundings.stores.postgres.query(made(subject, count, bytes))

  it('brings events of a topic, and goes on from a position', async () => {
    const client = await connect(url, { key: 'all' })
    await client.has(/"connection_ack","payload":\{"position":\d+\}/)
    client.subscribe('1', 'subscription { versionPublished(dataset: "aneel.a") { position type subject at data } }')
    await sleep(200)
    await put('aneel.b')
    await put('aneel.a')
    await client.has(
      /"id":"1","type":"next","payload":\{"data":\{"versionPublished":\{"position":\d+,"type":"version","subject":"aneel.a"/,
    )
    assert.equal(client.got.filter((text) => text.includes('aneel.b')).length, 0)
    await put('aneel.c', 3)
    await hub.look()
    const position = (await hub.newest()) - 3
    client.subscribe('2', `subscription { versionPublished(dataset: "aneel.c", after: ${position}) { position } }`)
    await until('3 events', () => client.got.filter((text) => text.includes('"id":"2"')).length === 3)
    client.send({ type: 'complete', id: '1' })
    await sleep(100)
    await put('aneel.a')
    await sleep(300)
    assert.equal(client.got.filter((text) => text.includes('"id":"1","type":"next"')).length, 1)
    client.client.close()
    await until('told', () => changes.some(({ what }) => what === 'went'))
    assert.equal(sockets.subscribers, 0)
  })

  it('refuses whoever may not', async () => {
    const unknown = await connect(url, { key: 'nobody' })
    await unknown.ended()
    assert.equal(unknown.closed(), closing.unknown)
    const silent = await connect(url, { token: 'silent' })
    await silent.ended()
    assert.equal(silent.closed(), closing.forbidden)
    const poor = await connect(url, { authorization: 'Bearer poor' })
    await poor.has(/connection_ack/)
    poor.subscribe('1', 'subscription { runChanged { position } }')
    await poor.has(/"id":"1".*"code":"API_SCOPE"/)
    poor.client.close()
  })

  it('refuses what is no subscription, wrong, too old, or too much', async () => {
    const client = await connect(url, { key: 'all' })
    await client.has(/connection_ack/)
    client.subscribe('1', '{ datasets { name } }')
    await client.has(/"id":"1","type":"error".*Only subscriptions.*"code":"GRAPHQL_INVALID"/)
    client.subscribe('2', 'subscription { nothing }')
    await client.has(/"id":"2","type":"error".*"code":"GRAPHQL_INVALID"/)
    client.subscribe('3', 'subscription {')
    await client.has(/"id":"3","type":"error".*"code":"GRAPHQL_SYNTAX"/)
    client.subscribe('4', 'subscription { alert(after: 999999999) { position } }')
    await client.has(/"id":"4","type":"error".*"code":"EVENTS_GONE"/)
    for (const id of ['5', '6', '7', '8']) client.subscribe(id, 'subscription { alert { position } }')
    await client.has(/"type":"error".*at most 3 subscriptions.*"code":"GRAPHQL_LIMIT"/)
    client.client.send('{"type":"nonsense"}')
    await client.ended()
    assert.equal(client.closed(), 4400)
  })

  it('cuts whoever sends without end', async () => {
    const client = await connect(url, { key: 'all' })
    for (let at = 0; at < 200; at += 1) client.send({ type: 'ping' })
    await client.ended()
    assert.equal(client.closed(), closing.many)
  })

  it('ends a connection whose key was revoked', async () => {
    const client = await connect(url, { key: 'all' })
    await client.has(/connection_ack/)
    revoked.add('all')
    await client.ended()
    revoked.clear()
    assert.equal(client.closed(), closing.unknown)
  })

  it('cuts a reader who takes nothing, while others go on', async () => {
    const slow = await connect(`${url}/patient`, { key: 'all' })
    const quick = await connect(`${url}/patient`, { key: 'all' })
    for (const client of [slow, quick]) {
      await client.has(/connection_ack/)
      client.subscribe('1', 'subscription { versionPublished(dataset: "aneel.big") { position data } }')
    }
    await sleep(200)
    slow.client.pause()
    await put('aneel.big', 600, 100_000)
    await until('cut', () => changes.some(({ code }) => code === closing.slow), 30_000)
    await until('all', () => quick.got.filter((text) => text.includes('"next"')).length === 600, 30_000)
    slow.client.terminate()
    quick.client.close()
  })
})
