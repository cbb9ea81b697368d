import { PipelineError } from '../errors.ts'
import { stoppedBy } from '../stopped.ts'
import { networkError } from './errors.ts'

/** What a {@link Deadline} watches. Times in milliseconds. */
export interface DeadlineOptions {
  /** Who called, and may call off. */
  caller: AbortSignal
  idleMs: number
  totalMs: number
  /** What is left of the total: redirects share it. */
  leftMs: number
  host: string
  /** Takes secrets out of a text. */
  clean(text: string): string
}

/** Idle and total time of one request, and who ended it. */
export class Deadline {
  readonly #controller = new AbortController()
  readonly signal: AbortSignal
  readonly #caller: AbortSignal
  readonly #total: NodeJS.Timeout
  readonly #idleMs: number
  readonly #host: string
  readonly #clean: (text: string) => string
  #idle: NodeJS.Timeout
  #cause: PipelineError | undefined

  constructor({ caller, idleMs, totalMs, leftMs, host, clean }: DeadlineOptions) {
    this.#caller = caller
    this.#idleMs = idleMs
    this.#host = host
    this.#clean = clean
    this.signal = AbortSignal.any([caller, this.#controller.signal])
    const late = `${host} did not finish within ${totalMs / 1000} s`
    this.#total = setTimeout(() => this.#end(late), leftMs)
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

  /** What an error of the connection means, without secrets. */
  explain(error: unknown): PipelineError {
    if (this.#cause) return this.#cause
    if (this.#caller.aborted) return stoppedBy(this.#caller)
    return networkError(error, this.#host, this.#clean)
  }
}
