import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeKey } from '../../../lib/api/access/key.ts'
import { openPostgres } from '../../../lib/stores/postgres/index.ts'
import { type FlowNode, type NodeRed, startNodeRed } from '../../helpers/node-red.ts'
import { type PostgresServer, startPostgres } from '../../helpers/postgres-server.ts'
import { askPromtool, noPromtool } from '../../helpers/promtool.ts'
import { Scraped, scrape } from '../../helpers/scraped.ts'
import { publish } from '../../steps/dataset/query/published.ts'

const { key } = makeKey()
const token = 'fallaciloquent-metrics-token'
const good = ['a', 'b', 'c', 'd', 'e', 'f']
const bad = ['x', 'y']

describe('ysh-metrics', { timeout: 240_000 }, () => {
  let server: PostgresServer
  let nodeRed: NodeRed
  let ownPort: number
  const at = { z: 'tab', x: 1, y: 1, stores: 'stores' }
  // the items that a dataset does not exist for fail in a step
  const dataset = 'msg.payload.dataset = msg.payload.item < "m" ? "aneel.prova" : "aneel.nada"; return msg'
  const flows = (): FlowNode[] => [
    { id: 'tab', type: 'tab' },
    { id: 'stores', type: 'ysh-stores', folder: '', postgresUrl: server.url },
    { id: 'run', type: 'ysh-run', ...at, name: 'Eight items', wires: [['each']] },
    {
      id: 'each',
      type: 'ysh-each',
      ...at,
      from: 'list',
      list: [...good, ...bad],
      property: 'item',
      wires: [['f'], ['end']],
    },
    { id: 'f', type: 'function', ...at, outputs: 1, func: dataset, wires: [['query']] },
    { id: 'query', type: 'ysh-dataset-query', ...at, limit: 3, wires: [[], ['join']] },
    { id: 'catch', type: 'catch', ...at, scope: ['query'], wires: [['join']] },
    { id: 'join', type: 'ysh-join', ...at, wires: [['end']] },
    { id: 'end', type: 'ysh-run-end', ...at, tolerance: '1', wires: [['told'], ['told']] },
    { id: 'told', type: 'function', ...at, outputs: 0, func: 'node.warn("ended " + msg.payload.outcome)', wires: [] },
    // due once a year: never late in this test
    { id: 'yearly', type: 'ysh-run', ...at, name: 'Yearly', schedule: '0 3 1 1 *', wires: [[]] },
    { id: 'api', type: 'ysh-api', stores: 'stores' },
    { id: 'rest', type: 'ysh-api-rest', ...at, api: 'api', wires: [[]] },
    { id: 'here', type: 'ysh-metrics', ...at, path: '/metrics' },
    { id: 'own', type: 'ysh-metrics', ...at, path: '/own', reach: 'token', port: ownPort },
    { id: 'weak', type: 'ysh-metrics', ...at, path: '/weak', reach: 'token' },
    { id: 'twice', type: 'ysh-metrics', ...at, path: '/metrics' },
  ]
  const metrics = () => scrape(`${nodeRed.url}/red/metrics`)
  /** A scrape that no longer has what an earlier one had from the stores. */
  const later = async (until: (found: Scraped) => boolean) => {
    for (let tries = 0; ; tries += 1) {
      const found = await metrics()
      if (until(found)) return found
      assert.ok(tries < 40, found.text)
      await sleep(500)
    }
  }
  const press = async () => {
    const answer = await fetch(`${nodeRed.url}/ysh/ysh-run/run/press`, { method: 'POST' })
    assert.ok(answer.ok, await answer.text())
  }
  const runsEnded = async (count: number) => {
    for (let tries = 0; nodeRed.output().split('ended failed').length - 1 < count; tries += 1) {
      assert.ok(tries < 300, nodeRed.output())
      await sleep(100)
    }
  }
  const ask = async (path: string, authorization = `Bearer ${key}`) => {
    const response = await fetch(`${nodeRed.url}/red/api/v1${path}`, { headers: { authorization } })
    await response.arrayBuffer()
    return response.status
  }

  before(async () => {
    server = await startPostgres()
    const store = await openPostgres({ kind: 'server', url: server.url })
    await publish(store, 1, 50)
    await store.close()
    ownPort = await freePort()
    nodeRed = await startNodeRed({
      flows: flows(),
      credentials: { api: { firstKey: key }, own: { token }, weak: { token: 'short' } },
      // the editor is off, and the metrics are there
      settings: { httpNodeRoot: '/red', yshStoresLingerMs: 60_000 },
    })
    for (let tries = 0; (await ask('/datasets')) !== 200; tries += 1) {
      assert.ok(tries < 100, nodeRed.output())
      await sleep(100)
    }
  })
  after(async () => {
    await nodeRed?.dispose()
    await server?.stop()
  })

  it('counts what truly happens: a run of eight items with two errors, requests to the API', async () => {
    const before = await metrics()
    assert.equal(before.value('ysh_pipeline_runs_total', { flow: 'Eight items', outcome: 'failed' }), 0)
    assert.equal(before.value('ysh_pipeline_errors_total', { where: 'step' }), 0)
    await press()
    await runsEnded(1)
    const statuses: number[] = []
    for (let count = 0; count < 20; count += 1) statuses.push(await ask('/datasets/aneel.prova?limit=1'))
    statuses.push(await ask('/datasets/aneel.nada'), await ask('/datasets', ''), await ask('/nowhere'))
    assert.deepEqual(statuses.slice(-3), [404, 401, 404])

    const found = await later((one) => one.find('ysh_pipeline_queue_depth', { queue: 'letters_open' }) === bad.length)
    const rise = (name: string, labels: Record<string, string>) =>
      found.value(name, labels) - (before.find(name, labels) ?? 0)
    const flow = 'Eight items'
    assert.equal(rise('ysh_pipeline_runs_total', { flow, outcome: 'started' }), 1)
    assert.equal(rise('ysh_pipeline_runs_total', { flow, outcome: 'failed' }), 1)
    assert.equal(rise('ysh_pipeline_execution_duration_seconds_count', { flow, outcome: 'failed' }), 1)
    assert.equal(rise('ysh_pipeline_items_processed_total', { kind: 'item', outcome: 'done' }), good.length)
    assert.equal(rise('ysh_pipeline_items_processed_total', { kind: 'item', outcome: 'failed' }), bad.length)
    assert.equal(rise('ysh_pipeline_errors_total', { where: 'step' }), bad.length)
    assert.equal(rise('ysh_pipeline_error_codes_total', { code: 'NO_COPY' }), bad.length)
    assert.equal(rise('ysh_pipeline_steps_total', { step: 'dataset-query', outcome: 'failed' }), bad.length)
    assert.equal(rise('ysh_api_requests_total', { surface: 'rest', status: '2xx' }), 20)
    assert.equal(rise('ysh_api_requests_total', { surface: 'rest', status: '4xx' }), 3)
    assert.equal(rise('ysh_api_route_requests_total', { route: 'getRows' }), 21)
    assert.equal(rise('ysh_api_request_duration_seconds_count', { surface: 'rest' }), 23)
    const p99 = found.value('ysh_api_latency_p99_seconds')
    assert.ok(p99 > 0 && p99 < 10, String(p99))
    // of the stores
    assert.equal(found.value('ysh_up', { store: 'postgres' }), 1)
    assert.equal(found.value('ysh_dataset_rows', { dataset: 'aneel.prova' }), 50)
    assert.equal(found.value('ysh_dataset_tier', { dataset: 'aneel.prova', tier: 'primary' }), 1)
    assert.equal(found.value('ysh_pipeline_queue_depth', { queue: 'letters_open' }), bad.length)
    assert.equal(found.value('ysh_pipeline_queue_depth', { queue: 'runs_running' }), 0)
    assert.equal(found.value('ysh_pipeline_schedule_lateness_seconds', { flow: 'Yearly' }), 0)
    assert.ok(found.value('ysh_pipeline_queue_oldest_seconds', { queue: 'letters_open' }) > 0)
    const age = found.value('ysh_dataset_publication_age_seconds', { dataset: 'aneel.prova' })
    assert.ok(age > 0 && age < 240, String(age))
    assert.ok(found.value('ysh_database_size_bytes') > 1e6)
    assert.ok(found.value('ysh_process_memory_rss_bytes', { process: 'node-red' }) > 50e6)
    assert.equal(found.find('ysh_process_memory_rss_bytes', { process: 'database' }), undefined)
    assert.ok(!found.text.includes(key) && !found.text.includes(token))
  })

  it('is accepted by promtool', { skip: noPromtool }, async () => {
    askPromtool(['check', 'metrics'], (await metrics()).text)
  })

  it('gives OpenMetrics to who wants it', async () => {
    const response = await fetch(`${nodeRed.url}/red/metrics`, {
      headers: { accept: 'application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5' },
    })
    assert.equal(response.headers.get('content-type'), 'application/openmetrics-text; version=1.0.0; charset=utf-8')
    const open = new Scraped(await response.text())
    assert.ok(open.text.endsWith('# EOF\n'))
    assert.equal(open.types.get('ysh_pipeline_errors'), 'counter')
    assert.equal(open.value('ysh_pipeline_errors_total', { where: 'step' }), bad.length)
  })

  it('refuses whom it should, and has a port of its own where that is set', async () => {
    const own = `http://127.0.0.1:${ownPort}/own`
    const status = async (url: string, headers: Record<string, string> = {}) => {
      const response = await fetch(url, { headers })
      await response.arrayBuffer()
      return response.status
    }
    assert.equal(await status(own), 401)
    assert.equal(await status(own, { authorization: `Bearer ${token}x` }), 401)
    const there = await scrape(own, { authorization: `Bearer ${token}` })
    assert.equal(there.value('ysh_pipeline_runs_total', { flow: 'Eight items', outcome: 'failed' }), 1)
    assert.equal(await status(`${nodeRed.url}/red/metrics`, { 'x-forwarded-for': '10.1.2.3' }), 403)
    assert.equal(await status(`${nodeRed.url}/red/metrics/more`), 404)
    // a token that is too short, a path that is taken: red rings, and the flows run all the same
    assert.match(nodeRed.output(), /token of the metrics needs at least 16 characters/)
    assert.match(nodeRed.output(), /Another node has the path \/metrics/)
    assert.equal(await status(`${nodeRed.url}/red/weak`, { authorization: 'Bearer short' }), 404)
  })

  it('loses no counts in a deploy, and counts nothing twice after it', async () => {
    await nodeRed.deploy(flows())
    await press()
    await runsEnded(2)
    const found = await metrics()
    assert.equal(found.value('ysh_pipeline_runs_total', { flow: 'Eight items', outcome: 'failed' }), 2)
    assert.equal(found.value('ysh_pipeline_errors_total', { where: 'step' }), 2 * bad.length)
  })

  it('answers while the database is gone: up 0, counters, and the last figures with their age', async () => {
    const before = await metrics()
    await server.stop()
    const found = await later((one) => one.value('ysh_up', { store: 'postgres' }) === 0)
    const errors = 'ysh_pipeline_errors_total'
    assert.equal(found.value(errors, { where: 'step' }), before.value(errors, { where: 'step' }))
    const age = 'ysh_dataset_publication_age_seconds'
    assert.ok(found.value(age, { dataset: 'aneel.prova' }) >= before.value(age, { dataset: 'aneel.prova' }))
    assert.ok(found.value('ysh_metrics_facts_age_seconds') > 0.5)
    const began = performance.now()
    await metrics()
    assert.ok(performance.now() - began < 8_000)
    assert.equal(nodeRed.output().split('metrics of the stores could not be read').length - 1 <= 2, true)
  })
})

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => probe.once('listening', resolve))
  const address = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  return typeof address === 'object' ? (address?.port ?? 0) : 0
}
