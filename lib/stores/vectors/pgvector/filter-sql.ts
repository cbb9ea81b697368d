import type { Condition } from '../filter.ts'
import type { Visibility } from '../port.ts'

/** A condition of SQL whose values are bound from `$<first>` on. */
export interface Clause {
  text: string
  values: unknown[]
}

/** The points that a version shows, and that a filter admits. `alias` names the table of points. */
export function visible(
  { at, abandoned }: Visibility,
  conditions: readonly Condition[],
  alias: string,
  first: number,
): Clause {
  const values: unknown[] = [at, abandoned]
  const bind = (value: unknown) => `$${first + values.push(value) - 1}`
  const [version, lost] = [`$${first}::bigint`, `$${first + 1}::bigint[]`]
  const parts = [
    `${alias}.since <= ${version}`,
    `${alias}.since <> all(${lost})`,
    `(${alias}.until is null or ${alias}.until > ${version} or ${alias}.until = any(${lost}))`,
    ...conditions.map((condition) =>
      conditionText(condition, `(${alias}.facets -> ${bind(condition.facet)}::text)`, bind),
    ),
  ]
  return { text: parts.join(' and '), values }
}

function conditionText(condition: Condition, facet: string, bind: (value: unknown) => string): string {
  if (condition.kind === 'any') {
    // A list contains its entries, and a single value itself.
    return `${facet} @> any(${bind(condition.values.map((value) => JSON.stringify(value)))}::text[]::jsonb[])`
  }
  const { from, to } = condition
  const ends = [...(from === undefined ? [] : ['@ >= $from']), ...(to === undefined ? [] : ['@ <= $to'])]
  const given = bind(JSON.stringify({ from, to }))
  return `jsonb_path_exists(${facet}, '$[*] ? (@.type() == "number" && ${ends.join(' && ')})', ${given}::jsonb)`
}
