import { PipelineError } from '../errors.ts'
import type { Json } from '../stores/cache/port.ts'

/**
 * A copy of a value as JSON knows it, for what the journal keeps and a replay brings back: dates become texts, undefined becomes
 * null. Throws NOT_JSON for what JSON cannot say (cycles, big integers) or says badly (bytes).
 */
export function plainJson(value: unknown, what: string): Json {
  if (ArrayBuffer.isView(value)) {
    throw new PipelineError('NOT_JSON', `${what} is a buffer: put bytes into the object store and send a reference`)
  }
  try {
    return JSON.parse(JSON.stringify(value) ?? 'null')
  } catch (cause) {
    throw new PipelineError(
      'NOT_JSON',
      `${what} cannot be written as JSON: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    )
  }
}
