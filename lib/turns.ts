import type { PipelineError } from './errors.ts'
import { stoppedBy } from './stopped.ts'

/** Most that wait; the next one is refused. */
const mostWaiting = 1_000

interface Waiter {
  atOnce: number
  enter(): void
}

/**
 * Counts out how many may be at work on something at once, first come first served. The next one waits here, where it can be stopped and its deadlines
 * have not begun, and not in what it waits for.
 */
export class Turns {
  readonly #full: (why: string) => PipelineError
  readonly #most: number
  readonly #waiting = new Set<Waiter>()
  #busy = 0

  /** `full` makes the error of who is not let in; `most` may wait. */
  constructor(full: (why: string) => PipelineError, most = mostWaiting) {
    this.#full = full
    this.#most = most
  }

  /** Whether anybody works or waits. */
  get idle(): boolean {
    return this.#busy === 0 && this.#waiting.size === 0
  }

  /**
   * Waits until fewer than `atOnce` are at work; resolves with how to give the turn back (again does nothing). Throws what `full` makes when
   * too many wait already, or for longer than `ms`; what {@link stoppedBy} makes.
   */
  async take(atOnce: number, { signal, ms }: { signal: AbortSignal; ms: number }): Promise<() => void> {
    if (signal.aborted) throw stoppedBy(signal)
    if (this.#waiting.size > 0 || this.#busy >= atOnce) await this.#wait(atOnce, signal, ms)
    else this.#busy += 1
    let given = false
    return () => {
      if (given) return
      given = true
      this.#busy -= 1
      this.#admit()
    }
  }

  /** Lets in whoever is first and fits; the one behind does not overtake. */
  #admit(): void {
    for (const waiter of this.#waiting) {
      if (this.#busy >= waiter.atOnce) return
      this.#busy += 1
      waiter.enter()
    }
  }

  async #wait(atOnce: number, signal: AbortSignal, ms: number): Promise<void> {
    if (this.#waiting.size >= this.#most) throw this.#full(`${this.#most} requests wait already`)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const waiter = { atOnce, enter: () => leave(resolve) }
    const leave = (then: () => void) => {
      this.#waiting.delete(waiter)
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
      then()
    }
    const abort = () => leave(() => reject(stoppedBy(signal)))
    const timer = setTimeout(() => leave(() => reject(this.#full(`no turn came within ${ms / 1_000} s`))), ms)
    this.#waiting.add(waiter)
    signal.addEventListener('abort', abort, { once: true })
    try {
      await promise
    } catch (error) {
      // whoever stood behind may fit where this one did not
      this.#admit()
      throw error
    }
  }
}
