import type { Readable } from 'node:stream'
import type { PipelineError } from '../errors.ts'
import type { RetryBudget } from './budget.ts'

/** A request. Every limit is a deadline: nothing waits for ever. Times in milliseconds. */
export interface HttpRequest {
  method?: 'GET' | 'HEAD' | 'POST'
  /** http or https, without user and password. */
  url: string
  headers?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  json?: unknown
  signal: AbortSignal
  connectTimeoutMs?: number
  /** No byte for this long ends the request. */
  idleTimeoutMs?: number
  /** Redirects share it; waiting for a turn, a pace or robots.txt has as much again. */
  totalTimeoutMs?: number
  /** Statuses that are answers, not errors, beside 2xx. */
  accept?: readonly number[]
  /** E-mail or page that the User-Agent names. */
  contact?: string
  /** Largest body, on the wire and decoded. */
  maxBytes?: number
  /** What is known of an earlier answer: asks whether there is another one; 304 is then an answer. */
  known?: { etag?: string; lastModified?: string }
  /** Hosts that a redirect may lead to, beside the one asked; left out: any host of the internet. */
  redirectHosts?: readonly string[]
  /** Whether to keep to the origin's robots.txt, also of each redirect; its Crawl-delay then counts as a pace. */
  robots?: boolean
  /** Least time between the starts of two requests to a host, among all that ask for one with this client. */
  paceMs?: number
  /** Gives a better name to an answer that would be the error HTTP_<status>; undefined leaves it that. */
  explain?(answer: RefusedAnswer): PipelineError | undefined
}

/** An answer that would be an error. */
export interface RefusedAnswer {
  status: number
  /** Lower-case names. */
  headers: Readonly<Record<string, string>>
  /** The final address, with its query: not for a message. */
  url: string
  /** The first 64 KB of it, decoded. */
  text: string
}

/** An answer whose body is still to be read; the caller reads or destroys it. */
export interface HttpResponse {
  status: number
  /** Lower-case names. */
  headers: Record<string, string>
  /** The final address, after redirects. */
  url: string
  body: Readable
}

/** An answer that was read. */
export interface HttpBytes extends Omit<HttpResponse, 'body'> {
  bytes: Buffer
}

/**
 * The one HTTP client. Errors are PipelineErrors without secrets: NET_UNREACHABLE, NET_TIMEOUT, NET_CUT, NET_BUSY, HTTP_5xx, HTTP_429 (all
 * retryable), HTTP_<status>, NET_CERTIFICATE, URL_INVALID, REQUEST_INVALID, STOPPED; ADDRESS_REFUSED for an address that is not of the
 * internet and not allowed by hand; NET_REDIRECTS, REDIRECT_REFUSED; NET_TOO_LARGE, NET_INFLATES, NET_ENCODING for a body; ROBOTS_REFUSED,
 * ROBOTS_UNREACHABLE (retryable); HOST_OPEN (retryable, at once and without a request) while a host that failed several times in a row is
 * left alone.
 */
export interface HttpClient {
  request(request: HttpRequest): Promise<HttpResponse>
  /** Reads an answer of at most `maxBytes`. */
  bytes(request: HttpRequest & { maxBytes: number }): Promise<HttpBytes>
  /** Reads a JSON answer of at most `maxBytes` (64 MiB). Throws HTTP_NOT_JSON when it is none, retryable. */
  json(request: HttpRequest): Promise<unknown>
  /** What retries of requests to the host of this address are paid from; the same for all who use the client. */
  retryBudget(url: string): RetryBudget
  /** The hosts whose breaker is not closed, for people to see. */
  troubled?(): TroubledHost[]
}

/** A host that is left alone for a while, or is being tried again. */
export interface TroubledHost {
  host: string
  state: 'open' | 'half-open'
  /** Milliseconds until a request may pass. */
  waitMs: number
}
