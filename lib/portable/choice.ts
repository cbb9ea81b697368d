import type { ChoiceNode } from './plan/schema.ts'
import { pathOf, valueAt } from './runtime/core-entries.ts'

/** Where a choice leads for a message. Values of one type are compared; a rule that does not fit the value's type does not match. */
export function chosen({ property, rules, otherwise }: ChoiceNode, message: Record<string, unknown>): string | null {
  const value = valueAt(message, pathOf(property))
  return (rules.find((rule) => matches(rule, value)) ?? { to: otherwise }).to
}

function matches({ op, value, upper }: ChoiceNode['rules'][number], is: unknown): boolean {
  const alike = typeof is === typeof value
  switch (op) {
    case 'eq':
      return is === value
    case 'neq':
      return is !== value
    case 'lt':
      return alike && less(is, value)
    case 'lte':
      return alike && !less(value, is)
    case 'gt':
      return alike && less(value, is)
    case 'gte':
      return alike && !less(is, value)
    case 'btwn': {
      const [low, high] = less(value, upper) ? [value, upper] : [upper, value]
      return alike && !less(is, low) && !less(high, is)
    }
    case 'true':
    case 'false':
      return is === (op === 'true')
    case 'null':
      return is === null || is === undefined
    case 'nnull':
      return is !== null && is !== undefined
  }
}

function less(one: unknown, other: unknown): boolean {
  return typeof one === 'number' && typeof other === 'number' ? one < other : String(one) < String(other)
}
