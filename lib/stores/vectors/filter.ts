import { PipelineError } from '../../errors.ts'
import { isFacetName } from './check.ts'
import type { Facet, FacetFilter } from './port.ts'

/** Values of all conditions of one filter together. */
const MAX_VALUES = 1_000

/** One condition of a filter, taken apart: the facet has one of the values, or a number between two ends that are included. */
export type Condition =
  | { facet: string; kind: 'any'; values: readonly Facet[] }
  | { facet: string; kind: 'range'; from: number | undefined; to: number | undefined }

/** The conditions of a filter, checked. Throws VECTOR_FILTER. */
export function conditionsOf(filter: FacetFilter = {}): Condition[] {
  const conditions = Object.entries(filter).map(([facet, wanted]): Condition => {
    const wrong = (why: string) => new PipelineError('VECTOR_FILTER', `The filter of ${facet.slice(0, 70)}: ${why}`)
    if (!isFacetName(facet)) throw wrong('a facet is named by letters, digits, _ and -')
    if (!isRange(wanted)) {
      const values: readonly Facet[] = typeof wanted === 'object' ? wanted : [wanted]
      if (!values.every(isFacet)) throw wrong('texts, numbers and yes or no can be asked for')
      return { facet, kind: 'any', values }
    }
    const { from, to, ...rest } = wanted
    if (Object.keys(rest).length > 0 || (from === undefined && to === undefined))
      throw wrong('a range has from, to or both')
    if (![from, to].every((end) => end === undefined || Number.isFinite(end))) throw wrong('an end is not a number')
    return { facet, kind: 'range', from, to }
  })
  const values = conditions.reduce(
    (sum, condition) => sum + (condition.kind === 'any' ? condition.values.length : 1),
    0,
  )
  if (values > MAX_VALUES)
    throw new PipelineError('VECTOR_FILTER', `A filter has ${MAX_VALUES} values at most, not ${values}`)
  return conditions
}

function isRange(wanted: FacetFilter[string]): wanted is { from?: number; to?: number } {
  return typeof wanted === 'object' && wanted !== null && !Array.isArray(wanted)
}

function isFacet(value: unknown): value is Facet {
  return typeof value === 'boolean' || Number.isFinite(value) || (typeof value === 'string' && !value.includes('\0'))
}
