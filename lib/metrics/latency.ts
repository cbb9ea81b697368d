import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'
import type { Happening, Sink } from './meter.ts'
import { type Reading, reading } from './reading.ts'

/** The window and the parts in which it moves on. */
const minutes = 5
const minuteMs = 60_000
/** Microseconds; what takes longer counts as an hour. */
const longestUs = 3_600_000_000

interface Part {
  minute: number
  histogram: RecordableHistogram
}

/** The 99th percentile of the API's latency over the last minutes, to about one part in a hundred, in memory that does not grow. */
export class LatencyWindow implements Sink {
  readonly #now: () => number
  readonly #parts: Part[] = []

  /** `now`: monotonic milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  take({ name, value }: Happening): void {
    if (name !== 'api.request.duration') return
    const us = Math.min(longestUs, Math.max(1, Math.round(value * 1_000_000)))
    this.#part().histogram.record(us)
  }

  /** In seconds; 0 without any answer in the window. */
  percentile(percent: number): number {
    const whole = createHistogram({ lowest: 1, highest: longestUs, figures: 2 })
    const oldest = this.#minute() - minutes
    for (const { minute, histogram } of this.#parts) if (minute > oldest) whole.add(histogram)
    return whole.count === 0 ? 0 : whole.percentile(percent) / 1_000_000
  }

  readings(): Reading[] {
    return [reading('api.latency.p99', {}, this.percentile(99))]
  }

  #minute(): number {
    return Math.floor(this.#now() / minuteMs)
  }

  #part(): Part {
    const minute = this.#minute()
    const last = this.#parts.at(-1)
    if (last?.minute === minute) return last
    const part = { minute, histogram: createHistogram({ lowest: 1, highest: longestUs, figures: 2 }) }
    this.#parts.push(part)
    if (this.#parts.length > minutes) this.#parts.shift()
    return part
  }
}
