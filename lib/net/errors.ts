import { PipelineError } from '../errors.ts'
import { plainCause, withoutSecrets } from './redact.ts'

/** An answer that is an error. */
export interface Refusal {
  status: number
  headers: Readonly<Record<string, string>>
  url: URL
  /** A few of its words, without secrets. */
  excerpt: string
}

/** The error of a status: HTTP_<status>; 408, 425, 429 and 5xx are retryable. */
export function statusError({ status, headers, url, excerpt }: Refusal): PipelineError {
  const retryable = status === 408 || status === 425 || status === 429 || status >= 500
  // A date is the server's: by its own clock, if it says what that shows.
  const serverNow = Date.parse(headers.date ?? '')
  const retryAfterMs = parseRetryAfter(headers['retry-after'], Number.isNaN(serverNow) ? undefined : serverNow)
  return new PipelineError(
    `HTTP_${status}`,
    `${url.host} answered ${status} to ${url.pathname}${excerpt ? `: ${excerpt}` : ''}`,
    {
      retryable,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      details: { status, url: withoutSecrets(url.href) },
    },
  )
}

/** `Retry-After` as milliseconds: seconds or an HTTP date (RFC 9110, 10.2.3). */
export function parseRetryAfter(value: string | undefined, now = Date.now()): number | undefined {
  if (value === undefined) return undefined
  if (/^\s*\d+\s*$/.test(value)) return Number(value) * 1000
  const at = Date.parse(value)
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}

/**
 * The error of a request without an answer, or of an answer that broke off. `clean` takes secrets out of a text. What is a PipelineError
 * already (the guard's, a limit's) stays what it is.
 */
export function networkError(error: unknown, host: string, clean: (text: string) => string): PipelineError {
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    if (inner instanceof PipelineError) return inner
  }
  const code = error instanceof Error && 'code' in error ? String(error.code ?? '') : ''
  const cause = plainCause(error, clean)
  if (code === 'ETIMEDOUT') {
    return new PipelineError('NET_TIMEOUT', `No connection to ${host} in time`, { retryable: true, cause })
  }
  if (['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH'].includes(code)) {
    return new PipelineError('NET_UNREACHABLE', `${host} cannot be reached (${code})`, { retryable: true, cause })
  }
  if (/CERT|SIGNATURE|SELF_SIGNED|ALTNAME/.test(code)) {
    return new PipelineError('NET_CERTIFICATE', `${host} shows a certificate that cannot be trusted (${code})`, {
      cause,
    })
  }
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new PipelineError('NET_TOO_LARGE', `The headers of the answer of ${host} are larger than 16 KiB`, { cause })
  }
  if (/^(Z_|ZSTD_|ERR_BROTLI|ERR__ERROR)/.test(code)) {
    return new PipelineError('NET_ENCODING', `The answer of ${host} cannot be decoded: it is damaged (${code})`, {
      retryable: true,
      cause,
    })
  }
  if (code === 'ERR_INVALID_CHAR' || code === 'ERR_INVALID_HTTP_TOKEN' || code === 'ERR_UNESCAPED_CHARACTERS') {
    return new PipelineError('REQUEST_INVALID', `A request to ${host} has a header that cannot be sent`, { cause })
  }
  if (code === 'ERR_INVALID_URL' || code === 'ERR_BAD_OPTION' || code === 'ERR_UNSUPPORTED_PROTOCOL') {
    return new PipelineError('URL_INVALID', `Not an address that can be fetched: ${host}`, { cause })
  }
  return new PipelineError('NET_CUT', `The connection to ${host} broke${code ? ` (${code})` : ''}`, {
    retryable: true,
    cause,
  })
}
