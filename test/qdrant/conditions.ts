import type { Schemas } from '@qdrant/js-client-rest'

type Filter = Schemas['Filter']
type Condition = Schemas['Condition']

/** A point as the double keeps it. */
export interface Kept {
  id: string
  dense: Float32Array | undefined
  lexical: Map<number, number> | undefined
  payload: Record<string, unknown>
}

/** Whether a filter admits a point, as Qdrant documents it: all of must, none of must_not, and one of should if there are any. */
export function admits(filter: Filter | null | undefined, point: Kept): boolean {
  if (filter === null || filter === undefined) return true
  const should = list(filter.should)
  return (
    list(filter.must).every((condition) => holds(condition, point)) &&
    !list(filter.must_not).some((condition) => holds(condition, point)) &&
    (should.length === 0 || should.some((condition) => holds(condition, point)))
  )
}

function list(conditions: Filter['must']): Condition[] {
  if (conditions === null || conditions === undefined) return []
  return Array.isArray(conditions) ? conditions : [Object(conditions)]
}

function holds(condition: Condition, point: Kept): boolean {
  if ('is_empty' in condition && typeof condition.is_empty === 'object' && condition.is_empty !== null) {
    return valuesAt(point.payload, condition.is_empty.key).length === 0
  }
  if ('has_id' in condition) return condition.has_id.includes(point.id)
  if ('key' in condition) {
    const values = valuesAt(point.payload, condition.key)
    if (condition.match !== null && condition.match !== undefined)
      return values.some((value) => matches(Object(condition.match), value))
    if (condition.range !== null && condition.range !== undefined)
      return values.some((value) => inRange(Object(condition.range), value))
    throw new Error(`the double does not know the condition ${JSON.stringify(condition)}`)
  }
  if ('must' in condition || 'should' in condition || 'must_not' in condition) return admits(condition, point)
  throw new Error(`the double does not know the condition ${JSON.stringify(condition)}`)
}

/** The values at a path; those of a list one by one; none for null, as `is_empty` has it. */
function valuesAt(payload: unknown, path: string): unknown[] {
  let at = payload
  for (const key of path.split('.')) at = Object(at)[key]
  if (at === null || at === undefined) return []
  return Array.isArray(at) ? at : [at]
}

function matches(match: { value?: unknown; any?: unknown[] }, value: unknown): boolean {
  if (match.any !== undefined) return match.any.includes(value)
  if (match.value !== undefined) return match.value === value
  throw new Error(`the double does not know the match ${JSON.stringify(match)}`)
}

function inRange(
  { gt, gte, lt, lte }: { gt?: number; gte?: number; lt?: number; lte?: number },
  value: unknown,
): boolean {
  if (typeof value !== 'number') return false
  return (
    (gt === undefined || value > gt) &&
    (gte === undefined || value >= gte) &&
    (lt === undefined || value < lt) &&
    (lte === undefined || value <= lte)
  )
}
