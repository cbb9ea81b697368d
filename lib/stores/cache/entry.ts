import { PipelineError } from '../../errors.ts'
import type { Json } from './port.ts'

const MAX_KEY_BYTES = 1024
const MAX_VALUE_BYTES = 1 << 20
const MAX_TTL_MS = 366 * 24 * 60 * 60 * 1000

/** Throws CACHE_KEY unless `key` is 1 to 1,024 bytes of well-formed Unicode without NUL (PostgreSQL has none in text). */
export function checkKey(key: string): void {
  if (key === '') throw new PipelineError('CACHE_KEY', 'A cache key must have at least one byte')
  checkPrefix(key)
}

/** Like {@link checkKey} for a prefix, which may be empty. */
export function checkPrefix(prefix: string): void {
  const bytes = Buffer.byteLength(prefix)
  if (bytes <= MAX_KEY_BYTES && prefix.isWellFormed() && !prefix.includes('\0')) return
  const shown = JSON.stringify(prefix.length > 100 ? `${prefix.slice(0, 100)}…` : prefix)
  throw new PipelineError(
    'CACHE_KEY',
    `A cache key is at most ${MAX_KEY_BYTES} bytes of well-formed Unicode without NUL, not ${shown} (${bytes} bytes)`,
  )
}

/** The whole milliseconds to keep a value, at least 1. Throws CACHE_TTL. */
export function wholeTtl(ttlMs: number): number {
  if (ttlMs > 0 && ttlMs <= MAX_TTL_MS) return Math.ceil(ttlMs)
  throw new PipelineError(
    'CACHE_TTL',
    `A cache entry is kept for more than 0 and at most ${MAX_TTL_MS} ms, not ${ttlMs}`,
  )
}

/** The value as JSON. Throws CACHE_VALUE, CACHE_TOO_LARGE. */
export function encodeValue(key: string, value: Json): { text: string; bytes: number } {
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (error) {
    throw new PipelineError('CACHE_VALUE', `The value for ${JSON.stringify(key)} cannot be written as JSON`, {
      cause: error,
    })
  }
  if (text === undefined) {
    throw new PipelineError(
      'CACHE_VALUE',
      `The value for ${JSON.stringify(key)} is ${typeof value}, which JSON does not have`,
    )
  }
  const bytes = Buffer.byteLength(text)
  if (bytes > MAX_VALUE_BYTES) {
    throw new PipelineError(
      'CACHE_TOO_LARGE',
      `The value for ${JSON.stringify(key)} has ${bytes} bytes of JSON, at most ${MAX_VALUE_BYTES} are kept`,
      { details: { bytes, limit: MAX_VALUE_BYTES } },
    )
  }
  return { text, bytes }
}

/** The value that {@link encodeValue} wrote. Throws CACHE_FOREIGN for anything else. */
export function decodeValue(key: string, text: string): Json {
  try {
    const value: Json = JSON.parse(text)
    return value
  } catch (error) {
    throw new PipelineError(
      'CACHE_FOREIGN',
      `What lies under ${JSON.stringify(key)} is not JSON: another program wrote it`,
      {
        cause: error,
      },
    )
  }
}
