import type { PipelineError } from '../errors.ts'
import { delayBefore, type RetryPolicy } from './retry.ts'

/** A failed try, as the decision about the next one sees it. Times in epoch milliseconds. */
export interface FailedTry {
  /** The try that failed, from 1. */
  attempt: number
  /** When the first try began: the total deadline counts from there. */
  firstAt: number
  now: number
  error: PipelineError
}

/**
 * Why there is no further try: `refused` (an error that is not tried again), `attempts` or `deadline` (used up), `retry-after` (the
 * other side asked for a longer wait than the cap).
 */
export type GaveUp = 'refused' | 'attempts' | 'deadline' | 'retry-after'

/** What follows a failed try. */
export type Decision = { act: 'try'; attempt: number; dueAt: number } | { act: 'give-up'; why: GaveUp }

/**
 * Decides about the next try by a policy. Whether the error is one to try again is the caller's to say (`error.retryable`). A wait
 * that would end at the total deadline or later is not begun; a wait never is longer than the cap.
 */
export function decide(policy: RetryPolicy, failed: FailedTry, random: () => number = Math.random): Decision {
  const { attempt, firstAt, now, error } = failed
  if (!error.retryable) return { act: 'give-up', why: 'refused' }
  if (attempt >= policy.attempts) return { act: 'give-up', why: 'attempts' }
  const delayMs = delayBefore(policy, attempt, error, random)
  if (delayMs === undefined) return { act: 'give-up', why: 'retry-after' }
  const dueAt = Math.round(now + delayMs)
  if (dueAt >= firstAt + policy.deadlineMs) return { act: 'give-up', why: 'deadline' }
  return { act: 'try', attempt: attempt + 1, dueAt }
}

/**
 * When a wait that was begun under an earlier policy ends: as it was, but no later than the longest wait of today's policy from now.
 * Without a change of the policy it is what it was.
 */
export function dueUnder(policy: RetryPolicy, dueAt: number, now: number): number {
  return Math.min(dueAt, now + policy.capMs)
}

/** Whether an error's code is in a list of codes; an entry that ends in `*` stands for all codes that begin so (`HTTP_5*`). */
export function isListed(codes: readonly string[], code: string): boolean {
  return codes.some((entry) => (entry.endsWith('*') ? code.startsWith(entry.slice(0, -1)) : entry === code))
}
