import type { Readable } from 'node:stream'
import type { RetryBudget } from './budget.ts'

/** A request. Every limit is a deadline: nothing waits for ever. */
export interface HttpRequest {
  method?: 'GET' | 'HEAD' | 'POST'
  url: string
  headers?: Record<string, string>
  /** Sent as JSON. */
  json?: unknown
  signal: AbortSignal
  connectTimeoutMs?: number
  /** No byte for this long ends the request. */
  idleTimeoutMs?: number
  totalTimeoutMs?: number
  /** Statuses that are answers, not errors, beside 2xx (304 for conditional requests). */
  accept?: readonly number[]
  contact?: string
}

/** An answer whose body is still to be read; the caller reads or destroys it. */
export interface HttpResponse {
  status: number
  /** Lower-case names. */
  headers: Record<string, string>
  url: string
  body: Readable
}

/**
 * The one HTTP client. Errors are PipelineErrors: NET_UNREACHABLE, NET_TIMEOUT, NET_CUT, HTTP_5xx, HTTP_429 (all retryable),
 * HTTP_<status> (not retryable), NET_TOO_LARGE; HOST_OPEN (retryable, at once and without a request) while a host that failed
 * several times in a row is left alone.
 */
export interface HttpClient {
  request(request: HttpRequest): Promise<HttpResponse>
  /** Reads a JSON answer of at most `maxBytes`. Throws HTTP_NOT_JSON when it is none, retryable. */
  json(request: HttpRequest & { maxBytes?: number }): Promise<unknown>
  /** What retries of requests to the host of this address are paid from; the same for all who use the client. */
  retryBudget(url: string): RetryBudget
}
