import { PipelineError } from '../errors.ts'
import { failPoint } from '../fail-point.ts'
import { meter } from '../metrics/meter.ts'
import type { RetryBudget } from '../net/budget.ts'
import { type Infer, Type } from '../schema.ts'
import { stopped, systemTimer, type Timer } from './time.ts'

/** When and how long to wait before the next try. Durations in milliseconds. */
export const RetryPolicySchema = Type.Object(
  {
    backoff: Type.Enum(['exponential', 'linear', 'fixed'], {
      default: 'exponential',
      title: 'Backoff',
      description: 'How the wait grows: base × 2ⁿ⁻¹, base × n, or always the base, before the n-th retry',
    }),
    baseMs: Type.Integer({ default: 1_000, minimum: 0, maximum: 604_800_000, title: 'Base wait' }),
    capMs: Type.Integer({
      default: 60_000,
      minimum: 0,
      maximum: 604_800_000,
      title: 'Longest wait',
      description: 'No wait is longer; a server that asks for a longer one (Retry-After) ends the tries',
    }),
    jitter: Type.Enum(['full', 'none'], {
      default: 'full',
      title: 'Jitter',
      description: 'full: a random wait between 0 and the law’s, so that many clients do not come back together',
    }),
    attempts: Type.Integer({
      default: 3,
      minimum: 1,
      maximum: 1_000,
      title: 'Tries in all',
      description: 'The first one included; 1 never retries',
    }),
    deadlineMs: Type.Integer({
      default: 600_000,
      minimum: 1,
      maximum: 2_592_000_000,
      title: 'Total deadline',
      description: 'Counted from the first try; work still running then is aborted',
    }),
  },
  { additionalProperties: false },
)
/** {@link RetryPolicySchema} as a type. */
export type RetryPolicy = Infer<typeof RetryPolicySchema>

/** What {@link retry} tells before it waits. */
export interface RetryNotice {
  /** The try that failed, from 1. */
  attempt: number
  error: PipelineError
  delayMs: number
}

/** Surroundings of {@link retry}. */
export interface RetryOptions {
  signal: AbortSignal
  clock?: Timer
  /** Uniform in [0, 1). */
  random?: () => number
  onRetry?: (notice: RetryNotice) => void
  /** Shared with others who call the same host; when it is used up nothing is tried again. */
  budget?: RetryBudget
}

/** What one try gets. The signal also aborts at the total deadline. */
export interface Attempt {
  attempt: number
  signal: AbortSignal
}

/** The law of the policy without jitter: milliseconds before retry `n` (1 follows the first failure), capped. */
export function backoff(policy: RetryPolicy, n: number): number {
  const factor = policy.backoff === 'exponential' ? 2 ** (n - 1) : policy.backoff === 'linear' ? n : 1
  return Math.min(policy.baseMs * factor, policy.capMs)
}

/**
 * The wait before retry `n`, or undefined when the other side asked for more than the cap: coming earlier would be rude
 * and waiting longer would break the policy. What it asked for within the cap is a lower bound.
 */
export function delayBefore(
  policy: RetryPolicy,
  n: number,
  error: PipelineError,
  random: () => number,
): number | undefined {
  const law = backoff(policy, n)
  const delay = policy.jitter === 'full' ? law * random() : law
  const asked = error.retryAfterMs ?? 0
  return asked > policy.capMs ? undefined : Math.max(delay, asked)
}

/**
 * Runs `work` until it succeeds, fails for good, or the policy is used up; then the last error is thrown as it came.
 * Only a PipelineError with `retryable` is tried again. A wait that would end after the deadline is not begun. Throws
 * STOPPED when the caller's signal aborts, RETRY_DEADLINE (retryable) when work was cut off at the deadline. When the budget is
 * what ends the tries, the last error keeps its code, and `details.retryBudget` is `used up`.
 */
export async function retry<T>(
  policy: RetryPolicy,
  work: (attempt: Attempt) => Promise<T>,
  { signal, clock = systemTimer, random = Math.random, onRetry, budget }: RetryOptions,
): Promise<T> {
  const deadline = clock.monotonic() + policy.deadlineMs
  budget?.began()
  for (let attempt = 1; ; attempt += 1) {
    const tried = await once(work, attempt, policy, deadline - clock.monotonic(), signal, clock)
    if ('value' in tried) return tried.value
    const error = tried.failure
    if (!error.retryable || tried.final || attempt >= policy.attempts) throw error
    const delayMs = delayBefore(policy, attempt, error, random)
    if (delayMs === undefined || clock.monotonic() + delayMs >= deadline) throw error
    if (budget?.allows(error) === false) throw outOfBudget(error)
    onRetry?.({ attempt, error, delayMs })
    meter.add('pipeline.retries.count', { level: 'request' })
    failPoint('retry-wait')
    await clock.sleep(delayMs, signal)
  }
}

function outOfBudget(error: PipelineError): PipelineError {
  const message = `${error.message} (not tried again: the retries that this host is granted are used up)`
  return new PipelineError(error.code, message, {
    retryable: error.retryable,
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
    details: { ...error.details, retryBudget: 'used up' },
    cause: error,
  })
}

type Tried<T> = { value: T } | { failure: PipelineError; final: boolean }

/** One try under the caller's signal and what is left of the deadline. */
async function once<T>(
  work: (attempt: Attempt) => Promise<T>,
  attempt: number,
  policy: RetryPolicy,
  leftMs: number,
  signal: AbortSignal,
  clock: Timer,
): Promise<Tried<T>> {
  if (signal.aborted) throw stopped(signal.reason)
  const late = new AbortController()
  const callOff = clock.after(leftMs, () => late.abort())
  try {
    return { value: await work({ attempt, signal: AbortSignal.any([signal, late.signal]) }) }
  } catch (thrown) {
    if (signal.aborted) throw stopped(thrown)
    if (late.signal.aborted) {
      const message = `Try ${attempt} was still running at the total deadline of ${policy.deadlineMs} ms`
      return { failure: new PipelineError('RETRY_DEADLINE', message, { retryable: true, cause: thrown }), final: true }
    }
    return { failure: PipelineError.from(thrown), final: false }
  } finally {
    callOff()
  }
}
