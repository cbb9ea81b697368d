import { declarationOf, type MetricName } from './catalogue.ts'
import { otherValue } from './declare.ts'

/** Longest label value, in characters. */
const longest = 120

/**
 * Keeps label values within what the catalogue declares: what is in no list, or comes after the first so many, becomes `other`. What was let
 * in once stays in while this lives.
 */
export class Bounds {
  readonly #known = new Map<string, Set<string>>()

  /** The labels as they may be recorded, in the catalogue's order. */
  within(name: MetricName, given: Readonly<Record<string, string>>): Record<string, string> {
    const labels: Record<string, string> = {}
    for (const [label, values] of Object.entries(declarationOf(name).labels)) {
      const value = (given[label] ?? '').slice(0, longest)
      const fits = 'most' in values ? this.#first(`${name} ${label}`, value, values.most) : values.includes(value)
      labels[label] = fits ? value : otherValue
    }
    return labels
  }

  #first(key: string, value: string, most: number): boolean {
    const known = this.#known.get(key) ?? new Set()
    this.#known.set(key, known)
    if (known.has(value)) return true
    if (known.size >= most) return false
    known.add(value)
    return true
  }
}
