import { PipelineError } from '../../errors.ts'

/** How many callers may wait for a connection before further ones are refused. */
const MAX_WAITING = 1_000

/** Counts out the connections of a pool, first come first served. */
export class Slots {
  readonly #waiting: (() => void)[] = []
  readonly #size: number
  #free: number

  constructor(size: number) {
    this.#size = size
    this.#free = size
  }

  /** Waits for a slot. Throws STORE_BUSY (retryable) when none comes free in time, or too many wait already. */
  async acquire(timeoutMs: number): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1
      return
    }
    if (this.#waiting.length >= MAX_WAITING) throw this.#busy(`${MAX_WAITING} statements wait already`)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const timer = setTimeout(() => {
      this.#waiting.splice(this.#waiting.indexOf(enter), 1)
      reject(this.#busy(`none came free within ${timeoutMs} ms`))
    }, timeoutMs)
    const enter = () => {
      clearTimeout(timer)
      resolve()
    }
    this.#waiting.push(enter)
    return promise
  }

  release(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free += 1
    else next()
  }

  #busy(why: string): PipelineError {
    return new PipelineError('STORE_BUSY', `All ${this.#size} connections of the PostgreSQL store are in use: ${why}`, {
      retryable: true,
    })
  }
}
