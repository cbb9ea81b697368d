/** What an error carries besides its message. */
export interface PipelineErrorOptions {
  /** Whether the same call may succeed later. Nothing else decides whether to retry. */
  retryable?: boolean
  /** How long the other side asked us to wait, in milliseconds. */
  retryAfterMs?: number
  cause?: unknown
  /** Small plain data for the user: what was expected, what arrived, where. */
  details?: Record<string, unknown>
}

/**
 * The one error type of the pipeline. `code` is stable and documented in docs/errors.md; the message says what was
 * expected and what arrived. `code`, `retryable` and `cause` are own properties because Node-RED copies only those
 * into `msg.error`.
 */
export class PipelineError extends Error {
  readonly code: string
  readonly retryable: boolean
  readonly retryAfterMs?: number
  readonly details?: Record<string, unknown>
  override readonly cause?: unknown

  constructor(code: string, message: string, options: PipelineErrorOptions = {}) {
    super(message)
    this.name = 'PipelineError'
    this.code = code
    this.retryable = options.retryable ?? false
    if (options.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs
    if (options.details !== undefined) this.details = options.details
    if (options.cause !== undefined) this.cause = options.cause
  }

  /** Plain data for a journal, a worker's message or a log line. */
  toJSON(): SerialisedError {
    return {
      code: this.code,
      message: this.message,
      retryable: this.retryable,
      ...(this.retryAfterMs === undefined ? {} : { retryAfterMs: this.retryAfterMs }),
      ...(this.details === undefined ? {} : { details: this.details }),
    }
  }

  static fromJSON(data: SerialisedError): PipelineError {
    return new PipelineError(data.code, data.message, data)
  }

  /** Any thrown value as a PipelineError; an unknown one becomes `fallbackCode`, not retryable, with its cause. */
  static from(thrown: unknown, fallbackCode = 'UNEXPECTED'): PipelineError {
    if (thrown instanceof PipelineError) return thrown
    if (thrown instanceof Error && thrown.name === 'AbortError') {
      return new PipelineError('STOPPED', 'The work was stopped before it ended', { retryable: true, cause: thrown })
    }
    return new PipelineError(fallbackCode, thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown })
  }
}

/** {@link PipelineError} as plain JSON. */
export interface SerialisedError {
  code: string
  message: string
  retryable: boolean
  retryAfterMs?: number
  details?: Record<string, unknown>
}
