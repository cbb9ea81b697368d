import { PipelineError } from '../errors.ts'
import { stoppedBy } from '../stopped.ts'

/** How many may wait for their pace before further ones are refused. */
const mostWaiting = 1_000

/** What is done with a place in the queue: `started` as the request goes out, `given up` when it does not. Only the first counts. */
export interface Place {
  started(): void
  givenUp(): void
}

interface Waiting {
  gapMs: number
  /** When it may start; set as it becomes the first. */
  due?: number
  enter(): void
}

/**
 * Keeps a least time between the starts of two requests to one host, first come first served. Who asks for no gap does not wait, and
 * does not make others wait longer than they do already.
 */
export class Pace {
  readonly #host: string
  readonly #queue: Waiting[] = []
  #last = Number.NEGATIVE_INFINITY
  /** Somebody has been called up and has not started yet. */
  #taken = false
  #timer: NodeJS.Timeout | undefined

  constructor(host: string) {
    this.#host = host
  }

  /** How many wait. */
  get waiting(): number {
    return this.#queue.length
  }

  /**
   * Waits until `gapMs` have passed since the last start. Throws STOPPED, NET_BUSY (retryable) when too many wait or the time did not
   * come within `ms`.
   */
  async take(gapMs: number, signal: AbortSignal, ms: number): Promise<Place> {
    if (signal.aborted) throw stoppedBy(signal)
    if (gapMs > 0) await this.#wait(gapMs, signal, ms)
    let over = false
    const end = (start: boolean) => () => {
      if (over) return
      over = true
      if (start) this.#last = performance.now()
      if (gapMs <= 0) return
      this.#taken = false
      this.#callUp()
    }
    return { started: end(true), givenUp: end(false) }
  }

  #wait(gapMs: number, signal: AbortSignal, ms: number): Promise<void> {
    if (this.#queue.length >= mostWaiting) throw this.#busy(`${mostWaiting} requests wait already`)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const leave = () => {
      clearTimeout(late)
      signal.removeEventListener('abort', abort)
      const at = this.#queue.indexOf(waiting)
      if (at >= 0) this.#queue.splice(at, 1)
    }
    const giveUp = (error: PipelineError) => {
      leave()
      reject(error)
      this.#callUp()
    }
    const waiting: Waiting = {
      gapMs,
      enter() {
        leave()
        resolve()
      },
    }
    const abort = () => giveUp(stoppedBy(signal))
    const late = setTimeout(() => giveUp(this.#busy(`its turn did not come within ${ms / 1_000} s`)), ms)
    signal.addEventListener('abort', abort, { once: true })
    this.#queue.push(waiting)
    this.#callUp()
    return promise
  }

  /** Lets the first one in when it is time; a start since it became the first does not put it off. */
  #callUp(): void {
    clearTimeout(this.#timer)
    const [first] = this.#queue
    if (first === undefined || this.#taken) return
    first.due ??= this.#last + first.gapMs
    const leftMs = first.due - performance.now()
    if (leftMs > 0) {
      this.#timer = setTimeout(() => this.#callUp(), Math.ceil(leftMs))
      return
    }
    this.#taken = true
    first.enter()
  }

  #busy(why: string): PipelineError {
    return new PipelineError('NET_BUSY', `Requests to ${this.#host} go out at a pace: ${why}`, { retryable: true })
  }
}
