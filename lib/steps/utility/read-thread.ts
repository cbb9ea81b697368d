import type { Worker } from 'node:worker_threads'
import { PipelineError } from '../../errors.ts'
import { withoutSecrets } from '../../net/redact.ts'
import { sibling } from '../../sibling.ts'
import { startThread } from '../../start-thread.ts'
import type { ReadJob, ReadResult } from './read-job.ts'

/** How long a page may take; a recipe's pattern can need exponential time on the wrong page. */
const deadlineMs = 30_000
/** How long the thread waits for the next page. */
const keepMs = 15_000
const mostWaiting = 200

/** The one thread of this process that reads pages, one after the other. It comes when needed and goes when idle. */
class ReadThread {
  #worker: Worker | undefined
  #last: Promise<unknown> = Promise.resolve()
  #waiting = 0
  #idle: NodeJS.Timeout | undefined

  /** Reads a page. Throws EXTRACT_TIMEOUT, EXTRACT_MEMORY, EXTRACT_BUSY (retryable), STOPPED. */
  async read(job: ReadJob, signal: AbortSignal, ms = deadlineMs): Promise<ReadResult> {
    if (this.#waiting >= mostWaiting) {
      throw new PipelineError('EXTRACT_BUSY', `${mostWaiting} pages wait to be read already`, { retryable: true })
    }
    this.#waiting += 1
    const turn = this.#last
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#last = promise
    try {
      await turn
      signal.throwIfAborted()
      return await this.#ask(job, signal, ms)
    } catch (error) {
      if (signal.aborted)
        throw new PipelineError('STOPPED', 'The reading was stopped', { retryable: true, cause: signal.reason })
      throw error
    } finally {
      this.#waiting -= 1
      resolve()
    }
  }

  async #ask(job: ReadJob, signal: AbortSignal, ms: number): Promise<ReadResult> {
    clearTimeout(this.#idle)
    const resourceLimits = { maxOldGenerationSizeMb: 192, maxYoungGenerationSizeMb: 8 }
    this.#worker ??= await startThread(sibling(import.meta.url, 'read-worker'), { resourceLimits }, signal)
    const worker = this.#worker
    worker.ref()
    const { promise, resolve, reject } = Promise.withResolvers<ReadResult>()
    const late = setTimeout(
      () =>
        reject(
          new PipelineError(
            'EXTRACT_TIMEOUT',
            `${withoutSecrets(job.url)} was not read within ${ms / 1_000} s: is a pattern of the recipe too greedy?`,
          ),
        ),
      ms,
    )
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    const failed = (error: Error) => {
      const memory = 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY'
      reject(
        memory
          ? new PipelineError(
              'EXTRACT_MEMORY',
              `${withoutSecrets(job.url)} takes more memory than a page may (${job.bytes.length} bytes of HTML)`,
            )
          : PipelineError.from(error, 'EXTRACT_FAILED'),
      )
    }
    worker.once('message', resolve)
    worker.once('error', failed)
    try {
      worker.postMessage(job)
      const result = await promise
      this.#idle = setTimeout(() => this.#stop(), keepMs)
      this.#idle.unref()
      worker.unref()
      return result
    } catch (error) {
      this.#stop()
      throw error
    } finally {
      clearTimeout(late)
      signal.removeEventListener('abort', abort)
      worker.off('message', resolve)
      worker.off('error', failed)
    }
  }

  #stop(): void {
    const worker = this.#worker
    this.#worker = undefined
    // what it still says of itself interests nobody
    worker?.on('error', () => undefined)
    worker?.terminate().catch(() => undefined)
  }
}

const thread = new ReadThread()

/** Reads a page in a thread of its own. Errors: {@link ReadThread.read}; what is wrong with the page is part of the result. */
export function readInThread(job: ReadJob, signal: AbortSignal, ms?: number): Promise<ReadResult> {
  return thread.read(job, signal, ms)
}
