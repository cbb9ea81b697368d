import type { ApiResponse } from '../../lib/api/http.ts'
import type { PipelineError } from '../../lib/errors.ts'

/** HTTP status by code; what is not here is our own trouble. */
const statuses: Readonly<Record<string, number>> = {
  API_UNKNOWN_CALLER: 401,
  API_SCOPE: 403,
  API_LOOPBACK_ONLY: 403,
  API_RATE: 429,
  BODY_TOO_LARGE: 413,
  NET_TIMEOUT: 408,
  NET_CUT: 400,
}

/** An error as an answer (problem+json, RFC 9457), where no handler has made one. Our own troubles are not told in words. */
export function refusal({ code, message, retryAfterMs }: PipelineError): ApiResponse {
  const status = statuses[code] ?? 500
  const detail = status === 500 ? {} : { detail: message }
  return {
    status,
    headers: {
      'content-type': 'application/problem+json',
      ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
      ...(retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterMs / 1_000)) }),
    },
    body: JSON.stringify({ title: code, status, ...detail, code }),
  }
}
