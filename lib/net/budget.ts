import type { PipelineError } from '../errors.ts'
import type { Monotonic } from './breaker.ts'

/** What keeps retries a bounded share of the traffic; one is shared by all who talk to the same host. */
export interface RetryBudget {
  /** Said of each piece of work as it begins its first try. */
  began(): void
  /** Whether the work may be tried again after this error; a yes is paid for. */
  allows(error: PipelineError): boolean
}

/** How much may be tried again. */
export interface BudgetOptions {
  /** Retries that each first try pays for: 0.2 lets a fifth of the traffic be retries. */
  share: number
  /** Retries saved up at most; a host begins with as many. */
  reserve: number
  /** Retries a second that come by themselves, so that a rare client can retry too. */
  perSecond: number
}

/**
 * A bucket of tokens: first tries fill it by a fraction each, time by a trickle, and each retry takes a whole one. With a host
 * down and much work, retries are then at most `share` of the first tries, besides the reserve and the trickle. A try that
 * the host's breaker refused cost the host nothing, so that the next one is free.
 */
export class TokenBudget implements RetryBudget {
  readonly #options: BudgetOptions
  readonly #clock: Monotonic
  #tokens: number
  #at: number

  constructor(options: BudgetOptions, clock: Monotonic) {
    this.#options = options
    this.#clock = clock
    this.#tokens = options.reserve
    this.#at = clock.monotonic()
  }

  /** Retries that are to be had now. */
  get tokens(): number {
    const now = this.#clock.monotonic()
    this.#add(((now - this.#at) / 1_000) * this.#options.perSecond)
    this.#at = now
    return this.#tokens
  }

  began(): void {
    this.#add(this.#options.share)
  }

  allows(error: PipelineError): boolean {
    if (error.code === 'HOST_OPEN') return true
    if (this.tokens < 1) return false
    this.#tokens -= 1
    return true
  }

  #add(tokens: number): void {
    this.#tokens = Math.min(this.#tokens + tokens, this.#options.reserve)
  }
}
