import { PipelineError, type SerialisedError } from '../../lib/errors.ts'

/** Codes that end a message quietly when it belongs to a run: the run goes on elsewhere, or is sent anew after the deploy. */
const quietCodes: ReadonlySet<string> = new Set(['FENCED', 'STOPPED'])

export function isQuiet(error: PipelineError): boolean {
  return quietCodes.has(error.code)
}

/**
 * What `done` gets: a PipelineError with own properties `code`, `retryable` and, as plain bounded data, `cause`. Node-RED hands
 * only `code`, `stack` and `cause` on to Catch nodes, so `cause` also carries the error's own `retryable` and `retryAfterMs`. It is
 * cloned with each wire: a cause that holds sockets or buffers must not get in there.
 */
export function forDone(thrown: unknown): PipelineError {
  const error = PipelineError.from(thrown)
  const { retryAfterMs, details } = error
  const copy = new PipelineError(error.code, error.message, {
    retryable: error.retryable,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(details === undefined ? {} : { details }),
    cause: {
      ...(error.cause === undefined ? {} : plainCause(error.cause, 4)),
      retryable: error.retryable,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    },
  })
  if (error.stack !== undefined) copy.stack = error.stack
  return copy
}

type PlainCause = Partial<SerialisedError> & { message: string; cause?: PlainCause }

function plainCause(cause: unknown, depth: number): PlainCause {
  if (!(cause instanceof Error)) return { message: String(cause).slice(0, 1_000) }
  const code = 'code' in cause && typeof cause.code === 'string' ? { code: cause.code } : {}
  const inner = cause.cause === undefined || depth <= 1 ? {} : { cause: plainCause(cause.cause, depth - 1) }
  return { ...code, message: cause.message.slice(0, 1_000), ...inner }
}
