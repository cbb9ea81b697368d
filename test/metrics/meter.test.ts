import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { hostClassOf } from '../../lib/metrics/host-class.ts'
import { LatencyWindow } from '../../lib/metrics/latency.ts'
import { type Happening, Meter, meter } from '../../lib/metrics/meter.ts'
import { parsePrices } from '../../lib/metrics/prices.ts'
import { Prometheus } from '../../lib/metrics/prometheus/exposition.ts'
import { readAll, reading } from '../../lib/metrics/reading.ts'
import { setPrices, spend, spendReadings } from '../../lib/metrics/spend.ts'

describe('the meter', () => {
  const heardBy = (own: Meter): Happening[] => {
    const heard: Happening[] = []
    own.attach({ take: (one) => heard.push(one) })
    return heard
  }

  it('keeps labels within their bounds: lists, and the first so many', () => {
    const own = new Meter()
    const heard = heardBy(own)
    for (let flow = 0; flow < 60; flow += 1) own.add('pipeline.runs.count', { flow: `flow ${flow}`, outcome: 'done' })
    own.add('pipeline.runs.count', { flow: 'flow 3', outcome: 'exploded' })
    const flows = heard.map(({ labels }) => labels.flow)
    assert.equal(new Set(flows).size, 51)
    assert.deepEqual([flows[49], flows[50], flows[59]], ['flow 49', 'other', 'other'])
    assert.deepEqual(heard.at(-1)?.labels, { flow: 'flow 3', outcome: 'other' })
  })

  it('never breaks what it counts: a sink that throws, a value that is no number', () => {
    const own = new Meter()
    own.attach({
      take() {
        throw new Error('full')
      },
    })
    const heard = heardBy(own)
    own.add('model.embeddings', {}, 3)
    own.add('model.embeddings', {}, Number.NaN)
    own.observe('model.duration', { work: 'chat' }, Number.POSITIVE_INFINITY)
    assert.deepEqual(
      heard.map(({ value }) => value),
      [3],
    )
  })

  it('tells nobody that has gone', () => {
    const own = new Meter()
    const heard: Happening[] = []
    const leave = own.attach({ take: (one) => heard.push(one) })
    leave()
    own.add('model.embeddings', {})
    assert.deepEqual(heard, [])
  })
})

describe('readings', () => {
  it('that fall together are the highest of them, and what is no number is left out', async () => {
    const many = Array.from({ length: 120 }, (_, place) =>
      reading('dataset.rows', { dataset: `bound.d${place}` }, place),
    )
    const found = await readAll([() => many, () => [reading('disk.free', {}, Number.NaN), reading('disk.size', {}, 7)]])
    assert.equal(found.filter(({ name }) => name === 'dataset.rows').length, 101)
    assert.equal(found.find(({ labels }) => labels.dataset === 'other')?.value, 119)
    assert.deepEqual(found.at(-1), { name: 'disk.size', labels: {}, value: 7 })
  })
})

describe("the API's latency", () => {
  it('is right to one in a hundred for a known load, and forgets after five minutes', () => {
    let now = 0
    const window = new LatencyWindow(() => now)
    const take = (seconds: number) =>
      window.take({ kind: 'histogram', name: 'api.request.duration', labels: {}, value: seconds })
    assert.equal(window.percentile(99), 0)
    // 1 to 1,000 ms, each as often, in another order, over four minutes
    for (let place = 0; place < 1_000; place += 1) {
      now = place * 240
      take((((place * 617) % 1_000) + 1) / 1_000)
    }
    assert.ok(Math.abs(window.percentile(99) - 0.99) < 0.01, String(window.percentile(99)))
    assert.ok(Math.abs(window.percentile(50) - 0.5) < 0.01, String(window.percentile(50)))
    now = 9.5 * 60_000
    take(0.002)
    assert.ok(Math.abs(window.percentile(99) - 0.002) < 0.0001, String(window.percentile(99)))
  })
})

describe('cost', () => {
  it('is counted by price, in a day that moves on', () => {
    const hour = 3_600_000
    setPrices(parsePrices(['sns_publish = 0.5']))
    spend('sns_publish', 4, 0)
    spend('model_answer_token', 1_000, 0) // free on a machine of one's own
    spend('s3_write', 1_000, 23 * hour)
    const day = (now: number) => spendReadings(now)[0]?.value ?? -1
    assert.ok(Math.abs(day(23 * hour) - 2.005) < 1e-9)
    assert.ok(Math.abs(day(24 * hour) - 0.005) < 1e-9)
    assert.equal(day(47 * hour), 0)
    setPrices({})
  })

  it('refuses prices that are none', () => {
    for (const entry of ['gold=1', 's3_read', 's3_read=', 's3_read=-1', 's3_read=cheap']) {
      assert.throws(() => parsePrices([entry]), { code: 'CONFIG' })
    }
  })
})

describe("Prometheus's exposition", () => {
  it('says the same in both formats, again and again', async () => {
    const prometheus = new Prometheus()
    const leave = meter.attach(prometheus)
    meter.add('model.embeddings', {}, 5)
    meter.observe('model.duration', { work: 'chat' }, 0.7)
    leave()
    const sources = [() => [reading('disk.free', {}, 12), reading('process.cpu', {}, 1.5)]]
    const first = await prometheus.scrape(sources, false)
    const open = await prometheus.scrape(sources, true)
    const second = await prometheus.scrape(sources, false)
    assert.equal(first.text, second.text)
    assert.match(first.contentType, /^text\/plain; version=0\.0\.4/)
    assert.match(open.contentType, /^application\/openmetrics-text; version=1\.0\.0/)
    assert.ok(open.text.endsWith('\n# EOF\n'))
    for (const { text } of [first, open]) {
      assert.match(text, /^ysh_model_embeddings_total 5$/m)
      assert.match(text, /^ysh_process_cpu_seconds_total 1\.5$/m)
      assert.match(text, /^ysh_disk_free_bytes 12$/m)
      assert.match(text, /^ysh_model_duration_seconds_bucket\{le="1",work="chat"\} 1$/m)
      assert.match(text, /^ysh_pipeline_errors_total\{where="step"\} 0$/m)
    }
    assert.match(first.text, /^# TYPE ysh_model_embeddings_total counter$/m)
    assert.match(open.text, /^# TYPE ysh_model_embeddings counter$/m)
  })

  it('begins series at 0, so that a first rise is one', async () => {
    const prometheus = new Prometheus()
    prometheus.expect('pipeline.runs.count', { flow: 'Daily' })
    prometheus.expect('pipeline.runs.count', { flow: 'Daily' })
    const { text } = await prometheus.scrape([], false)
    for (const outcome of ['started', 'done', 'failed']) {
      assert.match(text, new RegExp(`^ysh_pipeline_runs_total\\{flow="Daily",outcome="${outcome}"\\} 0$`, 'm'))
    }
  })
})

describe('the class of a host', () => {
  it('is told by its name', () => {
    const classes = {
      'dadosabertos.aneel.gov.br': 'aneel',
      'www.gov.br': 'government',
      'notaneel.example': 'other',
      'aneel.gov.br.example': 'other',
      '127.0.0.1': 'internal',
      '[::1]': 'internal',
      ollama: 'internal',
      'api.example.com': 'other',
    }
    for (const [host, wanted] of Object.entries(classes)) assert.equal(hostClassOf(host), wanted, host)
  })
})
