import { AxiosError } from 'axios'
import { PipelineError } from '../errors.ts'

/** Redirects that are followed. */
export const maxRedirects = 5

/** The error of a status: HTTP_<status>; 408, 425, 429 and 5xx are retryable. */
export function statusError(
  status: number,
  headers: Record<string, string>,
  host: string,
  url: string,
  excerpt: string,
): PipelineError {
  const retryable = status === 408 || status === 425 || status === 429 || status >= 500
  // A date is the server's: by its own clock, if it says what that shows.
  const serverNow = Date.parse(headers.date ?? '')
  const retryAfterMs = parseRetryAfter(headers['retry-after'], Number.isNaN(serverNow) ? undefined : serverNow)
  return new PipelineError(
    `HTTP_${status}`,
    `${host} answered ${status} to ${pathOf(url)}${excerpt ? `: ${excerpt}` : ''}`,
    {
      retryable,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      details: { status, url: withoutSecrets(url) },
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

/** The error of a request without an answer, or of an answer that broke off. */
export function networkError(error: unknown, host: string): PipelineError {
  const code = error instanceof AxiosError || (error instanceof Error && 'code' in error) ? String(error.code) : ''
  if (code === 'ETIMEDOUT') {
    return new PipelineError('NET_TIMEOUT', `No connection to ${host} in time`, { retryable: true, cause: error })
  }
  if (['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH'].includes(code)) {
    return new PipelineError('NET_UNREACHABLE', `${host} cannot be reached (${code})`, {
      retryable: true,
      cause: error,
    })
  }
  if (/CERT|SIGNATURE|SELF_SIGNED|ALTNAME/.test(code)) {
    return new PipelineError('NET_CERTIFICATE', `${host} shows a certificate that cannot be trusted (${code})`, {
      cause: error,
    })
  }
  if (code === 'ERR_FR_TOO_MANY_REDIRECTS') {
    return new PipelineError('NET_REDIRECTS', `${host} redirects more than ${maxRedirects} times`, { cause: error })
  }
  if (code === 'ERR_INVALID_URL' || code === 'ERR_BAD_OPTION' || code === 'ERR_UNSUPPORTED_PROTOCOL') {
    return new PipelineError('URL_INVALID', `Not an address that can be fetched: ${host}`, { cause: error })
  }
  return new PipelineError('NET_CUT', `The connection to ${host} broke${code ? ` (${code})` : ''}`, {
    retryable: true,
    cause: error,
  })
}

/** The error of a request that its caller called off. */
export function stoppedBy({ reason }: AbortSignal): PipelineError {
  return new PipelineError('STOPPED', 'The request was stopped', { retryable: true, cause: reason })
}

/** Name and port of an address. */
export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url
}

function pathOf(url: string): string {
  return URL.canParse(url) ? new URL(url).pathname : url
}

function withoutSecrets(url: string): string {
  if (!URL.canParse(url)) return url
  const parsed = new URL(url)
  parsed.username = ''
  parsed.password = ''
  parsed.search = ''
  return parsed.href
}
