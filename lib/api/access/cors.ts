import type { ApiHandler, ApiRequest } from '../http.ts'
import type { Gate } from './gate.ts'

const methods = 'GET, POST, OPTIONS'
const requestHeaders = 'authorization, content-type, x-api-key, if-none-match, if-modified-since, traceparent'
const answerHeaders = [
  'etag, last-modified, link, retry-after, ratelimit, ratelimit-policy',
  'x-ysh-version, x-ysh-tier, x-ysh-age, x-ysh-retrieved-at, x-ysh-attribution, traceparent',
].join(', ')

/**
 * Headers for a request from another origin; {} when that is not one of those allowed. Origins are compared exactly. No cookies are ever
 * allowed, for none are read.
 */
export function corsHeaders(
  { method, headers }: Pick<ApiRequest, 'headers' | 'method'>,
  origins: ReadonlySet<string>,
): Record<string, string> {
  if (origins.size === 0) return {}
  const { origin } = headers
  // what a cache keeps for one origin is not for another
  if (origin === undefined || !origins.has(origin)) return { vary: 'origin' }
  const allowed = { vary: 'origin', 'access-control-allow-origin': origin }
  if (!isPreflight({ method, headers })) return { ...allowed, 'access-control-expose-headers': answerHeaders }
  return {
    ...allowed,
    'access-control-allow-methods': methods,
    'access-control-allow-headers': requestHeaders,
    'access-control-max-age': '600',
  }
}

/** A browser's question before the request itself. */
export function isPreflight({ method, headers }: Pick<ApiRequest, 'headers' | 'method'>): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined
}

/** A handler whose answers may be read by the origins that the gate allows, and which answers preflights. */
export function withCors(gate: Gate, handler: ApiHandler): ApiHandler {
  return async (request) => {
    const cors = gate.cors(request)
    if (isPreflight(request)) return { status: 204, headers: cors }
    const answer = await handler(request)
    const { vary, ...others } = cors
    if (vary === undefined) return answer
    const known = answer.headers.vary
    return {
      ...answer,
      headers: { ...answer.headers, ...others, vary: known === undefined ? vary : `${known}, ${vary}` },
    }
  }
}
