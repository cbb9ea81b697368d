import { PipelineError } from '../errors.ts'
import { stoppedBy } from '../stopped.ts'

/** Most that wait for one server; the next one is refused. */
const mostWaiting = 1_000

interface Waiter {
  atOnce: number
  enter(): void
}

/**
 * Counts out how many requests a server of models works on, first come first served. A model's memory and its processor are shared, so the
 * next one waits here, where it can be stopped, and not in the server.
 */
export class ModelTurns {
  readonly #place: string
  readonly #most: number
  readonly #waiting = new Set<Waiter>()
  #busy = 0

  /** `place` is for messages; `most` may wait. */
  constructor(place: string, most = mostWaiting) {
    this.#place = place
    this.#most = most
  }

  /** Whether anybody works or waits. */
  get idle(): boolean {
    return this.#busy === 0 && this.#waiting.size === 0
  }

  /**
   * Waits until fewer than `atOnce` are at work; resolves with how to give the turn back (again does nothing). Throws MODEL_BUSY (retryable) when too
   * many wait already, or for longer than `ms`; STOPPED.
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

  #full(why: string): PipelineError {
    return new PipelineError('MODEL_BUSY', `${this.#place} has too much to do: ${why}`, { retryable: true })
  }
}
