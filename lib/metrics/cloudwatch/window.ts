import type { MetricName } from '../catalogue.ts'
import { declarationOf } from '../catalogue.ts'
import type { Happening, Sink } from '../meter.ts'
import type { Reading } from '../reading.ts'
import { cloudwatchName, cloudwatchUnit, type Datum, togetherOf } from './datum.ts'

/** Most values of one metric in a minute: PutMetricData takes 150, EMF lines 100. */
const mostValues = 100

/** Brings together, over all labels, what happens in a minute. */
export class Window implements Sink {
  readonly #names: ReadonlySet<MetricName>
  #sums = new Map<MetricName, number>()
  #observed = new Map<MetricName, Shape>()

  constructor(names: readonly MetricName[]) {
    this.#names = new Set(names)
  }

  take({ kind, name, labels, value }: Happening): void {
    if (!this.#names.has(name)) return
    if (togetherOf(name) === 'failures') {
      if (/^(done|failed|cancelled)$/.test(labels.outcome ?? ''))
        this.#observe(name, labels.outcome === 'failed' ? 1 : 0)
    } else if (kind === 'counter') this.#sums.set(name, (this.#sums.get(name) ?? 0) + value)
    else this.#observe(name, value)
  }

  /**
   * What there was since the last time, together with what is so now. A counter that stood still is sent as 0, so that an alarm sees the
   * difference between quiet and gone; a histogram that saw nothing is left out.
   */
  drain(readings: readonly Reading[]): Datum[] {
    const data: Datum[] = []
    for (const name of this.#names) {
      const one = (values: readonly number[], counts: readonly number[]) => {
        if (values.length > 0) data.push({ name: cloudwatchName(name), unit: cloudwatchUnit(name), values, counts })
      }
      const read = readings.filter((each) => each.name === name).map(({ value }) => value)
      const seen = this.#observed.get(name)
      if (read.length > 0) one([together(name, read)], [1])
      else if (seen !== undefined) one(seen.values, seen.counts)
      else if (declarationOf(name).kind === 'counter' && togetherOf(name) === 'sum')
        one([this.#sums.get(name) ?? 0], [1])
    }
    this.#sums = new Map()
    this.#observed = new Map()
    return data
  }

  #observe(name: MetricName, value: number): void {
    const known = this.#observed.get(name) ?? new Shape()
    this.#observed.set(name, known)
    known.add(value)
  }
}

/** Values and how often each: to one part in a hundred, and coarser when there are too many different ones. */
class Shape {
  #step = 0.01
  #counts = new Map<number, number>()

  add(value: number): void {
    count(this.#counts, rounded(value, this.#step), 1)
    while (this.#counts.size > mostValues) {
      this.#step *= 2
      const coarser = new Map<number, number>()
      for (const [each, times] of this.#counts) count(coarser, rounded(each, this.#step), times)
      this.#counts = coarser
    }
  }

  get values(): number[] {
    return [...this.#counts.keys()]
  }

  get counts(): number[] {
    return [...this.#counts.values()]
  }
}

function count(counts: Map<number, number>, value: number, times: number): void {
  counts.set(value, (counts.get(value) ?? 0) + times)
}

/** The nearest power of `1 + step`, so that all values are wrong by the same share at most. */
function rounded(value: number, step: number): number {
  if (value <= 0 || value === 1) return Math.max(0, value)
  return Number(((1 + step) ** Math.round(Math.log(value) / Math.log(1 + step))).toPrecision(6))
}

function together(name: MetricName, values: readonly number[]): number {
  const how = togetherOf(name)
  if (how === 'sum') return values.reduce((sum, value) => sum + value, 0)
  return how === 'min' ? Math.min(...values) : Math.max(...values)
}
