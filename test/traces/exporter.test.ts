import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { PipelineError } from '../../lib/errors.ts'
import { otlpConfig, sampled } from '../../lib/traces/otlp/config.ts'
import { type Exporter, openExporter } from '../../lib/traces/otlp/exporter.ts'
import { runPlace, spans } from '../../lib/traces/spans.ts'
import { attributeOf, startCollector } from './collector.ts'

const logged: string[] = []
const say = (message: string) => void logged.push(message)
const log = { debug: say, info: say, warn: say, error: say }

describe('traces', () => {
  let collector: Awaited<ReturnType<typeof startCollector>>
  let exporter: Exporter | undefined
  before(async () => {
    collector = await startCollector()
  })
  after(() => collector?.stop())
  afterEach(async () => {
    await exporter?.close()
    collector.spans.length = 0
    collector.faults.length = 0
    logged.length = 0
  })
  const open = (env: Record<string, string> = {}) => {
    const config = otlpConfig(
      { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: '60000', ...env },
      '1.2.3',
    )
    assert.ok(config !== undefined)
    exporter = openExporter(config, '1.2.3', log)
    return exporter
  }
  const work = (name: string, run = 'a') => spans.within({ name, parent: runPlace(run) }, async () => 1)

  it('nest through awaits, carry codes and no words, and are of the protocol', async () => {
    const opened = open({
      ...{ OTEL_EXPORTER_OTLP_HEADERS: 'x-key=ge%20heim', OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' },
      ...{ OTEL_SERVICE_NAME: 'daten', OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=prova' },
    })
    await spans.within({ name: 'outer', parent: runPlace('a') }, async () => {
      await sleep(5)
      await spans
        .within({ name: 'inner', kind: 'client' }, async (note) => {
          note({ 'http.response.status_code': 500, ratio: 0.5, yes: true })
          throw new PipelineError('HTTP_500', 'with a secret in it')
        })
        .catch(() => undefined)
    })
    await spans.within({ name: 'nobody', kind: 'client' }, async () => undefined)
    await opened.flush()
    assert.deepEqual(collector.violations, [])
    const [inner, outer, ...more] = collector.spans
    assert.ok(inner !== undefined && outer !== undefined && more.length === 0)
    assert.deepEqual([inner.name, outer.name, inner.kind], ['inner', 'outer', 3])
    assert.equal(inner.parentSpanId, outer.spanId)
    assert.equal(outer.parentSpanId, runPlace('a').spanId)
    assert.equal(inner.traceId, runPlace('a').traceId)
    assert.deepEqual([inner.status, outer.status], [{ code: 2, message: 'HTTP_500' }, {}])
    assert.equal(attributeOf(inner, 'http.response.status_code'), '500')
    assert.equal(attributeOf(inner, 'error.type'), 'HTTP_500')
    assert.ok(!JSON.stringify(collector.spans).includes('secret'))
    assert.ok(BigInt(outer.startTimeUnixNano) <= BigInt(inner.startTimeUnixNano))
    assert.ok(BigInt(outer.endTimeUnixNano) >= BigInt(inner.endTimeUnixNano))
    assert.ok(Math.abs(Number(BigInt(outer.endTimeUnixNano) / 1_000_000n) - Date.now()) < 10_000)
    assert.equal(collector.heads.at(-1)?.['x-key'], 'ge heim')
    assert.deepEqual(collector.resources.at(-1), {
      ...{ 'service.name': 'daten', 'service.version': '1.2.3', 'deployment.environment.name': 'prova' },
    })
  })

  it('a share of the traces is the same share everywhere', async () => {
    const opened = open({ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.25' })
    for (let run = 0; run < 400; run += 1) await work('step', `run ${run}`)
    await opened.flush()
    const kept = new Set(collector.spans.map(({ traceId }) => traceId))
    assert.ok(kept.size > 60 && kept.size < 140, String(kept.size))
    for (let run = 0; run < 400; run += 1) {
      const { traceId } = runPlace(`run ${run}`)
      assert.equal(kept.has(traceId), sampled(traceId, 0.25))
    }
  })

  it('a collector that is gone or hangs delays nobody; the queue has a bound', async () => {
    const opened = open({ OTEL_BSP_MAX_QUEUE_SIZE: '100', OTEL_EXPORTER_OTLP_TIMEOUT: '200' })
    collector.faults.push(0, 503)
    const flushed = opened.flush()
    const began = performance.now()
    for (let count = 0; count < 500; count += 1) await work(`s${count}`)
    await opened.flush()
    await opened.flush()
    assert.ok(performance.now() - began < 2_000)
    await flushed
    assert.equal(logged.filter((line) => /could not be sent/.test(line)).length, 1)
    await opened.flush()
    assert.equal(collector.spans.length, 100)
    assert.ok(logged.some((line) => /again/.test(line)))
    collector.faults.push(400)
    await work('refused')
    await opened.flush()
    await opened.flush()
    assert.equal(collector.spans.filter(({ name }) => name === 'refused').length, 0)
  })

  it('are off without an endpoint, and wrong settings are said', () => {
    assert.equal(otlpConfig({}, '1'), undefined)
    assert.equal(otlpConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://x', OTEL_SDK_DISABLED: 'true' }, '1'), undefined)
    assert.equal(otlpConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://x:4318/' }, '1')?.url, 'http://x:4318/v1/traces')
    assert.equal(otlpConfig({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://x/own' }, '1')?.url, 'http://x/own')
    for (const wrong of [
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' },
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://x', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://x', OTEL_TRACES_SAMPLER: 'some' },
    ])
      assert.throws(() => otlpConfig(wrong, '1'), { code: 'TRACES_CONFIG' })
  })
})
