import { Bounds } from './bounds.ts'
import type { LabelNames, Labels, MetricName, NamesOf } from './catalogue.ts'

/** What has happened: a counter goes up by `value`, or a histogram sees it. The labels are within their bounds. */
export interface Happening {
  kind: 'counter' | 'histogram'
  name: MetricName
  labels: Readonly<Record<string, string>>
  value: number
}

/** Takes what happens, to send it on: Prometheus, CloudWatch, OpenTelemetry. Called at once for each; must be quick and not throw. */
export interface Sink {
  take(happening: Happening): void
  /** Something whose labels are known will happen, so that its series can begin at 0: a rate needs a beginning. */
  expect?(name: MetricName, labels: Readonly<Record<string, string>>): void
}

/**
 * Where this process counts. One for all, as the process's memory is one: what counts says so here and knows nobody that listens. Without a
 * sink it costs next to nothing. Threads have one of their own to which nobody listens; what counts lives in the main thread.
 */
export class Meter {
  readonly #sinks = new Set<Sink>()
  readonly #bounds = new Bounds()

  /** Raises a counter. */
  add<N extends NamesOf<'counter'>>(name: N, labels: Labels<N>, by = 1): void {
    if (by > 0) this.#tell({ kind: 'counter', name, labels, value: by })
  }

  /** Has a histogram see a value, in the metric's unit. */
  observe<N extends NamesOf<'histogram'>>(name: N, labels: Labels<N>, value: number): void {
    this.#tell({ kind: 'histogram', name, labels, value })
  }

  /** Announces that a counter with this value of one label will be used, whatever its other labels; see {@link Sink.expect}. */
  expect<N extends NamesOf<'counter'>>(name: N, label: LabelNames<N>, value: string): void {
    for (const sink of this.#sinks) sink.expect?.(name, { [label]: value })
  }

  /** Has a sink hear of all that happens from now on. Returns how to take it back. */
  attach(sink: Sink): () => void {
    this.#sinks.add(sink)
    return () => this.#sinks.delete(sink)
  }

  /** The labels within their bounds; for readings, which share these with what happens. */
  within(name: MetricName, labels: Readonly<Record<string, string>>): Record<string, string> {
    return this.#bounds.within(name, labels)
  }

  #tell(happening: Happening): void {
    if (this.#sinks.size === 0 || !Number.isFinite(happening.value)) return
    const bounded = { ...happening, labels: this.#bounds.within(happening.name, happening.labels) }
    for (const sink of this.#sinks) {
      try {
        sink.take(bounded)
      } catch {
        // counting must never break what is counted
      }
    }
  }
}

/** The meter of this process. */
export const meter = new Meter()
