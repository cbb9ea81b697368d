import { Counter, Gauge, Histogram, Registry, type RegistryContentType } from '../../vendor/prometheus.ts'
import { declarationOf, type MetricName, metricNames } from '../catalogue.ts'
import type { MetricDeclaration } from '../declare.ts'
import { type Happening, meter, type Sink } from '../meter.ts'
import { type Reading, readAll, type Source } from '../reading.ts'

/** A scrape's answer. */
export interface Exposition {
  contentType: string
  text: string
}

type Labels = Readonly<Record<string, string>>

/** What has happened, as prom-client keeps it; what is so now is asked for at each scrape. One for a process, so that no deploy loses counts. */
export class Prometheus implements Sink {
  readonly #counters = new Map<MetricName, Counter>()
  readonly #histograms = new Map<MetricName, Histogram>()
  readonly #expected = new Set<string>()

  constructor() {
    for (const name of metricNames) {
      const declared = declarationOf(name)
      if (declared.kind === 'histogram') this.#histograms.set(name, new Histogram(histogramOf(declared)))
      else if (declared.kind === 'counter') this.#counters.set(name, new Counter(metricOf(declared)))
      if (declared.kind === 'counter') this.expect(name, {}, { closedOnly: true })
    }
  }

  take({ kind, name, labels, value }: Happening): void {
    if (kind === 'counter') this.#counters.get(name)?.inc({ ...labels }, value)
    else this.#histograms.get(name)?.observe({ ...labels }, value)
  }

  /** Begins the series of a counter at 0 for all values of the labels that are not given: a first rise can then be seen as one. */
  expect(name: MetricName, given: Labels, { closedOnly = false } = {}): void {
    const counter = this.#counters.get(name)
    const key = JSON.stringify([name, given])
    if (counter === undefined || this.#expected.has(key)) return
    const declared = Object.entries(declarationOf(name).labels)
    const open = declared.some(([label, values]) => 'most' in values && given[label] === undefined)
    if (closedOnly && open) return
    this.#expected.add(key)
    for (const labels of combinations(declared, given)) counter.inc(meter.within(name, labels), 0)
  }

  /** All there is, in the text format of Prometheus or as OpenMetrics. Rejects never: sources do not. */
  async scrape(sources: readonly Source[], openMetrics: boolean): Promise<Exposition> {
    const readings = await readAll(sources)
    const registry = new Registry<RegistryContentType>()
    registry.setContentType(openMetrics ? Registry.OPENMETRICS_CONTENT_TYPE : Registry.PROMETHEUS_CONTENT_TYPE)
    for (const name of metricNames) {
      const own = readings.filter((one) => one.name === name)
      const kept = this.#counters.get(name) ?? this.#histograms.get(name)
      if (own.length > 0) read(registry, declarationOf(name), own)
      else if (kept !== undefined) registry.registerMetric(kept)
    }
    const text = registry.metrics()
    // For OpenMetrics prom-client takes `_total` off the counters' own names, for good; by now each has been read.
    for (const [name, counter] of this.#counters) Object.assign(counter, { name: declarationOf(name).prometheus })
    return { contentType: registry.contentType, text: await text }
  }
}

/** Puts what sources say into the registry of one scrape. */
function read(registry: Registry<RegistryContentType>, declared: MetricDeclaration, own: readonly Reading[]): void {
  if (declared.kind === 'counter') {
    const counter = new Counter(metricOf(declared))
    for (const { labels, value } of own) counter.inc({ ...labels }, value)
    registry.registerMetric(counter)
    return
  }
  const gauge = new Gauge(metricOf(declared))
  for (const { labels, value } of own) gauge.set({ ...labels }, value)
  registry.registerMetric(gauge)
}

function metricOf({ prometheus, help, labels }: MetricDeclaration) {
  return { name: prometheus, help, labelNames: Object.keys(labels), registers: [] }
}

function histogramOf(declared: MetricDeclaration) {
  return { ...metricOf(declared), buckets: [...(declared.buckets ?? [])] }
}

/** Every combination of the values that labels may have, with those that are given. */
function combinations(declared: readonly [string, MetricDeclaration['labels'][string]][], given: Labels): Labels[] {
  let found: Labels[] = [{}]
  for (const [label, values] of declared) {
    const known = given[label]
    const all = known !== undefined ? [known] : 'most' in values ? [] : values
    found = found.flatMap((before) => all.map((value) => ({ ...before, [label]: value })))
  }
  return found
}

let shared: Prometheus | undefined

/** The exposition of this process: counts from the first call on. */
export function sharedPrometheus(): Prometheus {
  if (shared === undefined) {
    shared = new Prometheus()
    meter.attach(shared)
  }
  return shared
}
