import { PipelineError } from '../errors.ts'

/** How many requests may wait for one host before further ones are refused. */
const mostWaiting = 1_000

/**
 * Counts out the connections to one host, first come first served. Requests wait here and not in the HTTP agent, so that the
 * deadlines of a request begin when it is its turn, and waiting behind our own downloads does not look like a silent host.
 */
export class Turns {
  readonly #host: string
  readonly #waiting = new Set<() => void>()
  #free: number

  constructor(host: string, connections: number) {
    this.#host = host
    this.#free = connections
  }

  /**
   * Waits for a connection; resolves with how to give it back (again does nothing). Throws the signal's reason, NET_BUSY (retryable)
   * when too many wait or none came free within `ms`.
   */
  async take(signal: AbortSignal, ms: number): Promise<() => void> {
    signal.throwIfAborted()
    if (this.#free > 0) this.#free -= 1
    else await this.#wait(signal, ms)
    let given = false
    return () => {
      if (given) return
      given = true
      const [next] = this.#waiting
      if (next === undefined) this.#free += 1
      else next()
    }
  }

  #wait(signal: AbortSignal, ms: number): Promise<void> {
    if (this.#waiting.size >= mostWaiting) throw this.#busy(`${mostWaiting} requests wait already`)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const leave = () => {
      this.#waiting.delete(enter)
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
    }
    const enter = () => {
      leave()
      resolve()
    }
    const abort = () => {
      leave()
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      leave()
      reject(this.#busy(`none came free within ${ms / 1_000} s`))
    }, ms)
    this.#waiting.add(enter)
    signal.addEventListener('abort', abort, { once: true })
    return promise
  }

  #busy(why: string): PipelineError {
    return new PipelineError('NET_BUSY', `All connections to ${this.#host} are in use: ${why}`, { retryable: true })
  }
}
