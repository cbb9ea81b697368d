import type { ApiRequest } from '../http.ts'
import type { Caller, Scope } from './caller.ts'

/** Lets requests in, or does not. */
export interface Gate {
  /**
   * Who asks, having been counted; nobody comes in without a key or a token. Throws a PipelineError that `lib/api/problem.ts` turns into an answer: API_UNKNOWN_CALLER (401),
   * API_SCOPE (403), API_LOOPBACK_ONLY (403), API_RATE (429, `retryAfterMs`). `needs` left out: any caller.
   */
  admit(request: Pick<ApiRequest, 'headers' | 'address' | 'query'>, needs?: Scope): Promise<Admitted>
  /**
   * For what anybody may read (the OpenAPI document): no caller, but the reach and the count by address hold. Throws API_LOOPBACK_ONLY,
   * API_RATE.
   */
  admitAnyone(request: Pick<ApiRequest, 'headers' | 'address'>): Promise<void>
  /** Headers for an origin that is allowed, and the answer to its preflight; {} when CORS is off or the origin is another. */
  cors(request: Pick<ApiRequest, 'headers' | 'method'>): Record<string, string>
}

/** A caller who may come in. */
export interface Admitted {
  caller: Caller
  /** `ratelimit` headers for the answer (RFC draft ietf-httpapi-ratelimit-headers). */
  headers: Record<string, string>
}
