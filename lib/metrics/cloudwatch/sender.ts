import { PipelineError } from '../../errors.ts'
import type { Logger } from '../../steps/step.ts'
import { endAfter } from '../../stopped.ts'
import type { AwsOptions } from '../../stores/aws/config.ts'
import { declarationOf, type MetricName, metricNames } from '../catalogue.ts'
import { meter } from '../meter.ts'
import { readAll, type Source } from '../reading.ts'
import { type Batch, freeMetrics, metricPrice } from './datum.ts'
import { emfLines, toFile, toStdout } from './emf.ts'
import { Putter } from './put.ts'
import { Window } from './window.ts'

/** How metrics go to CloudWatch. */
export interface CloudWatchOptions {
  /** `emf`: lines that an agent or Lambda reads; `put`: requests. */
  way: 'emf' | 'put'
  /** Value of the dimension `Pipeline`. */
  pipeline: string
  /** For lines; blank is standard output. */
  file: string
  aws: AwsOptions
  /** Metrics by their dotted names besides the ten; each has a price. */
  more: readonly string[]
  sources: readonly Source[]
  log: Logger
  /** Milliseconds; 60,000 but for tests. 0: only `flush` sends, for Lambda. */
  periodMs?: number
  now?: () => number
}

/** An hour of what could not be sent is kept; the oldest goes first. */
const mostKept = 60
const flushMs = 30_000
const closeMs = 3_000
/** After failures in a row so many periods are let pass. */
const longestPause = 15

/** Sends what happens in this process to CloudWatch, once a minute. */
export interface CloudWatchSender {
  /** Sends what there is. Never rejects: what could not be sent is kept for the next time, and the log says so once. */
  flush(signal?: AbortSignal): Promise<void>
  /** Sends once more, within 3 s. */
  close(): Promise<void>
}

/** The names that are sent: the ten of the catalogue, and more. Throws CONFIG for a name that there is not. */
export function chosenNames(more: readonly string[]): MetricName[] {
  const extra = more.map((given) => {
    const name = metricNames.find((each) => each === given)
    if (name === undefined) throw new PipelineError('CONFIG', `There is no metric ${given}: docs/metrics.md has all`)
    return name
  })
  return [...new Set([...metricNames.filter((name) => declarationOf(name).cloudwatch !== undefined), ...extra])]
}

/** What the metrics beyond the free ones cost, in words; undefined when there are none. */
export function priceOf(names: readonly MetricName[]): string | undefined {
  const beyond = names.length - freeMetrics
  if (beyond <= 0) return undefined
  return `${names.length} custom metrics of CloudWatch: ${beyond} more than are free, about $${(beyond * metricPrice).toFixed(2)} a month for each pipeline`
}

/** Begins to send. Throws CONFIG for names of metrics that there are not, STORE_CONFIG for an endpoint that is none. */
export function openCloudWatch(options: CloudWatchOptions): CloudWatchSender {
  const { way, pipeline, file, aws, more, sources, log, periodMs = 60_000, now = Date.now } = options
  const names = chosenNames(more)
  const price = priceOf(names)
  if (price !== undefined) log.warn(price)
  const window = new Window(names)
  const detach = meter.attach(window)
  const putter = new Putter(aws)
  const write = file === '' ? async (lines: readonly string[]) => toStdout(lines) : toFile(file)
  const kept: Batch[] = []
  let failures = 0
  let pause = 0
  let busy: Promise<void> = Promise.resolve()

  const deliver = async (signal: AbortSignal) => {
    if (way === 'put') await putter.send(kept, signal)
    else for (const batch of kept) await write(emfLines(batch), signal)
    kept.length = 0
  }
  const once = async (signal: AbortSignal, patient: boolean) => {
    const readings = await readAll(sources)
    const data = window.drain(readings)
    if (data.length > 0) kept.push({ at: now(), pipeline, data })
    if (kept.length > mostKept) kept.splice(0, kept.length - mostKept)
    if (patient && pause > 0) {
      pause -= 1
      return
    }
    try {
      await deliver(signal)
      if (failures > 0) log.info('The metrics go to CloudWatch again')
      failures = 0
    } catch (thrown) {
      const error = PipelineError.from(thrown)
      // what AWS calls wrong will be wrong again
      if (!error.retryable && error.code === 'CLOUDWATCH_FAILED') kept.length = 0
      if (failures === 0) log.warn('The metrics could not be sent to CloudWatch; an hour of them is kept', { error })
      failures += 1
      pause = Math.min(longestPause, 2 ** (failures - 1) - 1)
    }
  }
  const flush = (signal: AbortSignal, patient: boolean) => {
    busy = busy
      .then(() => once(signal, patient))
      .catch((thrown: unknown) => {
        log.error('The metrics could not be put together', { error: PipelineError.from(thrown) })
      })
    return busy
  }
  let waiting = false
  const timer =
    periodMs === 0
      ? undefined
      : setInterval(() => {
          if (waiting) return // the one before still waits for its deadline
          waiting = true
          void flush(endAfter(flushMs), true).finally(() => {
            waiting = false
          })
        }, periodMs).unref()
  return {
    flush: (signal = endAfter(flushMs)) => flush(signal, false),
    async close() {
      clearInterval(timer)
      detach()
      const late = new Promise<void>((resolve) => setTimeout(resolve, closeMs + 500).unref())
      await Promise.race([flush(endAfter(closeMs), false), late])
      putter.close()
    },
  }
}
