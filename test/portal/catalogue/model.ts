import type { DatasetName, Dialect } from '../generate/index.ts'

/** What a resource's bytes are made from. */
export type Content =
  | { kind: 'csv'; dataset: DatasetName; part: string; dialect: Partial<Dialect> }
  | { kind: 'parquet'; dataset: DatasetName; part: string }
  | { kind: 'xml'; dataset: DatasetName; part: string }
  /** A dataset the replica has no contract for: text columns and a few invented rows. */
  | { kind: 'text'; columns: readonly string[]; rows: number; dialect: Partial<Dialect> }
  | { kind: 'pdf'; title: string }

/** A resource as the catalogue has it, before there is a file. */
export interface ResourceEntry {
  id: string
  name: string
  /** Last segment of the URL. */
  file: string
  /** As declared; the bytes may be something else. */
  format: string
  mimetype: string | null
  description: string | null
  created: string
  content: Content
  /** `whole`: loaded and complete. `partial`: an old, incomplete copy. */
  datastore: 'none' | 'whole' | 'partial'
  /** `fresh`: MD5 of the file. `stale`: 32 digits left over from an older load. */
  hash: 'fresh' | 'stale' | 'none'
  /** Fixed moment of the last change, for files that no publication touches. */
  modified?: string
}

/** A package (dataset, in CKAN's word). */
export interface PackageEntry {
  id: string
  /** The slug. */
  name: string
  title: string
  notes: string
  group: string
  tags: readonly string[]
  frequency: string
  discontinued: boolean
  author: string
  created: string
  resources: readonly ResourceEntry[]
}

/** Which files a dataset in parts has: years or decades, newest first. */
export type PartsOf = (dataset: DatasetName) => readonly string[]

const MIGRATED = '2026-05-27T15:58:06.215982'
const DICTIONARIES = '2026-06-12T17:14:09.464866'

/** A package with the usual fields. */
export function pack(
  entry: Pick<PackageEntry, 'id' | 'name' | 'title' | 'resources'> & Partial<PackageEntry>,
): PackageEntry {
  return {
    notes: `${entry.title}. Réplica com dados inventados.`,
    group: 'Distribuição',
    tags: [],
    frequency: 'Mensal',
    discontinued: false,
    author: 'SRD/ANEEL',
    created: MIGRATED,
    ...entry,
  }
}

/** A resource with the usual fields: an uploaded CSV without a datastore. */
export function resource(
  entry: Pick<ResourceEntry, 'id' | 'name' | 'file' | 'content'> & Partial<ResourceEntry>,
): ResourceEntry {
  return {
    format: 'CSV',
    mimetype: 'text/csv',
    description: '',
    created: '2022-05-27T19:50:04.545638',
    datastore: 'none',
    hash: 'stale',
    ...entry,
  }
}

/** A data dictionary, which is a PDF. */
export function dictionary(id: string, file: string, name = 'Dicionário de dados'): ResourceEntry {
  return resource({
    id,
    name,
    file,
    format: 'PDF',
    mimetype: 'application/pdf',
    hash: 'none',
    modified: DICTIONARIES,
    content: { kind: 'pdf', title: name },
  })
}

/** The Parquet twin of a CSV: named with its extension, no MIME type, no hash. */
export function parquet(id: string, base: string, dataset: DatasetName, part: string): ResourceEntry {
  return resource({
    id,
    name: `${base}.parquet`,
    file: `${base}.parquet`,
    format: 'PARQUET',
    mimetype: null,
    description: `Versao em formato Apache Parquet do recurso ${base}.csv`,
    created: '2026-06-11T21:50:17.585694',
    hash: 'none',
    content: { kind: 'parquet', dataset, part },
  })
}

/** The content of a generated CSV in the portal's usual dialect. */
export function csv(dataset: DatasetName, part = ''): Extract<Content, { kind: 'csv' }> {
  return { kind: 'csv', dataset, part, dialect: {} }
}
