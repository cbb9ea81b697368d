const windowMs = 60_000
const mostAddresses = 10_000

/**
 * Counts by address what nobody is known for: wrong keys, and requests without any. Bounded: of too many addresses the one that was counted
 * the longest ago goes.
 */
export class Guesses {
  readonly #counts = new Map<string, { since: number; count: number }>()
  readonly #now: () => number

  readonly #allowed: number

  /** `allowed` in a minute before an address has to wait. */
  constructor(now: () => number, allowed: number) {
    this.#now = now
    this.#allowed = allowed
  }

  /** Milliseconds that an address has to wait; 0 when it may try. */
  waitMs(network: string): number {
    const entry = this.#counts.get(network)
    if (entry === undefined || entry.count < this.#allowed) return 0
    return Math.max(0, entry.since + windowMs - this.#now())
  }

  count(network: string): void {
    const now = this.#now()
    const known = this.#counts.get(network)
    const entry = known !== undefined && known.since + windowMs > now ? known : { since: now, count: 0 }
    entry.count += 1
    this.#counts.delete(network)
    this.#counts.set(network, entry)
    if (this.#counts.size > mostAddresses) {
      for (const oldest of this.#counts.keys()) {
        this.#counts.delete(oldest)
        break
      }
    }
  }
}
