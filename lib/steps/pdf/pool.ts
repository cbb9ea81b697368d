import { availableParallelism } from 'node:os'
import { PipelineError } from '../../errors.ts'
import { type Governor, governor } from '../../governor/governor.ts'
import type { PdfJob } from './job.ts'
import { PdfThread, type Take } from './thread.ts'

/** How many threads, and for how long an idle one stays. */
export interface PoolOptions {
  threads: number
  keepMs: number
  /** Documents that may wait. */
  mostWaiting: number
}

// the governor says how many of them may be at work
const usual: PoolOptions = { threads: Math.min(4, availableParallelism()), keepMs: 60_000, mostWaiting: 200 }

interface Slot {
  thread: PdfThread
  idle: NodeJS.Timeout | undefined
}

/** The threads of this process that extract PDFs. A thread comes when needed, stays warm for a while, and goes. */
export class PdfPool {
  #options: PoolOptions
  readonly #governor: Governor
  readonly #free: Slot[] = []
  #threads = 0
  readonly #waiting: ((slot: Slot) => void)[] = []

  constructor(options: Partial<PoolOptions> = {}, by: Governor = governor) {
    this.#options = { ...usual, ...options }
    this.#governor = by
  }

  /** Changes the options; threads that are too many go when they are free. */
  configure(options: Partial<PoolOptions>): void {
    this.#options = { ...this.#options, ...options }
  }

  /** Does a job when a thread is free and there is memory for it. Errors: {@link PdfThread.run}, and PDF_BUSY (retryable) when too many wait. */
  async run(job: PdfJob, take: Take, signal: AbortSignal): Promise<void> {
    const slot = await this.#slot(signal)
    try {
      const leave = await this.#governor.admit('pdf', { signal })
      try {
        await slot.thread.run(job, take, signal)
      } finally {
        leave()
      }
    } finally {
      this.#release(slot)
    }
  }

  async #slot(signal: AbortSignal): Promise<Slot> {
    signal.throwIfAborted()
    const free = this.#free.pop()
    if (free !== undefined) {
      clearTimeout(free.idle)
      return free
    }
    if (this.#threads < this.#options.threads) {
      this.#threads += 1
      return { thread: new PdfThread(), idle: undefined }
    }
    const { mostWaiting } = this.#options
    if (this.#waiting.length >= mostWaiting) {
      throw new PipelineError('PDF_BUSY', `${mostWaiting} documents wait to be extracted already`, { retryable: true })
    }
    const { promise, resolve, reject } = Promise.withResolvers<Slot>()
    const abort = () => {
      const at = this.#waiting.indexOf(resolve)
      if (at !== -1) this.#waiting.splice(at, 1)
      reject(signal.reason)
    }
    this.#waiting.push(resolve)
    signal.addEventListener('abort', abort, { once: true })
    try {
      return await promise
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  #release(slot: Slot): void {
    const next = this.#waiting.shift()
    if (next !== undefined && this.#threads <= this.#options.threads) {
      next(slot)
      return
    }
    if (next !== undefined) this.#waiting.unshift(next)
    if (this.#threads > this.#options.threads) {
      this.#threads -= 1
      slot.thread.stop()
      return
    }
    slot.idle = setTimeout(() => this.#drop(slot), this.#options.keepMs)
    slot.idle.unref()
    this.#free.push(slot)
  }

  #drop(slot: Slot): void {
    const at = this.#free.indexOf(slot)
    if (at === -1) return
    this.#free.splice(at, 1)
    this.#threads -= 1
    slot.thread.stop()
  }

  /** Ends the threads that are free. */
  close(): void {
    for (const slot of [...this.#free]) {
      clearTimeout(slot.idle)
      this.#drop(slot)
    }
  }
}

/** The pool of this process. */
export const pdfPool = new PdfPool()
// a thread that is only kept warm holds what another one could work with
governor.onPressure(() => pdfPool.close())
