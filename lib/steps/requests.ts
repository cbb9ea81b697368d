import type { RetryNotice, RetryPolicy } from '../runs/retry.ts'
import type { Logger } from './step.ts'

/** No wait between two tries of a request is longer, unless the settings begin with a longer one; milliseconds. */
const longestWaitMs = 120_000

/** How the requests of a step are tried again: `tries` in all, waits that double from `backoffMs` on with full jitter. */
export function requestPolicy(
  { tries, backoffMs }: { tries: number; backoffMs: number },
  deadlineMs: number,
): RetryPolicy {
  return {
    backoff: 'exponential',
    baseMs: backoffMs,
    capMs: Math.max(backoffMs, longestWaitMs),
    jitter: 'full',
    attempts: tries,
    deadlineMs,
  }
}

/** Says in the log that a request is tried again. */
export function retryNotice(log: Logger, what: string): (notice: RetryNotice) => void {
  return ({ attempt, error, delayMs }) =>
    log.warn(
      `${what}: try ${attempt} failed (${error.code}: ${error.message}); next in ${Math.round(delayMs / 100) / 10} s`,
    )
}
