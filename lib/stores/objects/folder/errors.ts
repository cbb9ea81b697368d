import { PipelineError } from '../../../errors.ts'
import { readOnly } from '../../room.ts'

/** The `code` of a system error (ENOENT and so on), else undefined. */
export function errno(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

const full = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])
/** Room does not help. */
const tooLarge = new Set(['EFBIG'])
const denied = new Set(['EACCES', 'EPERM'])

/** A file system's error as the port's own: STORE_DENIED, else STORE_FULL, STORE_READ_ONLY, STORE_UNAVAILABLE (retryable). */
export function storeError(error: unknown, doing: string): PipelineError {
  if (error instanceof PipelineError) return error
  const code = errno(error) ?? 'unknown'
  const message = error instanceof Error ? error.message : String(error)
  if (full.has(code)) {
    return new PipelineError('STORE_FULL', `No room left while ${doing}: ${message}`, {
      ...{ retryable: !tooLarge.has(code), cause: error },
    })
  }
  if (code === 'EROFS') return readOnly(doing, error)
  if (denied.has(code)) {
    return new PipelineError('STORE_DENIED', `The object folder does not permit ${doing}: ${message}`, { cause: error })
  }
  return new PipelineError('STORE_UNAVAILABLE', `The object folder failed while ${doing}: ${message}`, {
    retryable: true,
    cause: error,
  })
}

/** The value, or undefined where the system says that there is no such file. */
export async function orAbsent<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    const code = errno(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
}
