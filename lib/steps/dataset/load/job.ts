import type { SerialisedError } from '../../../errors.ts'
import type { PostgresTarget } from '../../../stores/postgres/port.ts'
import type { Contract } from '../contract.ts'
import type { Version, VersionSource } from './registry.ts'

/** A load, as plain data for the worker thread. */
export interface LoadJob {
  id: string
  target: PostgresTarget
  /** Local file to read. */
  file: string
  /** The contract, or what is known of a dataset that has none: its columns come from the header. */
  contract: Contract | { dataset: string; title: string; attribution: string }
  part: string
  /** The fence of the run that loads; null outside any run. */
  run: { id: string; epoch: number } | null
  keepPersonal: readonly string[]
  bytes: number
  artifactKey: string | null
  source: VersionSource
  /** The version to compare with, and a local copy of its signatures (null: read them from the table). */
  base: Version | null
  stateFile: string | null
  /** Where to write the new signatures, and the key they will have. */
  newStateFile: string
  newStateKey: string
}

/** What a load did. */
export interface LoadResult {
  version: number
  mode: 'full' | 'delta'
  rows: number
  new: number
  changed: number
  vanished: number
  quarantined: number
  warnings: string[]
  encoding: string
  delimiter: string
  container: string
}

/** Messages of the worker thread. */
export type FromWorker =
  | { kind: 'progress'; phase: 'load' | 'index' | 'publish'; done: number; total: number; rows: number }
  /** Everything is staged; the signatures are on disk and may be stored. Answered by `go`, with the file's SHA-256. */
  | { kind: 'staged' }
  | { kind: 'done'; result: LoadResult }
  | { kind: 'failed'; error: SerialisedError }

/** Messages to the worker thread. */
export type ToWorker = { kind: 'go'; sha256: string } | { kind: 'abort' }
