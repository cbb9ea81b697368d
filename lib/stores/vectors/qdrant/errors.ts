import { PipelineError } from '../../../errors.ts'

const MAX_TEXT = 500

/**
 * What the client threw, as an error of the port. Only its words are kept, without the secrets: the original carries the whole answer, and
 * a text of fetch may carry headers.
 */
export function qdrantError(thrown: unknown, server: string, secrets: readonly string[]): PipelineError {
  if (thrown instanceof PipelineError) return thrown
  const said = (text: string) =>
    `Qdrant at ${server}: ${secrets.reduce((out, secret) => out.replaceAll(secret, '***'), text).slice(0, MAX_TEXT)}`
  const status = numberOf(thrown, 'status')
  if (status !== undefined) return fromAnswer(status, said(textOf(thrown)), thrown)
  const retryAfter = numberOf(thrown, 'retry_after')
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  if (retryAfter !== undefined) {
    return new PipelineError('STORE_BUSY', said(message), { retryable: true, retryAfterMs: retryAfter * 1_000 })
  }
  if (thrown instanceof SyntaxError) return new PipelineError('VECTOR_ANSWER', said(`no JSON came (${message})`))
  const why = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause.message : message
  if (/redirect/i.test(why))
    return new PipelineError('STORE_CONFIG', said('it redirects elsewhere; give its own address'))
  if (/certificate|self.signed|altname|wrong version number|tls/i.test(why)) {
    return new PipelineError('STORE_TLS', said(why))
  }
  return new PipelineError('STORE_UNAVAILABLE', said(`it cannot be reached: ${why}`), { retryable: true })
}

function fromAnswer(status: number, text: string, thrown: unknown): PipelineError {
  const details = { status }
  if (status === 401 || status === 403) return new PipelineError('STORE_DENIED', text, { details })
  if (status === 404) return new PipelineError('VECTOR_NOT_FOUND', text, { details })
  if (status === 400 && /dimension/i.test(text)) return new PipelineError('VECTOR_DIMENSIONS', text, { details })
  if (status === 408 || status === 504) return new PipelineError('STORE_TIMEOUT', text, { retryable: true, details })
  if (status === 429) return new PipelineError('STORE_BUSY', text, { retryable: true, details })
  if (status === 507 || /no space left|disk (is )?full/i.test(text))
    return new PipelineError('STORE_FULL', text, { details })
  if (status >= 500) return new PipelineError('STORE_UNAVAILABLE', text, { retryable: true, details })
  if (status === 409) return new PipelineError('VECTOR_COLLECTION', text, { details })
  if (status < 400) return new PipelineError('VECTOR_ANSWER', `${text} (${String(thrown).slice(0, 100)})`, { details })
  return new PipelineError('VECTOR_REFUSED', text, { details })
}

/** Qdrant's own words, `{status: {error}}`, or the first of whatever answered in its place. */
function textOf(thrown: unknown): string {
  const status = numberOf(thrown, 'status')
  const data = property(thrown, 'data')
  const error = property(property(data, 'status'), 'error')
  if (typeof error === 'string') return `${error} (${status})`
  return `${status} ${typeof data === 'string' ? data.slice(0, 200) : String(property(thrown, 'statusText') ?? '')}`
}

function numberOf(value: unknown, name: string): number | undefined {
  const found = property(value, name)
  return typeof found === 'number' ? found : undefined
}

function property(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  return Object.getOwnPropertyDescriptor(value, name)?.value
}
