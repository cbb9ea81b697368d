import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, describe, it } from 'node:test'
import { cloudWatchFrom } from '../../../lib/metrics/cloudwatch/environment.ts'
import {
  type CloudWatchOptions,
  type CloudWatchSender,
  chosenNames,
  openCloudWatch,
  priceOf,
} from '../../../lib/metrics/cloudwatch/sender.ts'
import { meter } from '../../../lib/metrics/meter.ts'
import { reading } from '../../../lib/metrics/reading.ts'
import { startCloudWatch } from './cloudwatch-double.ts'
import { readEmf } from './emf-schema.ts'

const logged: string[] = []
const say = (message: string) => void logged.push(message)
const log = { debug: say, info: say, warn: say, error: say }
let clock = Date.UTC(2026, 0, 1)
let sender: CloudWatchSender | undefined

const open = (options: Partial<CloudWatchOptions>) => {
  sender = openCloudWatch({
    ...{ way: 'emf', pipeline: 'ysh', file: '', aws: {}, more: [], sources: [], log, periodMs: 0, now: () => clock },
    ...options,
  })
  return sender
}
/** One busy minute: many flows, datasets, codes, hosts. */
function busyMinute(minute: number): void {
  for (let flow = 0; flow < 12; flow += 1) {
    meter.add('pipeline.runs.count', { flow: `f${flow}`, outcome: 'started' })
    meter.add('pipeline.runs.count', { flow: `f${flow}`, outcome: flow === 0 ? 'failed' : 'done' })
    meter.observe(
      'pipeline.execution.duration',
      { flow: `f${flow}`, outcome: 'done' },
      1 + ((minute * 7 + flow) % 500) / 3,
    )
    meter.add('pipeline.errors.code', { code: `CODE_${flow}` })
  }
  for (const where of ['step', 'node', 'api', 'delivery']) meter.add('pipeline.errors.count', { where })
  for (const status of ['2xx', '4xx', '5xx']) meter.add('api.requests.count', { surface: 'rest', status }, 100)
  for (const kind of ['row', 'chunk']) meter.add('pipeline.items.processed', { kind, outcome: 'done' }, 50)
}
const sources = [
  () => [
    reading('dataset.check.age', { dataset: 'a' }, 100),
    reading('dataset.check.age', { dataset: 'b' }, 900),
    reading('store.up', { store: 'postgres' }, 1),
    reading('store.up', { store: 'redis' }, 0),
    reading('process.memory.rss', { process: 'node-red' }, 1_000),
    reading('process.memory.rss', { process: 'database' }, 500),
    reading('api.latency.p99', {}, 0.5),
    reading('cost.dollars.day', {}, 0.25),
    reading('disk.free', {}, 7),
  ],
]
afterEach(async () => {
  await sender?.close()
  sender = undefined
  logged.length = 0
})

describe('CloudWatch by lines', () => {
  it('a busy day has at most ten metrics, each line is of the format, and sums are right', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ysh-emf-'))
    try {
      const file = join(folder, 'metrics.log')
      const opened = open({ file, sources })
      const minutes = 24 * 60
      for (let minute = 0; minute < minutes; minute += 1) {
        busyMinute(minute)
        clock += 60_000
        await opened.flush()
      }
      const lines = [`${file}.1`, file].flatMap((each) => {
        try {
          return readFileSync(each, 'utf8').trim().split('\n')
        } catch {
          return []
        }
      })
      const read = lines.map(readEmf)
      const metrics = read.flatMap((each) => each.metrics)
      const keys = [...new Set(metrics.map(({ key }) => key))].sort()
      assert.equal(keys.length, 10, keys.join('\n'))
      assert.ok(keys.every((key) => /^YSH\/Pipeline [a-z0-9._]+ Pipeline=ysh$/.test(key)))
      const of = (name: string) =>
        metrics.filter(({ key }) => key.includes(` ${name} `)).flatMap(({ values }) => values)
      const sum = (name: string) => of(name).reduce((total, value) => total + value, 0)
      assert.equal(new Set(read.map(({ line }) => line._aws.Timestamp)).size, minutes)
      assert.equal(sum('pipeline.errors.count'), 4 * minutes)
      assert.equal(sum('api.requests.count'), 300 * minutes)
      // of ended runs: the average is the failure rate
      assert.equal(of('pipeline.runs.failed').length, 12 * minutes)
      assert.equal(sum('pipeline.runs.failed'), minutes)
      assert.equal(of('pipeline.execution.duration').length, 12 * minutes)
      assert.deepEqual(new Set(of('dataset.check.age')), new Set([900]))
      assert.deepEqual(new Set(of('store.up')), new Set([0]))
      assert.deepEqual(new Set(of('process.memory.rss')), new Set([1_500]))
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it('more metrics only when they are named, and the price is said', () => {
    assert.equal(chosenNames([]).length, 10)
    assert.equal(priceOf(chosenNames([])), undefined)
    open({ file: '/dev/null', more: ['disk.free', 'dataset.rows'] })
    assert.match(logged.join(), /12 custom metrics of CloudWatch: 2 more than are free, about \$0\.60 a month/)
    assert.throws(() => chosenNames(['disk.fre']), { code: 'CONFIG' })
  })

  it('a folder that is not there is said once, and holds nobody up', async () => {
    const opened = open({ file: '/nowhere/at/all/metrics.log', sources })
    await opened.flush()
    await opened.flush()
    assert.equal(logged.filter((line) => /could not be sent/.test(line)).length, 1)
  })

  it('the environment can switch it on', () => {
    assert.equal(cloudWatchFrom({}), undefined)
    assert.deepEqual(cloudWatchFrom({ YSH_CLOUDWATCH: 'emf', YSH_CLOUDWATCH_MORE: 'disk.free, ' }), {
      ...{ way: 'emf', pipeline: 'ysh', file: '', more: ['disk.free'], aws: {} },
    })
    assert.throws(() => cloudWatchFrom({ YSH_CLOUDWATCH: 'yes' }), { code: 'CONFIG' })
  })
})

describe('CloudWatch by requests', () => {
  let double: Awaited<ReturnType<typeof startCloudWatch>>
  before(async () => {
    double = await startCloudWatch()
  })
  after(() => double?.stop())
  const aws = () => ({ endpoint: double.url, region: 'sa-east-1', accessKeyId: 'test', secretAccessKey: 'geheim-7f3a' })

  it('sends values with counts in one gzip request, so that a percentile can be asked for', async () => {
    const opened = open({ way: 'put', aws: aws(), sources })
    for (let one = 1; one <= 1_000; one += 1)
      meter.observe('pipeline.execution.duration', { flow: 'a', outcome: 'done' }, one / 10)
    await opened.flush()
    assert.deepEqual([double.requests.length, double.requests[0]?.gzip, double.violations], [1, true, []])
    const sent = double.data().find(({ MetricName }) => MetricName === 'pipeline.execution.duration')
    assert.ok(sent !== undefined && sent.Values.length <= 100)
    assert.equal(
      sent.Counts.reduce((total, count) => total + count, 0),
      1_000,
    )
    const sorted = sent.Values.map((value, index) => ({ value, count: sent.Counts[index] ?? 0 })).sort(
      (a, b) => a.value - b.value,
    )
    let seen = 0
    const p99 =
      sorted.find(({ count }) => {
        seen += count
        return seen >= 990
      })?.value ?? 0
    assert.ok(Math.abs(p99 - 99) < 5, String(p99))
  })

  it('keeps what could not be sent, with its own time, and sends it when AWS is back', async () => {
    const opened = open({ way: 'put', aws: aws(), sources })
    const before = double.data().length
    const times = []
    for (let minute = 0; minute < 70; minute += 1) {
      double.faults.push({ status: 503, type: 'ServiceUnavailable' })
      clock += 60_000
      times.push(clock / 1_000)
      await opened.flush()
    }
    double.faults.length = 0
    clock += 60_000
    await opened.flush()
    const late = double.data().slice(before)
    const seen = [...new Set(late.map(({ Timestamp }) => Timestamp))]
    assert.equal(seen.length, 60) // an hour, the oldest gone
    assert.ok(seen.includes(times.at(-1) ?? 0) && !seen.includes(times[0] ?? 0))
    assert.deepEqual(double.violations, [])
    assert.equal(logged.filter((line) => /could not be sent/.test(line)).length, 1)
    assert.equal(logged.filter((line) => /again/.test(line)).length, 1)
  })

  it('a CloudWatch that says nothing holds up neither the next minute nor the end', async () => {
    const opened = open({ way: 'put', aws: aws(), sources })
    double.faults.push('hang', 'hang')
    await opened.flush(AbortSignal.timeout(200))
    const began = performance.now()
    await opened.close()
    assert.ok(performance.now() - began < 5_000)
    double.faults.length = 0
  })

  it('what AWS calls wrong is not sent for ever; a missing right is', async () => {
    const opened = open({ way: 'put', aws: aws(), sources })
    const before = double.data().length
    double.faults.push({ status: 400, type: 'InvalidParameterValueException' })
    await opened.flush()
    double.faults.push({ status: 403, type: 'AccessDenied' })
    await opened.flush()
    await opened.flush()
    const late = double.data().slice(before)
    assert.equal(late.filter(({ MetricName }) => MetricName === 'store.up').length, 2)
  })
})
