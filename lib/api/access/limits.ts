import { PipelineError } from '../../errors.ts'
import type { Counter } from './counter.ts'

/** Most callers that are known at once. */
const most = 10_000
/** A caller's minute is taken from the store in so many parts. */
const parts = 20

/** How often a caller may ask. */
export interface Rate {
  perMinute: number
  /** What may come at once, beside the even pace. */
  burst: number
}

/** A caller's budget in this process. */
interface Budget {
  /** Requests that may come at once now. */
  tokens: number
  filledAt: number
  /** What was taken from the store and not used yet, good until `until`. */
  left: number
  until: number
  /** What the store had left after that. */
  remaining: number
  blockedUntil: number
  taking: Promise<void> | undefined
}

/** Points of a minute's window, and how many are taken from the store at once; a window is a whole number of slices. */
export function windowOf({ perMinute, burst }: Rate): { points: number; slice: number } {
  const slice = Math.max(1, Math.floor((perMinute + burst) / parts))
  return { points: Math.ceil((perMinute + burst) / slice) * slice, slice }
}

/**
 * Requests per caller. The pace (`perMinute`, `burst` at once) is held by each process from memory; the minute's sum over all processes is in
 * the store, out of which a process takes a twentieth at once: so a store is written once in many requests, a caller is never granted more
 * than the sum, and of n processes n - 1 may each hold back up to a twentieth.
 */
export class Limits {
  readonly #budgets = new Map<string, Budget>()
  readonly #rate: Rate
  readonly #counter: Counter
  readonly #now: () => number
  readonly #slice: number
  readonly #policy: string

  constructor({ rate, counter, now }: { rate: Rate; counter: Counter; now(): number }) {
    this.#rate = rate
    this.#counter = counter
    this.#now = now
    this.#slice = windowOf(rate).slice
    this.#policy = `"minute";q=${rate.perMinute};w=60`
  }

  /** Counts a request; the answer's headers. Throws API_RATE. */
  async take(callerId: string): Promise<Record<string, string>> {
    const budget = this.#budgetOf(callerId)
    this.#pace(budget)
    while (budget.left <= 0 || budget.until <= this.#now()) {
      const waitMs = budget.blockedUntil - this.#now()
      if (waitMs > 0) throw tooMany(waitMs)
      budget.taking ??= this.#refill(callerId, budget)
      await budget.taking
    }
    budget.left -= 1
    const resetSeconds = Math.max(1, Math.ceil((budget.until - this.#now()) / 1_000))
    return {
      'ratelimit-policy': this.#policy,
      ratelimit: `"minute";r=${budget.remaining + budget.left};t=${resetSeconds}`,
    }
  }

  /** Takes one of those that may come at once. */
  #pace(budget: Budget): void {
    const { perMinute, burst } = this.#rate
    const now = this.#now()
    const perMs = perMinute / 60_000
    budget.tokens = Math.min(burst, budget.tokens + (now - budget.filledAt) * perMs)
    budget.filledAt = now
    if (budget.tokens < 1) throw tooMany((1 - budget.tokens) / perMs)
    budget.tokens -= 1
  }

  async #refill(callerId: string, budget: Budget): Promise<void> {
    try {
      const { granted, remaining, resetMs } = await this.#counter.take(callerId, this.#slice)
      const until = this.#now() + Math.max(1, resetMs)
      if (granted) {
        budget.left = this.#slice
        budget.until = until
        budget.remaining = remaining
      } else budget.blockedUntil = until
    } finally {
      budget.taking = undefined
    }
  }

  #budgetOf(callerId: string): Budget {
    const known = this.#budgets.get(callerId)
    if (known !== undefined) return known
    const budget: Budget = {
      ...{ tokens: this.#rate.burst, filledAt: this.#now(), left: 0, until: 0, remaining: 0, blockedUntil: 0 },
      taking: undefined,
    }
    this.#budgets.set(callerId, budget)
    if (this.#budgets.size > most) {
      for (const oldest of this.#budgets.keys()) {
        this.#budgets.delete(oldest)
        break
      }
    }
    return budget
  }
}

function tooMany(waitMs: number): PipelineError {
  const retryAfterMs = Math.ceil(waitMs)
  return new PipelineError('API_RATE', `Too many requests: the next one may come in ${Math.ceil(waitMs / 1_000)} s`, {
    retryable: true,
    retryAfterMs,
  })
}
