import { PipelineError } from '../errors.ts'
import { Turns } from '../turns.ts'
import { Breaker, type BreakerChange, type BreakerOptions, type Monotonic } from './breaker.ts'
import { type BudgetOptions, TokenBudget } from './budget.ts'
import type { TroubledHost } from './http.ts'
import { Pace } from './pace.ts'

/** What is remembered of a host while the process lives. */
export interface Host {
  readonly breaker: Breaker
  readonly budget: TokenBudget
  readonly turns: Turns
  /** How many requests may be under way at once. */
  readonly atOnce: number
  readonly pace: Pace
}

/** How hosts are treated; what is left out is {@link usual}. */
export interface HostsOptions {
  breaker?: Partial<BreakerOptions>
  budget?: Partial<BudgetOptions>
  /** Connections at once to one host. */
  connections?: number
  /** Hosts remembered; the one that was asked for the longest time ago goes first. */
  most?: number
  clock?: Monotonic
  /** Told when a host is left alone, and when it is back. */
  onChange?: (host: string, change: BreakerChange) => void
}

/**
 * Five failures in a row are more than one fetch makes by itself (four tries), so that a single file that cannot be had does not
 * stop the others. Two minutes are as long as the portal's retry policy waits.
 */
export const usual = {
  breaker: { failures: 5, coolDownMs: 5_000, coolDownCapMs: 120_000 },
  budget: { share: 0.2, reserve: 20, perSecond: 0.1 },
  connections: 4,
  most: 256,
} as const

/** The hosts that one HTTP client talks to. */
export class Hosts {
  readonly #hosts = new Map<string, Host>()
  readonly #options: HostsOptions
  readonly #clock: Monotonic

  constructor(options: HostsOptions = {}) {
    this.#options = options
    this.#clock = options.clock ?? { monotonic: () => performance.now() }
  }

  /** The state of a host, by name and port. */
  of(name: string): Host {
    const host = this.#hosts.get(name) ?? this.#make(name)
    // A map keeps the order of insertion: the first one is the one not used for longest.
    this.#hosts.delete(name)
    this.#hosts.set(name, host)
    const [oldest] = this.#hosts.keys()
    if (this.#hosts.size > (this.#options.most ?? usual.most) && oldest !== undefined) this.#hosts.delete(oldest)
    return host
  }

  /** Those whose breaker is not closed. */
  troubled(): TroubledHost[] {
    return [...this.#hosts].flatMap(([host, { breaker }]) =>
      breaker.state === 'closed' ? [] : [{ host, state: breaker.state, waitMs: Math.ceil(breaker.waitMs) }],
    )
  }

  /** How many are remembered. */
  get size(): number {
    return this.#hosts.size
  }

  #make(name: string): Host {
    const { breaker, budget, connections, onChange } = this.#options
    return {
      breaker: new Breaker(name, { ...usual.breaker, ...breaker }, this.#clock, (change) => onChange?.(name, change)),
      budget: new TokenBudget({ ...usual.budget, ...budget }, this.#clock),
      turns: new Turns((why) => allInUse(name, why)),
      atOnce: connections ?? usual.connections,
      pace: new Pace(name),
    }
  }
}

function allInUse(host: string, why: string): PipelineError {
  return new PipelineError('NET_BUSY', `All connections to ${host} are in use: ${why}`, { retryable: true })
}
