import type { Cache } from './cache/port.ts'
import type { ObjectStore } from './objects/port.ts'
import type { PostgresStore } from './postgres/port.ts'
import type { VectorStore } from './vectors/port.ts'

/** The stores of one configuration, opened. */
export interface Stores {
  postgres: PostgresStore
  objects: ObjectStore
  cache: Cache
  /** Asks nothing of anybody before its first call. */
  vectors: VectorStore
  /** A folder on this machine for files in progress; emptied of leftovers at start. */
  scratch: string
}
