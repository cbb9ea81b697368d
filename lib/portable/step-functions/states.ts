import type { ChoiceNode, Retry } from '../plan/schema.ts'
import type { Notes } from './notes.ts'

/** A state or a part of one, as it is written. Only what the emitter uses. */
export type State = Readonly<Record<string, unknown>>

/** Errors by which Lambda itself says that a call was not done; tried again whatever the flow says, and no try of the step. */
const infrastructure = {
  ErrorEquals: [
    'Lambda.ServiceException',
    'Lambda.AWSLambdaException',
    'Lambda.SdkClientException',
    'Lambda.TooManyRequestsException',
  ],
  IntervalSeconds: 2,
  MaxAttempts: 6,
  BackoffRate: 2,
  JitterStrategy: 'FULL',
}

/** Retriers of a task: by the names that the step runtime gives its errors, then what is Lambda's own. */
export function retriers(
  retry: Retry | null,
  place: { node: string; name: string; type: string; tab: string },
  notes: Notes,
): State[] {
  if (retry === null || retry.maxRetries === 0) return [infrastructure]
  if (retry.law === 'linear') notes.add('RETRY_LINEAR', place)
  const seconds = Math.min(retry.baseSeconds, retry.capSeconds)
  const whole = Math.max(Math.ceil(seconds), 1)
  if (whole !== seconds) notes.add('RETRY_ROUNDED', place, { seconds, whole })
  return [
    {
      ErrorEquals: ['RetryableError', 'TimeoutError', 'States.Timeout', 'Sandbox.Timedout'],
      IntervalSeconds: whole,
      MaxAttempts: retry.maxRetries,
      BackoffRate: retry.law === 'exponential' ? 2 : 1,
      ...(retry.law === 'exponential' ? { MaxDelaySeconds: Math.max(Math.ceil(retry.capSeconds), whole) } : {}),
      JitterStrategy: retry.jitter === 'full' ? 'FULL' : 'NONE',
    },
    infrastructure,
  ]
}

/** A rule of a choice as a Choice's. A property that is not there is none of what is asked, but for "is null" and "is not". */
export function choiceRule(property: string, { op, value, upper }: ChoiceNode['rules'][number]): State {
  const Variable = `$.message.${property}`
  const present = { Variable, IsPresent: true }
  const all = (...And: State[]): State => ({ And: [present, ...And] })
  const equal = (): State => {
    if (typeof value === 'number') return all({ Variable, IsNumeric: true }, { Variable, NumericEquals: value })
    return all({ Variable, IsString: true }, { Variable, StringEquals: String(value) })
  }
  const compared = (name: 'LessThan' | 'LessThanEquals' | 'GreaterThan' | 'GreaterThanEquals', to: unknown): State[] =>
    typeof to === 'number'
      ? [
          { Variable, IsNumeric: true },
          { Variable, [`Numeric${name}`]: to },
        ]
      : [
          { Variable, IsString: true },
          { Variable, [`String${name}`]: String(to) },
        ]
  switch (op) {
    case 'eq':
      return equal()
    case 'neq':
      return { Not: equal() }
    case 'lt':
      return all(...compared('LessThan', value))
    case 'lte':
      return all(...compared('LessThanEquals', value))
    case 'gt':
      return all(...compared('GreaterThan', value))
    case 'gte':
      return all(...compared('GreaterThanEquals', value))
    case 'btwn': {
      // Node-RED takes the limits in either order.
      const [low, high] = inOrder(value, upper)
      return all(...compared('GreaterThanEquals', low), ...compared('LessThanEquals', high))
    }
    case 'true':
    case 'false':
      return all({ Variable, IsBoolean: true }, { Variable, BooleanEquals: op === 'true' })
    case 'null':
      return { Or: [{ Not: present }, { Variable, IsNull: true }] }
    case 'nnull':
      return all({ Not: { Variable, IsNull: true } })
  }
}

function inOrder(one: unknown, other: unknown): [unknown, unknown] {
  const isMore = typeof one === 'number' && typeof other === 'number' ? one > other : String(one) > String(other)
  return isMore ? [other, one] : [one, other]
}
