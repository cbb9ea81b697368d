import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type FlowNode, type NodeRed, startNodeRed } from '../helpers/node-red.ts'
import { type Portal, startPortal } from '../portal/server.ts'
import { attributeOf, type Received, startCollector } from './collector.ts'

const at = { z: 'tab', x: 100, y: 100, stores: 'stores' }
const dataset = 'aneel.bandeira_acionamento'

describe('a traced run in Node-RED', { timeout: 240_000 }, () => {
  let portal: Portal
  let collector: Awaited<ReturnType<typeof startCollector>>
  let red: NodeRed
  const flows = (): FlowNode[] => [
    { id: 'tab', type: 'tab' },
    { id: 'stores', type: 'ysh-stores', folder: '', allowAddresses: ['127.0.0.1'] },
    { id: 'portal', type: 'ysh-aneel-portal', url: `${portal.url}`, tries: 2, backoffMs: 5 },
    { id: 'api', type: 'ysh-api', root: '/api/v1', stores: 'stores' },
    { id: 'rest', type: 'ysh-api-rest', z: 'tab', x: 100, y: 200, api: 'api', wires: [[]] },
    { id: 'run', type: 'ysh-run', ...at, name: 'Two steps', wires: [['fetch']] },
    { id: 'fetch', type: 'ysh-aneel-fetch', ...at, portal: 'portal', dataset, wires: [['ask'], ['ask'], []] },
    {
      id: 'ask',
      type: 'change',
      ...at,
      rules: [{ t: 'set', p: 'payload', pt: 'msg', to: '{"dataset":"aneel.nada"}', tot: 'json' }],
      wires: [['query']],
    },
    { id: 'query', type: 'ysh-dataset-query', ...at, limit: 3, wires: [[], ['end']] },
    { id: 'catch', type: 'catch', ...at, scope: ['query'], wires: [['end']] },
    { id: 'end', type: 'ysh-run-end', ...at, wires: [['told'], ['told']] },
    { id: 'told', type: 'function', ...at, outputs: 0, func: 'node.warn("ended " + msg.payload.outcome)', wires: [] },
  ]
  const press = async (times: number) => {
    const pressed = await fetch(`${red.url}/ysh/ysh-run/run/press`, { method: 'POST' })
    assert.ok(pressed.ok, await pressed.text())
    for (let tries = 0; red.output().split(/ended \w+/).length - 1 < times; tries += 1) {
      assert.ok(tries < 200, red.output())
      await sleep(200)
    }
  }

  before(async () => {
    portal = await startPortal({ datasets: { bandeira_acionamento: 120 } })
    collector = await startCollector()
    red = await startNodeRed({
      flows: flows(),
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_BSP_SCHEDULE_DELAY: '200',
        OTEL_EXPORTER_OTLP_TIMEOUT: '500',
      },
    })
  })
  after(async () => {
    await red?.dispose()
    await portal?.close()
    await collector?.stop()
  })

  it('is one trace: the run, its steps, their requests and the load, within each other', async () => {
    await press(1)
    const root = () => collector.spans.find(({ name }) => name === 'run Two steps')
    for (let tries = 0; root() === undefined; tries += 1) {
      assert.ok(tries < 50, JSON.stringify(collector.spans))
      await sleep(200)
    }
    assert.deepEqual(collector.violations, [])
    const run = root()
    assert.ok(run !== undefined)
    const { spans } = collector
    assert.deepEqual(new Set(spans.map(({ traceId }) => traceId)), new Set([run.traceId]))
    const byId = new Map(spans.map((span) => [span.spanId, span]))
    assert.equal(byId.size, spans.length)
    const children = (of: Received) => spans.filter(({ parentSpanId }) => parentSpanId === of.spanId)
    assert.equal(run.parentSpanId, undefined)
    assert.equal(attributeOf(run, 'ysh.run.state'), 'failed')
    // the tree of spans is the tree of steps
    const steps = children(run)
    assert.deepEqual(
      steps.map((step) => [step.name, attributeOf(step, 'ysh.node.id'), attributeOf(step, 'error.type')]),
      [
        ['aneel-fetch', 'fetch', undefined],
        ['dataset-query', 'query', 'NO_COPY'],
      ],
    )
    const [fetched] = steps
    assert.ok(fetched !== undefined)
    const below = children(fetched)
    const requests = below.filter(({ name }) => name === 'GET')
    assert.ok(requests.length >= 2)
    for (const request of requests) {
      assert.equal(attributeOf(request, 'server.address'), '127.0.0.1')
      assert.equal(attributeOf(request, 'http.response.status_code'), '200')
      assert.ok(!String(attributeOf(request, 'url.full')).includes('?'))
    }
    assert.deepEqual(
      below.filter(({ name }) => name !== 'GET').map(({ name }) => name),
      [`COPY ${dataset}`],
    )
    for (const span of spans) {
      const parent = byId.get(span.parentSpanId ?? '')
      if (span !== run) assert.ok(parent !== undefined, span.name)
      if (parent === undefined) continue
      const early = BigInt(parent.startTimeUnixNano) - BigInt(span.startTimeUnixNano)
      const late = BigInt(span.endTimeUnixNano) - BigInt(parent.endTimeUnixNano)
      // two clocks, read one after the other
      assert.ok(early <= 5_000_000n && late <= 5_000_000n, `${span.name}: ${early} ${late}`)
    }
    assert.equal(collector.resources[0]?.['service.name'], 'ysh-pipeline')
  })

  it('goes on with the trace of who asks the API, and says in the answer which it is', async () => {
    const ask = async (path: string, given?: string) => {
      const headers: Record<string, string> = given === undefined ? {} : { traceparent: given }
      const answer = await fetch(`${red.url}/api/v1${path}`, { headers, signal: AbortSignal.timeout(30_000) })
      const [, trace = '', span = '', flags] = answer.headers.get('traceparent')?.split('-') ?? []
      return { trace, span, flags, status: answer.status }
    }
    const spanOf = async (id: string) => {
      for (let tries = 0; tries < 100; tries += 1) {
        const found = collector.spans.find(({ spanId }) => spanId === id)
        if (found !== undefined) return found
        await sleep(100)
      }
      throw new Error(`never: ${id}`)
    }
    const [trace, parent] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7']
    const mine = await ask('/openapi.json', `00-${trace}-${parent}-01`)
    assert.deepEqual([mine.status, mine.trace, mine.flags], [200, trace, '01'])
    const span = await spanOf(mine.span)
    assert.deepEqual([span.traceId, span.parentSpanId, span.kind], [trace, parent, 2])
    assert.equal(span.name, 'GET /openapi.json')
    assert.equal(attributeOf(span, 'http.response.status_code'), '200')

    const refused = await ask('/datasets/aneel.siga?nothing=secret', 'no-traceparent')
    assert.deepEqual([refused.status, refused.flags], [401, '01'])
    assert.notEqual(refused.trace, trace)
    const other = await spanOf(refused.span)
    assert.deepEqual([other.parentSpanId, other.name, other.status], [undefined, 'GET /datasets/{name}', {}])

    // what its sender does not record is not recorded here
    const quiet = await ask('/openapi.json', `00-${trace}-${parent}-00`)
    assert.deepEqual([quiet.trace, quiet.flags], [trace, '00'])
    await spanOf((await ask('/openapi.json')).span)
    assert.equal(
      collector.spans.some(({ spanId }) => spanId === quiet.span),
      false,
    )
    assert.deepEqual(collector.violations, [])
  })

  it('runs as well when the collector is gone, and ends as fast', async () => {
    await collector.stop()
    await press(2)
    const { milliseconds } = await red.stop()
    assert.ok(milliseconds < 12_000, String(milliseconds))
    assert.match(red.output(), /Traces could not be sent/)
  })
})
