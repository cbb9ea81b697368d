import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { PipelineError } from '../errors.ts'

/** Time as the runs need it: what o'clock it is, how long something took, and waiting. Tests bend all three. */
export interface Timer {
  /** The civil instant; may jump. */
  now(): Date
  /** Milliseconds that only ever grow, from an arbitrary start: for deadlines. */
  monotonic(): number
  /** Resolves after `ms` (at once for 0 or less). Rejects with STOPPED when the signal aborts. Never keeps the process alive. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /**
   * Calls `act` once after `ms`, unless the returned function is called before: a wait that is nearly always called off, without an
   * error for each. Never keeps the process alive.
   */
  after(ms: number, act: () => void): () => void
}

/** setTimeout fires at once for anything longer. */
const longest = 2 ** 31 - 1

/** The real clock. */
export const systemTimer: Timer = {
  now: () => new Date(),
  monotonic: () => performance.now(),
  async sleep(ms, signal) {
    const end = performance.now() + ms
    for (;;) {
      if (signal?.aborted) throw stopped(signal.reason)
      const left = end - performance.now()
      if (left <= 0) return
      try {
        await delay(Math.min(Math.ceil(left), longest), undefined, { ref: false, ...(signal ? { signal } : {}) })
      } catch (error) {
        throw stopped(error)
      }
    }
  },
  after(ms, act) {
    const end = performance.now() + ms
    const arm = (left: number) => setTimeout(fire, Math.min(Math.max(Math.ceil(left), 0), longest)).unref()
    const fire = () => {
      const left = end - performance.now()
      if (left <= 0) act()
      else timer = arm(left)
    }
    let timer = arm(ms)
    return () => clearTimeout(timer)
  },
}

/** Longest sleep until an instant before the clock is asked again: a suspended machine, or a clock set right, is noticed then. */
const lookAgainMs = 15_000

/**
 * Sleeps until an instant (epoch milliseconds) has come, or as long as it was away: a clock that is set back lengthens no wait. Rejects
 * with STOPPED when the signal aborts.
 */
export async function sleepUntil(timer: Timer, at: number, signal?: AbortSignal): Promise<void> {
  const end = timer.monotonic() + at - timer.now().getTime()
  for (;;) {
    const left = Math.min(at - timer.now().getTime(), end - timer.monotonic())
    if (left <= 0) return
    await timer.sleep(Math.min(left, lookAgainMs), signal)
  }
}

/**
 * The error of work that its surroundings called off (close, deploy, shutdown, take-over): not a failure of the work, so
 * no Catch node sees it and no attempt is counted; the run goes on later, or elsewhere.
 */
export function stopped(cause?: unknown): PipelineError {
  return new PipelineError('STOPPED', 'The work was called off before it ended', { retryable: true, cause })
}
