import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { ApiResponse } from '../../lib/api/http.ts'

/** A reader who takes nothing for so long is cut off. */
const slowMs = 60_000

/**
 * Writes an answer. A stream goes out as fast as the reader takes it; one who takes nothing for a minute is cut off. Resolves when all is
 * written, or nobody is there any more. Rejects with what the stream threw: the caller then breaks the connection off, so that nobody takes a
 * part for the whole.
 */
export async function send(response: ServerResponse, answer: ApiResponse, headOnly: boolean): Promise<void> {
  const { status, headers, body } = answer
  if (response.destroyed) return giveBack(body)
  // Express tells its name
  response.removeHeader('x-powered-by')
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) {
    const bytes = body === undefined ? 0 : typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength
    const hasLength = status === 204 || status === 304 || 'content-length' in headers
    response.writeHead(status, hasLength ? headers : { ...headers, 'content-length': bytes })
    response.end(headOnly ? undefined : body)
    return
  }
  response.writeHead(status, headers)
  if (headOnly) {
    response.end()
    return giveBack(body)
  }
  const gone = new AbortController()
  const leave = () => gone.abort()
  response.once('close', leave)
  const iterator = body[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = await untilGone(iterator.next(), gone.signal)
      if (next === undefined || next.done === true) break
      if (!response.write(next.value)) await drained(response, gone.signal)
      if (gone.signal.aborted) break
    }
    if (!gone.signal.aborted) response.end()
  } finally {
    response.off('close', leave)
    // not waited for: a generator that is asleep returns when it wakes
    if (gone.signal.aborted || response.destroyed) void Promise.resolve(iterator.return?.()).catch(() => undefined)
  }
}

/** What the promise gives; undefined when the reader has gone before. */
async function untilGone<T>(work: Promise<T>, gone: AbortSignal): Promise<T | undefined> {
  if (gone.aborted) {
    work.catch(() => undefined)
    return undefined
  }
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const leave = () => resolve(undefined)
  gone.addEventListener('abort', leave, { once: true })
  try {
    return await Promise.race([work, promise])
  } finally {
    gone.removeEventListener('abort', leave)
    if (gone.aborted) work.catch(() => undefined)
  }
}

async function drained(response: ServerResponse, gone: AbortSignal): Promise<void> {
  const slow = setTimeout(() => response.destroy(), slowMs)
  try {
    await once(response, 'drain', { signal: gone })
  } catch (error) {
    if (!gone.aborted) throw error
  } finally {
    clearTimeout(slow)
  }
}

async function giveBack(body: ApiResponse['body']): Promise<void> {
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) return
  await body[Symbol.asyncIterator]().return?.()
}
