/** A JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** The port of answers worth keeping for a while. A cache may forget at any time; it never holds the only copy. */
export interface Cache {
  readonly kind: 'table' | 'redis'
  get(key: string): Promise<Json | undefined>
  /** `ttlMs` is required: nothing stays for ever. Values above 1 MiB of JSON are refused with CACHE_TOO_LARGE. */
  set(key: string, value: Json, options: { ttlMs: number }): Promise<void>
  /** Sets only if absent; true when this call did (a lock with a deadline, a "first of many" mark). */
  setIfAbsent(key: string, value: Json, options: { ttlMs: number }): Promise<boolean>
  delete(key: string): Promise<void>
  /** Deletes every key that starts with `prefix`; resolves with how many. */
  deletePrefix(prefix: string): Promise<number>
  close(): Promise<void>
}
