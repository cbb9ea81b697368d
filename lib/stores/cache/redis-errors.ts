import { PipelineError } from '../../errors.ts'

const retryable = /^(LOADING|BUSY|MASTERDOWN|READONLY|TRYAGAIN|CLUSTERDOWN|NOREPLICAS|MISCONF)\b/
const denied = /^(NOAUTH|WRONGPASS|NOPERM|ERR invalid password|ERR AUTH|ERR DB index|ERR invalid DB)/i

/** Whether a later attempt to connect with the same configuration cannot do better. */
export function isDenied(error: unknown): boolean {
  return error instanceof Error && denied.test(error.message)
}

/**
 * An error of ioredis as the port's own. Only its text is kept: the original carries the command with its arguments, the
 * password of AUTH among them.
 */
export function redisError(error: unknown, server: string): PipelineError {
  if (error instanceof PipelineError) return error
  const message = error instanceof Error ? error.message : String(error)
  const text = `Redis at ${server}: ${message}`
  if (isDenied(error)) return new PipelineError('STORE_DENIED', text)
  if (/^OOM\b/.test(message)) return new PipelineError('STORE_FULL', text)
  if (/^WRONGTYPE\b/.test(message)) return new PipelineError('CACHE_FOREIGN', text)
  if (message === 'Command timed out') return new PipelineError('STORE_TIMEOUT', text, { retryable: true })
  const refused = error instanceof Error && error.name === 'ReplyError' && !retryable.test(message)
  return refused
    ? new PipelineError('CACHE_REFUSED', text)
    : new PipelineError('STORE_UNAVAILABLE', text, { retryable: true })
}
