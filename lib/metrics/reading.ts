import { catalogue, type Labels, type MetricName } from './catalogue.ts'
import { meter } from './meter.ts'

/** What a gauge (or a counter that somebody else keeps) says at one moment. */
export interface Reading {
  name: MetricName
  labels: Readonly<Record<string, string>>
  value: number
}

/** Says what is so now. Must not throw, and answers within a few seconds whatever is down. */
export type Source = () => Promise<readonly Reading[]> | readonly Reading[]

/** Makes a reading; only there to check name and labels. */
export function reading<N extends MetricName>(name: N, labels: Labels<N>, value: number): Reading {
  return { name, labels, value }
}

/**
 * Asks all sources and brings their labels within bounds. What falls together under `other` is the highest of it, and so is what two
 * sources say of the same thing. In the catalogue's order.
 */
export async function readAll(sources: readonly Source[]): Promise<Reading[]> {
  const found = new Map<string, Reading>()
  for (const readings of await Promise.all(sources.map(async (source) => source()))) {
    for (const { name, labels, value } of readings) {
      if (!Number.isFinite(value)) continue
      const bounded = meter.within(name, labels)
      const key = JSON.stringify([name, bounded])
      const before = found.get(key)
      if (before === undefined || before.value < value) found.set(key, { name, labels: bounded, value })
    }
  }
  const order = Object.keys(catalogue)
  return [...found.values()].sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name))
}
