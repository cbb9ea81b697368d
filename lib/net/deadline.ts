import { PipelineError } from '../errors.ts'
import { networkError, stoppedBy } from './errors.ts'

/** Idle and total time of one request, and who ended it. */
export class Deadline {
  readonly #controller = new AbortController()
  readonly signal: AbortSignal
  readonly #caller: AbortSignal
  readonly #total: NodeJS.Timeout
  readonly #idleMs: number
  readonly #host: string
  #idle: NodeJS.Timeout
  #cause: PipelineError | undefined

  constructor(caller: AbortSignal, idleMs: number, totalMs: number, host: string) {
    this.#caller = caller
    this.#idleMs = idleMs
    this.#host = host
    this.signal = AbortSignal.any([caller, this.#controller.signal])
    const late = `${host} did not finish within ${totalMs / 1000} s`
    this.#total = setTimeout(() => this.#end(late), totalMs)
    this.#idle = setTimeout(() => this.#end(this.#silent()), idleMs)
  }

  #silent(): string {
    return `${this.#host} sent nothing for ${this.#idleMs / 1000} s`
  }

  #end(message: string): void {
    this.#cause = new PipelineError('NET_TIMEOUT', message, { retryable: true })
    this.#controller.abort(this.#cause)
  }

  /** A sign of life. */
  touch(): void {
    this.#idle.refresh()
  }

  clear(): void {
    clearTimeout(this.#total)
    clearTimeout(this.#idle)
  }

  explain(error: unknown): PipelineError {
    if (this.#cause) return this.#cause
    if (this.#caller.aborted) return stoppedBy(this.#caller)
    return networkError(error, this.#host)
  }
}
