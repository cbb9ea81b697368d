import type { Schemas } from '@qdrant/js-client-rest'
import type { Condition } from '../filter.ts'
import type { Facet, Visibility } from '../port.ts'

type Filter = Schemas['Filter']
type Clause = Schemas['Condition']

/** The points that a version shows, and that a filter admits. */
export function visible({ at, abandoned }: Visibility, conditions: readonly Condition[] = []): Filter {
  const lost = [...abandoned]
  return {
    must: [
      { key: 'since', range: { lte: at } },
      {
        should: [
          { is_empty: { key: 'until' } },
          { key: 'until', range: { gt: at } },
          ...(lost.length === 0 ? [] : [oneOf('until', lost)]),
        ],
      },
      ...conditions.map(clauseOf),
    ],
    ...(lost.length === 0 ? {} : { must_not: [oneOf('since', lost)] }),
  }
}

/** Of a version's own writing. */
export function writtenAs(field: 'since' | 'until', versions: readonly number[]): Filter {
  return { must: [oneOf(field, [...versions])] }
}

/** Points among `ids` that no later version has retired. */
export function notRetiredBy(ids: readonly string[], until: number): Filter {
  return {
    must: [{ has_id: [...ids] }, { should: [{ is_empty: { key: 'until' } }, { key: 'until', range: { lt: until } }] }],
  }
}

/** Points that came with this version or an earlier one. */
export function cameBy(since: number): Filter {
  return { must: [{ key: 'since', range: { lte: since } }] }
}

/** Points that nobody sees from a version on. */
export function goneBy(at: number): Filter {
  return { must: [{ key: 'until', range: { lte: at } }] }
}

function oneOf(key: string, any: number[]): Clause {
  return { key, match: { any } }
}

function clauseOf(condition: Condition): Clause {
  const key = `facets.${condition.facet}`
  if (condition.kind === 'range') {
    const { from, to } = condition
    return { key, range: { ...(from === undefined ? {} : { gte: from }), ...(to === undefined ? {} : { lte: to }) } }
  }
  const texts = condition.values.filter((value) => typeof value === 'string')
  // All texts in one condition; a list of none matches nothing, which is what was asked for.
  if (texts.length === condition.values.length) return { key, match: { any: texts } }
  return { should: condition.values.map((value) => valueClause(key, value)) }
}

/** A number by its range: Qdrant matches whole numbers only. */
function valueClause(key: string, value: Facet): Clause {
  return typeof value === 'number' ? { key, range: { gte: value, lte: value } } : { key, match: { value } }
}
