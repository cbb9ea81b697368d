import { promisify } from 'node:util'
import {
  type BrotliOptions,
  brotliCompress,
  brotliCompressSync,
  constants,
  createBrotliCompress,
  createGzip,
  gzip,
  gzipSync,
} from 'node:zlib'
import { Negotiator } from '../vendor/negotiator.ts'
import type { ApiRequest, ApiResponse } from './http.ts'

/** A content encoding that we speak. */
export type Encoding = 'br' | 'gzip'

/** Smaller ones do not gain. In bytes. */
const smallest = 1_024
/** Up to here the thread pool costs more than the work. In bytes. */
const sync = 16_384
/** A stream that has been silent for so long gives out what it has, in milliseconds. */
const flushAfterMs = 250

const level = 4
const brotli = (size?: number): BrotliOptions => ({
  params: {
    [constants.BROTLI_PARAM_QUALITY]: 4,
    [constants.BROTLI_PARAM_LGWIN]: 18,
    ...(size === undefined ? {} : { [constants.BROTLI_PARAM_SIZE_HINT]: size }),
  },
})
const asyncBrotli = promisify(brotliCompress)
const asyncGzip = promisify(gzip)

/** What already is compressed, or is no text. */
const compressible =
  /^(text\/|application\/(json|problem\+json|x-ndjson|graphql-response\+json|schema\+json|openapi\+json))/

/** The encoding to send an answer in; undefined for none. */
export function encodingFor(headers: ApiRequest['headers'], response: ApiResponse): Encoding | undefined {
  const { body } = response
  if (body === undefined || response.headers['content-encoding'] !== undefined) return undefined
  if (!mayEncode(response)) return undefined
  if ((typeof body === 'string' || body instanceof Uint8Array) && body.length < smallest) return undefined
  const accepted = headers['accept-encoding']
  if (accepted === undefined) return undefined
  const chosen = new Negotiator({ headers: { 'accept-encoding': accepted } }).encoding(['br', 'gzip', 'identity'])
  return chosen === 'br' || chosen === 'gzip' ? chosen : undefined
}

/** Whether the answer depends on Accept-Encoding. */
export function mayEncode({ headers }: ApiResponse): boolean {
  return compressible.test(headers['content-type'] ?? '')
}

/** A body in an encoding: fast settings, for a machine with two cores. */
export async function encode(body: NonNullable<ApiResponse['body']>, encoding: Encoding) {
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) return encodeStream(body, encoding)
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  if (bytes.length <= sync) {
    return encoding === 'br' ? brotliCompressSync(bytes, brotli(bytes.length)) : gzipSync(bytes, { level })
  }
  return encoding === 'br' ? asyncBrotli(bytes, brotli(bytes.length)) : asyncGzip(bytes, { level })
}

/**
 * A stream in an encoding. Takes from its source no faster than it is read itself; an error of the source is its error; when it is
 * returned, so is the source.
 */
async function* encodeStream(
  source: AsyncIterable<string | Uint8Array>,
  encoding: Encoding,
): AsyncGenerator<Uint8Array, void, undefined> {
  const encoder = encoding === 'br' ? createBrotliCompress(brotli()) : createGzip({ level })
  let idle: NodeJS.Timeout | undefined
  const feed = async () => {
    for await (const chunk of source) {
      clearTimeout(idle)
      if (encoder.destroyed) return
      if (!encoder.write(chunk)) await drained()
      idle = setTimeout(() => encoder.flush(), flushAfterMs)
    }
    encoder.end()
  }
  const drained = () =>
    new Promise<void>((resolve) => {
      const done = () => {
        encoder.off('drain', done).off('close', done)
        resolve()
      }
      encoder.on('drain', done).on('close', done)
    })
  const fed = feed().catch((thrown: unknown) => {
    encoder.destroy(thrown instanceof Error ? thrown : new Error(String(thrown)))
  })
  try {
    for await (const chunk of encoder) yield chunk
  } finally {
    clearTimeout(idle)
    encoder.destroy()
    await fed
    clearTimeout(idle)
  }
}
