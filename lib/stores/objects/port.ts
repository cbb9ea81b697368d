import type { Readable } from 'node:stream'

/** What is known of an object without reading it. Shaped after S3: keys with `/`, sizes in bytes, opaque ETags. */
export interface ObjectInfo {
  key: string
  bytes: number
  /** Another one after every put of other bytes; says nothing else. */
  etag: string
  /** When it was put, not when its source was written. */
  lastModified: Date
  contentType?: string
  /** Lower-case names, string values, at most 2 KiB in all (S3's limit). */
  metadata: Record<string, string>
}

/** An object in a list. */
export type ListedObject = Pick<ObjectInfo, 'key' | 'bytes' | 'etag' | 'lastModified'>

/** What to store: bytes in memory, a stream, or a local file (`move: true` lets the store take the file itself). */
export type ObjectSource = Uint8Array | Readable | { file: string; move?: boolean }

/** Options of {@link ObjectStore.put}. */
export interface PutOptions {
  contentType?: string
  metadata?: Record<string, string>
  /** Fail with OBJECT_EXISTS instead of replacing (S3's `If-None-Match: *`). */
  ifAbsent?: boolean
  /** Where the store has several (S3): `STANDARD_IA`, `GLACIER`…; a folder has one. */
  storageClass?: string
  signal?: AbortSignal
}

/** Options of {@link ObjectStore.get}. */
export interface GetOptions {
  /** Inclusive bytes, as in HTTP; an `end` behind the last byte means the last byte, a `start` behind it is OBJECT_RANGE. */
  range?: { start: number; end?: number }
  signal?: AbortSignal
}

/** One page of {@link ObjectStore.list}. */
export interface ObjectPage {
  objects: ListedObject[]
  /** Present while there is more: pass it as `after`. A page may hold fewer objects than `limit` and still have it. */
  next?: string
}

/**
 * The port of immutable and derived blobs. Keys follow `checkKey` of key.ts in every adapter.
 *
 * Errors: OBJECT_NOT_FOUND, OBJECT_EXISTS, OBJECT_KEY, OBJECT_RANGE, OBJECT_METADATA, OBJECT_LIMIT, OBJECT_SOURCE (what
 * was to be stored cannot be read), OBJECT_CORRUPT (other bytes than the store said),
 * OBJECT_ARCHIVED (has to be restored before it can be read), STOPPED, STORE_UNAVAILABLE
 * (retryable), STORE_FULL, STORE_DENIED, STORE_CLOSED.
 */
export interface ObjectStore {
  readonly kind: 'folder' | 's3'
  /** Where it is, for people and to tell two stores apart: a folder's path, `s3://bucket/prefix`. */
  readonly location: string
  /**
   * Stores one object, whole or not at all, replacing what was there. A stream is destroyed when the put fails; a file
   * given with `move` is gone after success and still there after failure.
   */
  put(key: string, source: ObjectSource, options?: PutOptions): Promise<ObjectInfo>
  /** The object as it is now; a later put does not change what `body` gives. Read `body` to its end or destroy it. */
  get(key: string, options?: GetOptions): Promise<{ info: ObjectInfo; body: Readable }>
  head(key: string): Promise<ObjectInfo | undefined>
  /**
   * The objects whose key starts with `prefix`, in UTF-8 binary order of their keys, those behind `after`, `limit` (1 to
   * 1,000, by default 1,000) a page.
   */
  list(prefix: string, options?: { after?: string; limit?: number }): Promise<ObjectPage>
  /** Deleting what is not there is not an error. */
  delete(key: string): Promise<void>
  /**
   * Runs `work` with a local file that holds the object: the object itself where it is one (do not write to it), else a
   * temporary copy that is removed afterwards.
   */
  withFile<T>(key: string, work: (file: string) => Promise<T>, options?: { signal?: AbortSignal }): Promise<T>
  /** Stops puts in flight (STOPPED) and waits until their leftovers are gone. */
  close(): Promise<void>
}
