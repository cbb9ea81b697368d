import type { Readable } from 'node:stream'

/** What is known of an object without reading it. Shaped after S3: keys with `/`, sizes in bytes, opaque ETags. */
export interface ObjectInfo {
  key: string
  bytes: number
  etag: string
  lastModified: Date
  contentType?: string
  /** Lower-case names, string values, at most 2 KiB in all (S3's limit). */
  metadata: Record<string, string>
}

/** What to store: bytes in memory, a stream, or a local file (`move: true` lets the store take the file itself). */
export type ObjectSource = Uint8Array | Readable | { file: string; move?: boolean }

/** Options of {@link ObjectStore.put}. */
export interface PutOptions {
  contentType?: string
  metadata?: Record<string, string>
  /** Fail with OBJECT_EXISTS instead of replacing (S3's `If-None-Match: *`). */
  ifAbsent?: boolean
  signal?: AbortSignal
}

/** The port of immutable and derived blobs. Errors: OBJECT_NOT_FOUND, OBJECT_EXISTS, OBJECT_KEY, STORE_UNAVAILABLE (retryable), STORE_FULL. */
export interface ObjectStore {
  readonly kind: 'folder' | 's3'
  put(key: string, source: ObjectSource, options?: PutOptions): Promise<ObjectInfo>
  /** `range` is inclusive, as in HTTP. */
  get(key: string, options?: { range?: { start: number; end?: number }; signal?: AbortSignal }): Promise<{ info: ObjectInfo; body: Readable }>
  head(key: string): Promise<ObjectInfo | undefined>
  /** Keys in UTF-8 binary order, `limit` at most 1,000 (the default) a page. */
  list(prefix: string, options?: { after?: string; limit?: number }): Promise<{ objects: ObjectInfo[]; next?: string }>
  /** Deleting what is not there is not an error. */
  delete(key: string): Promise<void>
  /**
   * Runs `work` with a local file that holds the object: the object itself where it is one (do not write to it), else a
   * temporary copy that is removed afterwards.
   */
  withFile<T>(key: string, work: (file: string) => Promise<T>, options?: { signal?: AbortSignal }): Promise<T>
  close(): Promise<void>
}
