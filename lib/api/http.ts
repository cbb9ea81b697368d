/**
 * A request as the API sees it, whoever received it (Node-RED's server, `node:http`, a Lambda). Nothing in `lib/api` knows which.
 */
export interface ApiRequest {
  method: string
  /** Below the API's root, still percent-encoded: `/datasets/aneel.tarifas`. */
  path: string
  query: URLSearchParams
  /** Names in small letters; of a repeated one as `node:http` joins them. */
  headers: Readonly<Record<string, string | undefined>>
  /** Address of the caller's end of the connection. */
  address: string
  /** At most {@link maxBody} bytes; empty where there is none. */
  body: Uint8Array
  /** Aborted when the caller has gone. */
  signal: AbortSignal
}

/** An answer. */
export interface ApiResponse {
  status: number
  /** Names in small letters. */
  headers: Record<string, string>
  /**
   * A stream is written with back-pressure, and its iterator is returned when the caller goes away. An error in its middle breaks the
   * connection off, so that nobody takes a part for the whole.
   */
  body?: string | Uint8Array | AsyncIterable<string | Uint8Array>
}

/** Most bytes of a request's body; a longer one is refused with 413. */
export const maxBody = 256 * 1024

/** Answers requests. */
export type ApiHandler = (request: ApiRequest) => Promise<ApiResponse>
