import { PipelineError } from '../errors.ts'
import type { ApiResponse } from './http.ts'

type Stream = AsyncIterable<string | Uint8Array>

/** Whether a body is a stream. */
export function isStream(body: ApiResponse['body']): body is Stream {
  return body !== undefined && typeof body !== 'string' && !(body instanceof Uint8Array)
}

/** Lets go of a stream that nobody will read. */
export async function drop(body: ApiResponse['body']): Promise<void> {
  if (isStream(body)) await body[Symbol.asyncIterator]().return?.()
}

/** A stream to be read once that lets go of what is behind it, also when nobody ever begins to read: a generator would not. */
export function closing(source: Stream, close: () => Promise<void>): Stream {
  const inner = source[Symbol.asyncIterator]()
  const iterator: AsyncIterator<string | Uint8Array> = {
    next: () => inner.next(),
    async return() {
      try {
        await inner.return?.()
      } finally {
        await close()
      }
      return { done: true, value: undefined }
    },
  }
  return { [Symbol.asyncIterator]: () => iterator }
}

/** How a watched stream may go on. */
export interface Watch {
  /** A reader that does not take the next chunk within this time is given up, so that what is behind the stream is free again. */
  stallMs: number
  /** The caller's: when it aborts while nobody reads, the stream is over too. */
  signal: AbortSignal
  /** Called once, however it ended, also when nobody ever read; with the source's error where it had one. */
  ended(bytes: number, failed?: unknown): void
}

/**
 * A stream to be read once, whose end, bytes and slow readers are noticed. An iterator by hand: a generator cannot be ended while it waits
 * for its reader.
 */
export function watched(source: Stream, { stallMs, signal, ended }: Watch): Stream {
  const inner = source[Symbol.asyncIterator]()
  let bytes = 0
  let state: 'open' | 'givenUp' | 'over' = 'open'
  let reading = false
  let timer: NodeJS.Timeout | undefined
  const over = (how: 'givenUp' | 'over', failed?: unknown) => {
    clearTimeout(timer)
    signal.removeEventListener('abort', giveUp)
    if (state === 'open') ended(bytes, failed)
    state = how
  }
  const close = async () => {
    await inner.return?.()
  }
  function giveUp(): void {
    // who reads hears of it from the source, which has the same signal
    if (reading) return
    over('givenUp')
    close().catch(() => undefined)
  }
  const wait = () => {
    timer = setTimeout(giveUp, stallMs)
    timer.unref()
  }
  signal.addEventListener('abort', giveUp, { once: true })
  wait()
  if (signal.aborted) giveUp()
  const iterator: AsyncIterator<string | Uint8Array, undefined> = {
    async next() {
      clearTimeout(timer)
      if (state === 'givenUp') {
        throw new PipelineError('API_STALLED', `The answer was broken off: nothing was read for ${stallMs / 1_000} s`)
      }
      if (state === 'over') return { done: true, value: undefined }
      reading = true
      try {
        const result = await inner.next()
        if (result.done === true) {
          over('over')
          return { done: true, value: undefined }
        }
        const { value } = result
        bytes += typeof value === 'string' ? Buffer.byteLength(value) : value.length
        wait()
        return { done: false, value }
      } catch (thrown) {
        over('over', thrown)
        throw thrown
      } finally {
        reading = false
      }
    },
    async return() {
      over('over')
      await close()
      return { done: true, value: undefined }
    },
  }
  return { [Symbol.asyncIterator]: () => iterator }
}
