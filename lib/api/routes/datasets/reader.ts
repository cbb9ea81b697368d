import { DatasetReader } from '../../../steps/dataset/read/reader.ts'
import type { PostgresStore } from '../../../stores/postgres/port.ts'
import type { ApiContext } from '../../route.ts'

const readers = new WeakMap<PostgresStore, DatasetReader>()

/** What the process knows of the datasets in a store: one for all requests. */
export function readerOf({ stores, clock }: ApiContext): DatasetReader {
  const known = readers.get(stores.postgres)
  if (known !== undefined) return known
  const made = new DatasetReader(stores.postgres, clock)
  readers.set(stores.postgres, made)
  return made
}
