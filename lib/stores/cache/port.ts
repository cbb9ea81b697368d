import type { Redis } from 'ioredis'

/** A JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/**
 * The port of answers worth keeping for a while. A cache may forget at any time (also what setIfAbsent has set); it never
 * holds the only copy. Time is the database's or the Redis server's, so that clients with different clocks agree.
 *
 * Errors: CACHE_KEY, CACHE_VALUE (no JSON), CACHE_TTL, CACHE_TOO_LARGE, CACHE_FOREIGN (what lies there is not ours), and of
 * the store behind: STORE_UNAVAILABLE and STORE_TIMEOUT (retryable; the call may have taken effect), STORE_BUSY (retryable),
 * STORE_FULL, STORE_DENIED, STORE_CLOSED, CACHE_REFUSED (any other answer of Redis).
 */
export interface Cache {
  readonly kind: 'table' | 'redis'
  /** The Redis behind it, for what only Redis can do; its keys begin with `prefix`. `run` throws the port's errors. */
  readonly redis?: { prefix: string; run<T>(command: (redis: Redis) => Promise<T>): Promise<T> }
  get(key: string): Promise<Json | undefined>
  /**
   * `ttlMs` is required: nothing stays for ever; above 0 up to 366 days, parts of a millisecond count as one. Keys are 1 to
   * 1,024 bytes of Unicode without NUL. Values above 1 MiB of JSON are refused with CACHE_TOO_LARGE.
   */
  set(key: string, value: Json, options: { ttlMs: number }): Promise<void>
  /** Sets only if absent; true when this call did (a lock with a deadline, a "first of many" mark). */
  setIfAbsent(key: string, value: Json, options: { ttlMs: number }): Promise<boolean>
  delete(key: string): Promise<void>
  /** Deletes every key that starts with `prefix` ('' is all); resolves with how many. Keys set meanwhile may stay. */
  deletePrefix(prefix: string): Promise<number>
  /** Waits for calls in flight; later ones are refused with STORE_CLOSED. What is behind a table cache stays open. */
  close(): Promise<void>
}
