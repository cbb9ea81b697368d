import type { Worker } from 'node:worker_threads'
import { PipelineError } from '../../errors.ts'
import { sibling } from '../../sibling.ts'
import { startThread } from '../../start-thread.ts'
import { type FromThread, mostUnderWay, type PdfJob, type ToThread } from './job.ts'

/** What a thread may need before it has a document: pdf.js itself, and what V8 keeps. */
const roomMb = 64
/** How often memory is looked at. */
const lookMs = 100

/** Takes what the thread says; a page is handed on before the next are asked for. */
export type Take = (message: FromThread) => Promise<void> | void

/** A thread that extracts one document after the other. A job that goes past a limit ends the thread, and the next gets a new one. */
export class PdfThread {
  #worker: Worker | undefined
  #memoryMb = 0

  /**
   * Does a job. Rejects, the thread ended, with PDF_TIMEOUT, PDF_MEMORY, PDF_CRASHED, with what `take` threw, or with what the signal was
   * aborted with; an error of the document is a message to `take`.
   */
  async run(job: PdfJob, take: Take, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const worker = await this.#started(job.limits.memoryMb, signal)
    worker.ref()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const watch = new Watch(worker, job.limits, reject)
    const abort = () => reject(signal.reason)
    const failed = (error: Error) => reject(crash(error, job.limits.memoryMb))
    const exited = () => reject(new PipelineError('PDF_CRASHED', 'The thread that extracts PDFs ended by itself'))
    // one after the other, so that pages arrive in order
    let last = Promise.resolve()
    let underWay = 0
    let working = true
    const heard = (message: FromThread) => {
      if (message.type === 'page') underWay += 1
      else if (message.type === 'end' || message.type === 'failed') working = false
      // a thread that waits for us is not late
      watch.page(working && underWay < mostUnderWay)
      last = last
        .then(() => take(message))
        .then(() => {
          if (message.type === 'page') {
            underWay -= 1
            watch.page(working)
            worker.postMessage({ type: 'taken' } satisfies ToThread)
          }
          if (message.type === 'end' || message.type === 'failed') resolve()
        })
        .catch(reject)
    }
    signal.addEventListener('abort', abort, { once: true })
    worker.on('message', heard)
    worker.on('error', failed)
    worker.on('exit', exited)
    try {
      worker.postMessage({ type: 'job', job } satisfies ToThread)
      await promise
    } catch (error) {
      this.stop()
      // what arrived before the end still counts
      await last.catch(() => undefined)
      throw error
    } finally {
      watch.end()
      signal.removeEventListener('abort', abort)
      worker.off('message', heard)
      worker.off('error', failed)
      worker.off('exit', exited)
      worker.unref()
    }
  }

  async #started(memoryMb: number, signal: AbortSignal): Promise<Worker> {
    if (this.#memoryMb !== memoryMb) this.stop()
    if (this.#worker !== undefined) return this.#worker
    const resourceLimits = { maxOldGenerationSizeMb: memoryMb, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 }
    const worker = await startThread(sibling(import.meta.url, 'worker'), { resourceLimits }, signal)
    // also while it is idle: without a listener its error would be the end of this process
    worker.on('error', () => this.#forget(worker))
    worker.on('exit', () => this.#forget(worker))
    this.#memoryMb = memoryMb
    this.#worker = worker
    return worker
  }

  #forget(worker: Worker): void {
    if (this.#worker === worker) this.#worker = undefined
  }

  /** Ends the thread. */
  stop(): void {
    const worker = this.#worker
    this.#worker = undefined
    worker?.terminate().catch(() => undefined)
  }
}

function crash(error: Error, memoryMb: number): PipelineError {
  return 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY'
    ? tooMuchMemory(memoryMb)
    : PipelineError.from(error, 'PDF_CRASHED')
}

const tooMuchMemory = (memoryMb: number) =>
  new PipelineError('PDF_MEMORY', `The document takes more than ${memoryMb} MB of memory`)

/** Keeps an eye on a thread's time and memory. */
class Watch {
  readonly #worker: Worker
  readonly #limits: PdfJob['limits']
  readonly #reject: (error: PipelineError) => void
  readonly #whole: NodeJS.Timeout
  readonly #look: NodeJS.Timeout
  readonly #rss = process.memoryUsage.rss()
  #page: NodeJS.Timeout
  #asking = false
  #ended = false

  constructor(worker: Worker, limits: PdfJob['limits'], reject: (error: PipelineError) => void) {
    this.#worker = worker
    this.#limits = limits
    this.#reject = reject
    this.#whole = setTimeout(() => this.#late(limits.ms, 'The document'), limits.ms)
    this.#page = this.#pageTimer()
    this.#look = setInterval(() => void this.#memory(), lookMs)
  }

  /** The thread has said something, and is at work on the next page or waits. */
  page(working: boolean): void {
    clearTimeout(this.#page)
    if (working && !this.#ended) this.#page = this.#pageTimer()
  }

  end(): void {
    this.#ended = true
    clearTimeout(this.#whole)
    clearTimeout(this.#page)
    clearInterval(this.#look)
  }

  #pageTimer(): NodeJS.Timeout {
    return setTimeout(() => this.#late(this.#limits.pageMs, 'A page'), this.#limits.pageMs)
  }

  #late(ms: number, what: string): void {
    this.#reject(new PipelineError('PDF_TIMEOUT', `${what} takes longer than ${ms / 1_000} s`))
  }

  /** V8's own limit does not count buffers, which is where a bomb goes off. */
  async #memory(): Promise<void> {
    const { memoryMb } = this.#limits
    if ((process.memoryUsage.rss() - this.#rss) / 1_048_576 < roomMb + memoryMb / 2 || this.#asking) return
    this.#asking = true
    try {
      const used = await usedBy(this.#worker, this.#rss)
      if (used > memoryMb * 1_048_576) this.#reject(tooMuchMemory(memoryMb))
    } catch {
      // the thread is gone: its end says why
    } finally {
      this.#asking = false
    }
  }
}

/** Bytes that a thread uses; before Node 24 only the growth of the whole process is known. */
async function usedBy(worker: Worker, before: number): Promise<number> {
  if (typeof worker.getHeapStatistics !== 'function') return process.memoryUsage.rss() - before - roomMb * 1_048_576
  const { used_heap_size, external_memory } = await worker.getHeapStatistics()
  return used_heap_size + external_memory
}
