import type { Caller } from './caller.ts'

/** Most that are remembered. */
const most = 10_000

interface Entry {
  caller: Caller
  until: number
}

/**
 * Who showed what a while ago, by the hash of what was shown, so that not every request asks the database or checks a signature. Bounded: of
 * too many the oldest go.
 */
export class Verified {
  readonly #entries = new Map<string, Entry>()
  readonly #now: () => number

  /** `now` in milliseconds. */
  constructor(now: () => number) {
    this.#now = now
  }

  get(hash: string): Caller | undefined {
    const entry = this.#entries.get(hash)
    return entry !== undefined && entry.until > this.#now() ? entry.caller : undefined
  }

  /** Whether it was right the last time, however long ago. */
  isFamiliar(hash: string): boolean {
    return this.#entries.has(hash)
  }

  set(hash: string, caller: Caller, ms: number): void {
    this.#entries.delete(hash)
    this.#entries.set(hash, { caller, until: this.#now() + ms })
    if (this.#entries.size <= most) return
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest)
      break
    }
  }

  delete(hash: string): void {
    this.#entries.delete(hash)
  }

  /** Forgets a caller, or, without an id, that anything was verified lately. */
  forget(callerId?: string): void {
    for (const [hash, entry] of this.#entries) {
      if (callerId === undefined) entry.until = 0
      else if (entry.caller.id === callerId) this.#entries.delete(hash)
    }
  }
}
