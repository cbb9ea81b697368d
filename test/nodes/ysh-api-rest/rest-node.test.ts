import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeKey } from '../../../lib/api/access/key.ts'
import type { Answered } from '../../../lib/api/api.ts'
import { openPostgres } from '../../../lib/stores/postgres/index.ts'
import { Teller } from '../../../nodes/ysh-api-rest/told.ts'
import { type NodeRed, startNodeRed } from '../../helpers/node-red.ts'
import { type PostgresServer, startPostgres } from '../../helpers/postgres-server.ts'
import { publish } from '../../steps/dataset/query/published.ts'
import { servingFlow } from '../ysh-api/serving-flow.ts'

const { key } = makeKey()

describe('ysh-api-rest', { timeout: 180_000 }, () => {
  let server: PostgresServer
  let nodeRed: NodeRed
  let root: string
  const flows = () => servingFlow('ysh-api-rest', { postgresUrl: server.url, outputs: 1 })
  const ask = (path: string, headers: Record<string, string> = { authorization: `Bearer ${key}` }, method = 'GET') =>
    fetch(`${root}${path}`, { method, headers, signal: AbortSignal.timeout(30_000) })

  before(async () => {
    server = await startPostgres()
    const store = await openPostgres({ kind: 'server', url: server.url })
    await publish(store, 1, 5_000)
    await store.close()
    nodeRed = await startNodeRed({
      flows: flows(),
      credentials: { api: { firstKey: key } },
      settings: { httpNodeRoot: '/red' },
    })
    root = `${nodeRed.url}/red/api/v1`
    for (let tries = 0; (await ask('/datasets')).status !== 200; tries += 1) {
      assert.ok(tries < 100, nodeRed.output())
      await sleep(100)
    }
  })
  after(async () => {
    await nodeRed?.dispose()
    await server?.stop()
  })

  it('answers through Node-RED’s own server: pages, streams, 304, HEAD, problems', async () => {
    const page = await ask('/datasets/aneel.prova?numero.lte=3&sort=-numero&limit=2&fields=numero')
    const { rows, next, provenance } = JSON.parse(await page.text())
    assert.deepEqual(rows, [{ numero: 3 }, { numero: 2 }])
    assert.equal(provenance.attribution, 'Fonte: ANEEL, licença ODbL')
    assert.match(page.headers.get('link') ?? '', new RegExp(`after=${next}`))
    const csv = await ask('/datasets/aneel.prova?format=csv')
    assert.equal((await csv.text()).split('\r\n').length, 5_002)
    const again = await ask('/datasets/aneel.prova?numero=1', { authorization: `Bearer ${key}`, 'if-none-match': '*' })
    assert.equal(again.status, 304)
    const head = await ask('/datasets', undefined, 'HEAD')
    assert.deepEqual([head.status, (await head.text()).length], [200, 0])
    assert.ok(Number(head.headers.get('content-length')) > 100)
    const wrong = await ask('/datasets/aneel.prova?numeroo=1')
    assert.equal(wrong.headers.get('content-type'), 'application/problem+json')
    assert.equal(JSON.parse(await wrong.text()).code, 'QUERY_COLUMN')
    assert.equal((await ask('/datasets', undefined, 'DELETE')).status, 405)
    assert.equal((await ask('/nothing')).status, 404)
  })

  it('every route but the documents refuses who is not known', async () => {
    const document = JSON.parse(await (await ask('/openapi.json', {})).text())
    assert.equal(document.servers[0].url, '/red/api/v1')
    assert.equal((await ask('/docs', {})).status, 200)
    const paths = Object.keys(document.paths).filter((path) => path !== '/docs' && path !== '/openapi.json')
    assert.ok(paths.length > 10, paths.join(' '))
    for (const path of paths) {
      const refused = await ask(path.replaceAll(/\{\w+\}/g, 'x'), {})
      assert.equal(refused.status, 401, path)
      await refused.arrayBuffer()
    }
  })

  it('tells the flow of each request, without the key', async () => {
    await (await ask('/datasets/aneel.prova?limit=1')).arrayBuffer()
    await nodeRed.line(/told .*"route":"getRows".*"caller":"key:/)
    assert.ok(!nodeRed.output().includes(key))
  })

  it('is gone after a deploy without it, and back after the next', async () => {
    await nodeRed.deploy(flows().filter(({ id }) => id !== 'server'))
    assert.equal((await ask('/datasets')).status, 404)
    await nodeRed.deploy(flows())
    for (let tries = 0; (await ask('/datasets')).status !== 200; tries += 1) {
      assert.ok(tries < 100, 'served again')
      await sleep(100)
    }
  })
})

describe('what is told of requests', () => {
  it('is dropped and counted while the flow is slow', async () => {
    const sent: number[] = []
    const open: (() => void)[] = []
    const teller = new Teller(2, ({ dropped }) => {
      sent.push(dropped)
      return new Promise((resolve) => open.push(resolve))
    })
    const record: Answered = { method: 'GET', status: 200, ms: 1, bytes: 1 }
    for (let count = 0; count < 5; count += 1) teller.tell(record)
    assert.deepEqual([sent, teller.dropped], [[0, 0], 3])
    open.shift()?.()
    await sleep(0)
    teller.tell(record)
    assert.deepEqual([sent, teller.dropped], [[0, 0, 3], 0])
    const silent = new Teller(0, () => assert.fail('none is wanted'))
    silent.tell(record)
  })
})
