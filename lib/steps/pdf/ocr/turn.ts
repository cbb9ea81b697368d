import { PipelineError } from '../../../errors.ts'

/** Documents that may wait for their turn. */
const mostWaiting = 200

let last: Promise<void> = Promise.resolve()
let waiting = 0

/**
 * Does one work after the other in this process: each takes hundreds of megabytes. Rejects with PDF_BUSY (retryable) when too many wait, or
 * with what the signal was aborted with.
 */
export async function inTurn<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  if (waiting >= mostWaiting) {
    throw new PipelineError('PDF_BUSY', `${mostWaiting} documents wait for OCR already`, { retryable: true })
  }
  const before = last
  const done = Promise.withResolvers<void>()
  last = before.then(() => done.promise)
  waiting += 1
  try {
    await orAborted(before, signal)
  } catch (error) {
    done.resolve()
    throw error
  } finally {
    waiting -= 1
  }
  try {
    return await work()
  } finally {
    done.resolve()
  }
}

async function orAborted(wait: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise, reject } = Promise.withResolvers<void>()
  const abort = () => reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    await Promise.race([wait, promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
