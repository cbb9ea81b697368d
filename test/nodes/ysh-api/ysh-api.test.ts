import assert from 'node:assert/strict'
import { request as ask } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { makeKey } from '../../../lib/api/access/key.ts'
import { type FlowNode, type NodeRed, startNodeRed } from '../../helpers/node-red.ts'
import { type PostgresServer, startPostgres } from '../../helpers/postgres-server.ts'
import { noRedis, type RedisServer, startRedis } from '../../helpers/redis-server.ts'

const first = makeKey().key

interface Said {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: Record<string, unknown>
}

/** A flow with an endpoint behind `ysh-api-access`; refused requests are written into Node-RED's log. */
function flowsOf(stores: Record<string, unknown>, api: Record<string, unknown> = {}): FlowNode[] {
  const at = { z: 'tab', x: 1, y: 1 }
  return [
    { id: 'tab', type: 'tab' },
    { id: 'stores', type: 'ysh-stores', folder: '', ...stores },
    { id: 'api', type: 'ysh-api', stores: 'stores', ...api },
    { id: 'in', type: 'http in', ...at, url: '/mine', method: 'get', wires: [['access']] },
    { id: 'access', type: 'ysh-api-access', ...at, api: 'api', scope: 'runs', wires: [['say'], ['log']] },
    {
      ...{ id: 'say', type: 'function', ...at, outputs: 1 },
      func: 'msg.payload = { caller: msg.caller, seen: msg.req.headers }; return msg',
      wires: [['out']],
    },
    { id: 'out', type: 'http response', ...at, wires: [] },
    { id: 'log', type: 'function', ...at, outputs: 0, func: 'node.warn("refused " + JSON.stringify(msg))', wires: [] },
  ]
}

async function get(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Said> {
  // fetch sets the Host header by itself
  return new Promise((resolve, reject) => {
    const sent = ask(url, { method, headers, signal: AbortSignal.timeout(30_000) }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        let body: Record<string, unknown> = {}
        try {
          body = JSON.parse(text)
        } catch {
          body = { text }
        }
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body })
      })
    })
    sent.on('error', reject)
    sent.end()
  })
}

async function post(url: string, body: object) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(30_000),
  })
  const answer: Record<string, unknown> = JSON.parse(await response.text())
  return { status: response.status, cache: response.headers.get('cache-control'), answer }
}
const bearer = (key: unknown) => ({ authorization: `Bearer ${key}` })

describe('ysh-api and ysh-api-access in Node-RED', { timeout: 240_000, skip: noRedis }, () => {
  let server: PostgresServer
  let redis: RedisServer
  let nodeRed: NodeRed
  before(async () => {
    server = await startPostgres()
    redis = await startRedis()
    const url = new URL(server.url)
    const postgresPassword = decodeURIComponent(url.password)
    url.password = ''
    nodeRed = await startNodeRed({
      flows: flowsOf({ postgresUrl: url.href, redisUrl: redis.url }, { requestsPerMinute: 60, burst: 40 }),
      credentials: { stores: { postgresPassword }, api: { firstKey: first } },
      settings: { httpNodeRoot: '/flows' },
    })
    await nodeRed.line(/The first API key was put in/)
  })
  after(async () => {
    await nodeRed?.dispose()
    await redis?.stop()
    await server?.stop()
  })
  const mine = (headers: Record<string, string> = {}, query = '') => get(`${nodeRed.url}/flows/mine${query}`, headers)

  it('lets the first key in, says who it is, and hides it from the flow', async () => {
    const { status, headers, body } = await mine(bearer(first))
    assert.equal(status, 200, JSON.stringify(body))
    assert.deepEqual(Object(body.caller).scopes, ['datasets', 'documents', 'runs', 'events'])
    assert.equal(Object(body.seen).authorization, '***')
    assert.match(String(headers.ratelimit), /^"minute";r=\d+;t=\d+$/)
  })

  it('answers who is refused, with problem+json, and tells the flow', async () => {
    const refused = await mine()
    assert.deepEqual([refused.status, refused.body.code], [401, 'API_UNKNOWN_CALLER'])
    assert.equal(refused.headers['content-type'], 'application/problem+json')
    assert.equal(refused.headers['www-authenticate'], 'Bearer')
    const inAddress = await mine({}, `?key=${first}`)
    assert.match(String(inAddress.body.detail), /does not belong into the address/)
    const rebound = await mine({ ...bearer(first), host: 'evil.example' })
    assert.deepEqual([rebound.status, rebound.body.code], [403, 'API_LOOPBACK_ONLY'])
    await nodeRed.line(/refused .*API_UNKNOWN_CALLER.*"path":"\/mine"/)
  })

  it('makes, lists and revokes keys by the admin endpoints; a revoked one is refused at once', async () => {
    const keys = `${nodeRed.url}/ysh/api/keys`
    const made = await post(keys, { name: 'reports', scopes: ['runs'] })
    assert.deepEqual([made.status, made.cache], [200, 'no-store'])
    const { key, row } = made.answer
    assert.equal((await mine(bearer(key))).status, 200)
    const list = await get(keys)
    assert.equal(JSON.stringify(list.body).includes(String(key)), false)
    assert.deepEqual(Array.isArray(list.body.keys) && list.body.keys.map((each) => Object(each).name), [
      'reports',
      'first key',
    ])
    assert.equal((await post(`${keys}/${Object(row).id}/revoke`, {})).status, 200)
    assert.equal((await mine(bearer(key))).status, 401)
    assert.equal((await post(`${keys}/nobody/revoke`, {})).status, 404)
    assert.equal((await post(keys, { name: '' })).status, 400)
    const narrow = await post(keys, { name: 'narrow', scopes: ['datasets'] })
    const refused = await mine(bearer(narrow.answer.key))
    assert.deepEqual([refused.status, refused.body.code], [403, 'API_SCOPE'])
  })

  it('counts in Redis, and asks to wait', async () => {
    const { answer } = await post(`${nodeRed.url}/ysh/api/keys`, { name: 'hasty', scopes: ['runs'] })
    const all = await Promise.all(Array.from({ length: 60 }, () => mine(bearer(answer.key))))
    const late = all.filter(({ status }) => status === 429)
    assert.ok(late.length >= 15 && late.length <= 20, String(late.length))
    assert.equal(late[0]?.body.code, 'API_RATE')
    assert.ok(Number(late[0]?.headers['retry-after']) >= 1)
  })

  it('makes a second node with the same path red, and takes the path again after a deploy', async () => {
    const flows: FlowNode[] = JSON.parse(JSON.stringify((await get(`${nodeRed.url}/flows`)).body))
    await nodeRed.deploy([...flows, { id: 'other', type: 'ysh-api', stores: 'stores', root: '/api/v1/x' }])
    await nodeRed.line(/Another node has the path \/api\/v1/)
    await nodeRed.deploy(flows)
    assert.equal((await mine(bearer(first))).status, 200)
  })

  it('never wrote a key down', () => {
    assert.doesNotMatch(nodeRed.output(), /ysh_[0-9A-Za-z]{12}_/)
  })
})

describe('ysh-api without configuration', { timeout: 120_000 }, () => {
  it('says how to make the first key, on Node-RED 4 with the embedded store, beside a password of the server', async () => {
    const nodeRed = await startNodeRed({
      version: 4,
      flows: flowsOf({}),
      settings: {
        httpNodeAuth: { user: 'u', pass: '$2a$08$zZWtXTja0fB1pzD4sHCMyOCMYz2Z6dNbM6tl8sJogENOMcxWV9DN.' },
      },
    })
    try {
      await nodeRed.line(/There is no API key yet\..*api-keys create/)
      const { answer } = await post(`${nodeRed.url}/ysh/api/keys`, { name: 'first' })
      const basic = `Basic ${Buffer.from('u:password').toString('base64')}`
      const url = `${nodeRed.url}/mine`
      assert.equal((await get(url, bearer(answer.key))).status, 401)
      assert.equal((await get(url, { authorization: basic })).body.code, 'API_UNKNOWN_CALLER')
      const both = await get(url, { authorization: basic, 'x-api-key': String(answer.key) })
      assert.equal(both.status, 200, JSON.stringify(both.body))
      await post(`${nodeRed.url}/ysh/api/keys/${Object(answer.row).id}/revoke`, {})
      assert.equal((await get(url, { authorization: basic, 'x-api-key': String(answer.key) })).status, 401)
      assert.doesNotMatch(nodeRed.output(), /ysh_[0-9A-Za-z]{12}_/)
    } finally {
      await nodeRed.dispose()
    }
  })
})
