import { PipelineError } from '../errors.ts'
import type { Retry } from './plan/schema.ts'
import type { CallError } from './runtime/errors.ts'

/**
 * Milliseconds before a retry (counted from 1), as the plan's law says. At least as long as the other side has asked for; undefined when
 * that is longer than the cap: then there is no further try.
 */
export function waitBefore(
  { law, baseSeconds, capSeconds, jitter }: Retry,
  n: number,
  { cause }: CallError,
  random: () => number,
): number | undefined {
  const factor = law === 'exponential' ? 2 ** (n - 1) : law === 'linear' ? n : 1
  const ms = Math.min(baseSeconds * factor, capSeconds) * 1_000
  const asked = (cause instanceof PipelineError ? cause.retryAfterMs : undefined) ?? 0
  if (asked > capSeconds * 1_000) return undefined
  return Math.max(jitter === 'full' ? ms * random() : ms, asked)
}
