import type { Timer } from '../../lib/runs/time.ts'
import { stopped } from '../../lib/runs/time.ts'

interface Sleeper {
  at: number
  order: number
  wake(): void
}

/**
 * A clock that stands still until told to move: `run` wakes the sleepers in the order of their due times and lets all the
 * work that follows from each settle before the next. A year passes in milliseconds, the same way every time.
 */
export class SimulatedClock implements Timer {
  #civil: number
  #elapsed = 0
  #order = 0
  readonly #sleepers = new Set<Sleeper>()

  constructor(start: string | Date = '2026-01-01T00:00:00Z') {
    this.#civil = new Date(start).getTime()
  }

  now(): Date {
    return new Date(this.#civil + this.#elapsed)
  }

  monotonic(): number {
    return this.#elapsed
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(stopped(signal.reason))
    if (ms <= 0) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#sleepers.delete(sleeper)
        reject(stopped(signal?.reason))
      }
      const sleeper: Sleeper = {
        at: this.#elapsed + ms,
        order: this.#order++,
        wake: () => {
          signal?.removeEventListener('abort', abort)
          this.#sleepers.delete(sleeper)
          resolve()
        },
      }
      this.#sleepers.add(sleeper)
      signal?.addEventListener('abort', abort, { once: true })
    })
  }

  after(ms: number, act: () => void): () => void {
    const sleeper: Sleeper = {
      at: this.#elapsed + Math.max(ms, 0),
      order: this.#order++,
      wake: () => {
        this.#sleepers.delete(sleeper)
        act()
      },
    }
    this.#sleepers.add(sleeper)
    return () => this.#sleepers.delete(sleeper)
  }

  /** How many wait. */
  get sleeping(): number {
    return this.#sleepers.size
  }

  /** Jumps the civil clock (NTP, a suspended machine) without waking anyone. */
  jump(ms: number): void {
    this.#civil += ms
  }

  /** Lets `ms` pass; sleepers wake on the way. `settle` waits for the work that a wake set off. */
  async run(ms: number, settle: () => Promise<void> = immediate): Promise<void> {
    const end = this.#elapsed + ms
    await settle()
    for (;;) {
      const next = [...this.#sleepers].sort((a, b) => a.at - b.at || a.order - b.order)[0]
      if (next === undefined || next.at > end) break
      this.#elapsed = Math.max(this.#elapsed, next.at)
      next.wake()
      await settle()
    }
    this.#elapsed = end
  }
}

/** One turn of the event loop: everything that only awaits promises has settled. */
export async function immediate(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}
