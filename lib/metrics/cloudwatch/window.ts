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
  #observed = new Map<MetricName, Map<number, number>>()

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
      else if (seen !== undefined) one([...seen.keys()], [...seen.values()])
      else if (declarationOf(name).kind === 'counter' && togetherOf(name) === 'sum')
        one([this.#sums.get(name) ?? 0], [1])
    }
    this.#sums = new Map()
    this.#observed = new Map()
    return data
  }

  #observe(name: MetricName, value: number): void {
    const known = this.#observed.get(name) ?? new Map<number, number>()
    this.#observed.set(name, known)
    let rounded = round(value)
    // no room for another value: the nearest one that is there
    if (!known.has(rounded) && known.size >= mostValues) rounded = nearest(known.keys(), rounded)
    known.set(rounded, (known.get(rounded) ?? 0) + 1)
  }
}

function together(name: MetricName, values: readonly number[]): number {
  const how = togetherOf(name)
  if (how === 'sum') return values.reduce((sum, value) => sum + value, 0)
  return how === 'min' ? Math.min(...values) : Math.max(...values)
}

/** To one part in a hundred. */
const round = (value: number) => Number(value.toPrecision(2))

function nearest(values: Iterable<number>, wanted: number): number {
  let found = wanted
  let apart = Number.POSITIVE_INFINITY
  for (const value of values) {
    if (Math.abs(value - wanted) >= apart) continue
    apart = Math.abs(value - wanted)
    found = value
  }
  return found
}
