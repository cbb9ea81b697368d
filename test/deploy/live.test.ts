import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FauxqsServer } from 'fauxqs'
import { makeKey } from '../../lib/api/access/key.ts'
import { declarationOf, type MetricName, metricNames } from '../../lib/metrics/catalogue.ts'
import { anybody, startAws } from '../helpers/fauxqs.ts'
import { type FlowNode, type NodeRed, startNodeRed } from '../helpers/node-red.ts'
import { type Scraped, scrape } from '../helpers/scraped.ts'
import { tinyPdf } from '../helpers/tiny-pdf.ts'
import { startCloudWatch } from '../metrics/cloudwatch/cloudwatch-double.ts'
import { type OllamaDouble, startOllamaDouble } from '../ollama/double.ts'
import { type Portal, startPortal } from '../portal/server.ts'
import { alarmMetrics, dashboardMetrics } from './cloudwatch-files.ts'
import { namedIn, promQueries } from './prometheus-files.ts'

const at = { z: 'tab', x: 100, y: 100 }
const { key } = makeKey()
/** What this test does not bring about, and why. */
const notHere: Partial<Record<MetricName, string>> = {
  'governor.waits': 'needs a machine without memory: test/governor',
}
const words = 'A tarifa de energia para os consumidores da classe residencial é de 650 kWh. Por isso não deve ser paga.'

describe('metrics of a Node-RED at work', { timeout: 240_000 }, () => {
  let portal: Portal
  let ollama: OllamaDouble
  let aws: FauxqsServer & { endpoint: string }
  let cloudwatch: Awaited<ReturnType<typeof startCloudWatch>>
  let red: NodeRed
  let found: Scraped

  const flows = (): FlowNode[] => [
    { id: 'tab', type: 'tab' },
    {
      ...{ id: 'stores', type: 'ysh-stores', folder: '', s3Bucket: 'daten', s3Endpoint: aws.endpoint },
      ...{ s3Region: 'us-east-1', allowAddresses: ['127.0.0.1'] },
    },
    { id: 'ollama', type: 'ysh-ollama', url: ollama.url },
    { id: 'portal', type: 'ysh-aneel-portal', url: portal.url, tries: 2, backoffMs: 5, incidents: true },
    { id: 'gone', type: 'ysh-aneel-portal', url: 'http://127.0.0.1:9', tries: 8, backoffMs: 5, incidents: true },
    { id: 'run', type: 'ysh-run', ...at, stores: 'stores', name: 'All', wires: [['each']] },
    {
      ...{ id: 'each', type: 'ysh-each', ...at, stores: 'stores', from: 'list', property: 'dataset' },
      ...{
        list: ['aneel.bandeira_acionamento', 'aneel.bandeira_adicional', 'aneel.nada'],
        wires: [['fetch'], ['end']],
      },
    },
    {
      id: 'fetch',
      type: 'ysh-aneel-fetch',
      ...at,
      stores: 'stores',
      portal: 'portal',
      wires: [['join'], ['join'], []],
    },
    { id: 'catch', type: 'catch', ...at, scope: ['fetch'], wires: [['join']] },
    { id: 'join', type: 'ysh-join', ...at, stores: 'stores', wires: [['again']] },
    {
      id: 'again',
      type: 'change',
      ...at,
      rules: [{ t: 'set', p: 'payload', pt: 'msg', to: '{"dataset":"aneel.bandeira_acionamento"}', tot: 'json' }],
      wires: [['lower']],
    },
    // its portal is gone: the last good copy serves
    { id: 'lower', type: 'ysh-aneel-fetch', ...at, stores: 'stores', portal: 'gone', wires: [['end'], ['end'], []] },
    { id: 'caught', type: 'catch', ...at, scope: ['lower'], wires: [['end']] },
    { id: 'end', type: 'ysh-run-end', ...at, stores: 'stores', tolerance: '1', wires: [['ended'], ['ended']] },
    { id: 'ended', type: 'function', ...at, outputs: 0, func: 'node.warn("ended " + msg.payload.outcome)', wires: [] },
    { id: 'in', type: 'http in', ...at, url: '/pdf', method: 'post', wires: [['pdf']] },
    { id: 'pdf', type: 'ysh-pdf-extract', ...at, stores: 'stores', wires: [['enrich'], ['enrich'], []] },
    {
      ...{ id: 'enrich', type: 'ysh-ollama-enrich', ...at, stores: 'stores', ollama: 'ollama', model: 'stub' },
      ...{ task: 'summarise', wires: [['index'], []] },
    },
    {
      ...{ id: 'index', type: 'ysh-vector-index', ...at, stores: 'stores', ollama: 'ollama', collection: 'normas' },
      ...{ embedder: 'ollama', model: 'bge-m3', wires: [['out'], ['out']] },
    },
    { id: 'out', type: 'http response', ...at, statusCode: '', headers: {}, wires: [] },
    { id: 'wrong', type: 'catch', ...at, scope: ['pdf', 'enrich', 'index'], wires: [['said']] },
    {
      id: 'said',
      type: 'function',
      ...at,
      outputs: 1,
      func: 'msg.statusCode = 500; msg.payload = msg.error; return msg',
      wires: [['out']],
    },
    { id: 'warm', type: 'http in', ...at, url: '/warm', method: 'post', wires: [['cache']] },
    { id: 'cache', type: 'ysh-api-cache', ...at, stores: 'stores', warm: true, wires: [['out'], ['out']] },
    { id: 'yearly', type: 'ysh-run', ...at, stores: 'stores', name: 'Yearly', schedule: '0 3 1 1 *', wires: [[]] },
    { id: 'api', type: 'ysh-api', stores: 'stores' },
    { id: 'rest', type: 'ysh-api-rest', ...at, api: 'api', wires: [[]] },
    {
      ...{ id: 'metrics', type: 'ysh-metrics', ...at, stores: 'stores', path: '/metrics', cloudwatch: 'put' },
      ...{ cloudwatchEndpoint: cloudwatch.url, cloudwatchRegion: 'us-east-1' },
    },
  ]
  const until = async (what: string, condition: () => boolean | Promise<boolean>) => {
    for (let tries = 0; !(await condition()); tries += 1) {
      assert.ok(tries < 200, `${what}: ${red.output().slice(-6_000)}`)
      await sleep(200)
    }
  }
  const post = async (path: string, body: string | Uint8Array<ArrayBuffer>, type: string) => {
    const response = await fetch(`${red.url}${path}`, {
      ...{ method: 'POST', headers: { 'content-type': type }, body, signal: AbortSignal.timeout(60_000) },
    })
    const text = await response.text()
    assert.equal(response.status, 200, `${path}: ${text}`)
  }
  const ask = async (path: string) => {
    const response = await fetch(`${red.url}/api/v1${path}`, { headers: { authorization: `Bearer ${key}` } })
    await response.arrayBuffer()
    return response.status
  }

  before(async () => {
    portal = await startPortal({ datasets: { bandeira_acionamento: 120, bandeira_adicional: 20 } })
    const models = ['stub', { name: 'bge-m3', capabilities: ['embedding'] }]
    ollama = await startOllamaDouble({ models, reply: () => JSON.stringify({ text: 'A tarifa é de 650 kWh.' }) })
    aws = await startAws()
    aws.createBucket('daten')
    cloudwatch = await startCloudWatch()
    red = await startNodeRed({
      flows: flows(),
      credentials: {
        api: { firstKey: key },
        stores: { s3AccessKeyId: anybody.accessKeyId, s3SecretAccessKey: anybody.secretAccessKey },
        metrics: { accessKeyId: 'test', secretAccessKey: 'geheim-7f3a' },
      },
      env: { YSH_INTERNAL_HOSTS: '127.0.0.1' },
    })
    await until('the API', async () => (await ask('/datasets')) === 200)
    const pressed = await fetch(`${red.url}/ysh/ysh-run/run/press`, { method: 'POST' })
    assert.ok(pressed.ok, await pressed.text())
    await until('the run', () => /ended \w+/.test(red.output()))
    await post('/pdf', new Uint8Array(tinyPdf(words)), 'application/octet-stream')
    await post('/warm', '{}', 'application/json')
    for (const path of ['/datasets/aneel.bandeira_acionamento?limit=1', '/datasets/aneel.nada', '/bandeira'])
      await ask(path)
    found = await scrape(`${red.url}/metrics`)
  })
  after(async () => {
    await red?.dispose()
    await portal?.close()
    await ollama?.stop()
    await aws?.stop()
    await cloudwatch?.stop()
  })

  it('each metric of the catalogue is recorded, but for those that need what is not here', () => {
    const never = metricNames.filter((name) => {
      const { prometheus, kind } = declarationOf(name)
      const value = found.find(kind === 'histogram' ? `${prometheus}_count` : prometheus)
      return value === undefined || (kind !== 'gauge' && value === 0)
    })
    assert.deepEqual(never.sort(), Object.keys(notHere).sort())
  })

  it('each query of dashboards and rules finds its metrics and labels in a real scrape', () => {
    const labels = new Map<string, Set<string>>([['up', new Set(['job', 'instance'])]])
    for (const { name, labels: own } of found.samples) {
      const known = labels.get(name) ?? new Set(['job', 'instance'])
      for (const label of Object.keys(own)) known.add(label)
      labels.set(name, known)
    }
    const queries = [...promQueries()]
    assert.ok(queries.length > 80)
    for (const query of queries) {
      const named = namedIn(query)
      assert.deepEqual(
        named.metrics.filter((name) => !labels.has(name)),
        [],
        query,
      )
      const known = new Set(named.metrics.flatMap((name) => [...(labels.get(name) ?? [])]))
      assert.deepEqual(
        named.labels.filter((label) => !known.has(label)),
        [],
        query,
      )
    }
  })

  it('CloudWatch got its ten within a minute, or at the end; dashboard and alarms name no others', async () => {
    await red.stop()
    assert.deepEqual(cloudwatch.violations, [])
    const sent = cloudwatch.data()
    const keys = new Set(sent.map(({ MetricName, Dimensions }) => `${MetricName} ${JSON.stringify(Dimensions)}`))
    assert.equal(keys.size, 10, [...keys].join('\n'))
    const names = new Set(sent.map(({ MetricName }) => MetricName))
    const named = [...dashboardMetrics().map(({ name }) => name), ...alarmMetrics().map(({ name }) => name)]
    assert.deepEqual(
      [...new Set(named)].filter((name) => !names.has(name)),
      [],
    )
    // and the ten are all shown
    assert.deepEqual(
      [...names].filter((name) => !named.includes(name)),
      [],
    )
    const of = (name: string) => sent.filter(({ MetricName }) => MetricName === name)
    const sum = (name: string) =>
      of(name).reduce(
        (all, { Values, Counts }) => all + Values.reduce((part, value, at) => part + value * (Counts[at] ?? 0), 0),
        0,
      )
    assert.equal(sum('api.requests.count'), found.value('ysh_api_requests_total'))
    assert.equal(sum('pipeline.errors.count'), found.value('ysh_pipeline_errors_total'))
    assert.ok(!JSON.stringify(sent).includes('geheim'))
  })
})
