import { Readable } from 'node:stream'
import { PipelineError } from '../../errors.ts'
import type { ObjectSource } from './port.ts'

/** What every adapter's operations pass through: refused after close, called off by it, every error one of the port's. */
export interface Gate {
  /** Runs one operation. */
  guarded<T>(doing: string, work: () => Promise<T>): Promise<T>
  /** A put: `close` calls it off and waits for it, and its source is destroyed when it fails. */
  putting<T>(
    doing: string,
    source: ObjectSource,
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T>
  /** A write that `close` waits for. */
  tracked<T>(work: Promise<T>): Promise<T>
  /** Refuses what comes from now on; resolves when the writes in flight have ended. */
  close(): Promise<void>
}

/** Makes the gate of one opened store. `storeError` turns what the store below throws into the port's errors. */
export function openGate(storeError: (error: unknown, doing: string) => PipelineError): Gate {
  const writes = new Set<Promise<unknown>>()
  const stops = new Set<AbortController>()
  let isClosed = false

  async function guarded<T>(doing: string, work: () => Promise<T>): Promise<T> {
    if (isClosed) throw closed()
    try {
      return await work()
    } catch (error) {
      throw storeError(error, doing)
    }
  }

  function tracked<T>(work: Promise<T>): Promise<T> {
    writes.add(work)
    const forget = () => writes.delete(work)
    work.then(forget, forget)
    return work
  }

  async function stoppable<T>(outer: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const stop = new AbortController()
    const forward = () => stop.abort(outer?.reason)
    if (outer?.aborted) forward()
    else outer?.addEventListener('abort', forward, { once: true })
    stops.add(stop)
    try {
      return await work(stop.signal)
    } finally {
      stops.delete(stop)
      outer?.removeEventListener('abort', forward)
    }
  }

  return {
    guarded,
    tracked,
    putting(doing, source, signal, work) {
      // From now on, not from the first read: a stream that fails without a listener ends the process.
      if (source instanceof Readable) source.on('error', () => {})
      return tracked(
        guarded(doing, () => stoppable(signal, work)).catch((error: unknown) => {
          if (source instanceof Readable) source.destroy()
          throw error
        }),
      )
    },
    async close() {
      isClosed = true
      for (const stop of stops) stop.abort(closed())
      await Promise.allSettled(writes)
    },
  }
}

/** STOPPED for a signal that has fired, or the reason itself where it already is a {@link PipelineError}. */
export function abortError(signal: AbortSignal, doing: string): PipelineError {
  const reason: unknown = signal.reason
  if (reason instanceof PipelineError) return reason
  return new PipelineError('STOPPED', `Stopped while ${doing}`, { retryable: true, cause: reason })
}

/** OBJECT_NOT_FOUND. */
export function notFound(key: string): PipelineError {
  return new PipelineError('OBJECT_NOT_FOUND', `There is no object ${JSON.stringify(key)}`)
}

/** OBJECT_EXISTS. */
export function alreadyThere(key: string): PipelineError {
  return new PipelineError('OBJECT_EXISTS', `There is already an object ${JSON.stringify(key)}`)
}

/** OBJECT_CORRUPT: the bytes of an object ended early. */
export function cutShort(key: string, position: number, end: number): PipelineError {
  return new PipelineError('OBJECT_CORRUPT', `${JSON.stringify(key)} ended at byte ${position} instead of ${end}`)
}

/** OBJECT_SOURCE, unless the source already speaks in the pipeline's own errors. */
export function unreadable(what: string, error: unknown): PipelineError {
  if (error instanceof PipelineError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new PipelineError('OBJECT_SOURCE', `Cannot read ${what}, which was to be stored: ${message}`, { cause: error })
}

function closed(): PipelineError {
  return new PipelineError('STORE_CLOSED', 'The object store has been closed')
}
