import type { Queryable } from '../../../stores/postgres/port.ts'
import { preparing } from '../../../stores/postgres/prepare.ts'
import { ledgerMigrations } from './migrations.ts'

/** Brings the ledger's tables up to date. */
export const ledgerReady = preparing(ledgerMigrations)

/** What a collection is embedded with, and where it lies. */
export interface Generation {
  generation: number
  /** Its name in the vector store. */
  physical: string
  /** Id of the embedder. */
  embedder: string
  /** Name of the model; empty for the embedded embedder. */
  model: string
  semantic: boolean
  dimensions: number
  /** Version of the analyser that its terms are of. */
  analyser: number
}

/** What readers see of a collection. */
export interface Live extends Generation {
  version: number
  /** Versions whose points never count. */
  abandoned: readonly number[]
}

/** Columns of `g` as {@link Generation}. */
export const generationColumns = 'g.generation, g.physical, g.embedder, g.model, g.semantic, g.dimensions, g.analyser'

/** What is live of a collection, in one look; undefined when nothing was ever published. */
export async function readLive(q: Queryable, collection: string): Promise<Live | undefined> {
  const { rows } = await q.query<Live & Record<string, unknown>>(
    `select c.version, ${generationColumns}, coalesce((select array_agg(v.version order by v.version) from pipeline.vector_version v
       where v.collection = c.name and v.physical = g.physical and v.state = 'abandoned'), '{}'::integer[]) as abandoned
     from pipeline.vector_collection c join pipeline.vector_generation g on g.collection = c.name and g.generation = c.generation
     where c.name = $1`,
    [collection],
  )
  return rows[0]
}

/** What is known of a document in a version. */
export interface DocumentLine {
  document: string
  title: string
  /** Empty where it has none. */
  url: string
  /** Of the document's bytes. */
  sha256: string
  retrievedAt: Date
}

/** Documents of a version by their ids. */
export async function readDocuments(
  q: Queryable,
  collection: string,
  version: number,
  documents: readonly string[],
): Promise<Map<string, DocumentLine>> {
  const { rows } = await q.query<DocumentLine & Record<string, unknown>>(
    `select document, title, url, sha256, retrieved_at as "retrievedAt" from pipeline.vector_document
     where collection = $1 and document = any($3) and ${visibleAt('$2')}`,
    [collection, version, documents],
  )
  return new Map(rows.map((row) => [row.document, row]))
}

/** What tells whether a document changed. */
export interface KnownDocument {
  hash: string
  /** JSON of what models said of it; null for nothing. */
  said: string | null
}

/** Those documents that are in a version. */
export async function readKnown(
  q: Queryable,
  collection: string,
  version: number,
  documents: readonly string[],
): Promise<Map<string, KnownDocument>> {
  const { rows } = await q.query<KnownDocument & { document: string } & Record<string, unknown>>(
    `select document, hash, said from pipeline.vector_document where collection = $1 and document = any($3) and ${visibleAt('$2')}`,
    [collection, version, documents],
  )
  return new Map(rows.map((row) => [row.document, row]))
}

/** Ids of a version's documents after one, in order, a page of them. */
export async function listDocuments(
  q: Queryable,
  collection: string,
  version: number,
  after: string,
  limit: number,
): Promise<string[]> {
  const { rows } = await q.query<{ document: string }>(
    `select document from pipeline.vector_document where collection = $1 and ${visibleAt('$2')} and document collate "C" > $3
     order by document collate "C" limit $4`,
    [collection, version, after, limit],
  )
  return rows.map(({ document }) => document)
}

/** What a document of a version is made of. */
export interface DocumentContents {
  points: string[]
  texts: string[]
  sha256: string
  retrievedAt: Date
}

/** What documents of a version are made of: ids of their points, and hashes of the points' texts. */
export async function readContents(
  q: Queryable,
  collection: string,
  version: number,
  documents: readonly string[],
): Promise<Map<string, DocumentContents>> {
  const { rows } = await q.query<DocumentContents & { document: string } & Record<string, unknown>>(
    `select document, points::text[] as points, texts::text[] as texts, sha256, retrieved_at as "retrievedAt" from pipeline.vector_document
     where collection = $1 and document = any($3) and ${visibleAt('$2')}`,
    [collection, version, documents],
  )
  return new Map(rows.map((row) => [row.document, row]))
}

/** SQL: the line is of the version that the parameter holds. */
export function visibleAt(parameter: string): string {
  return `since <= ${parameter}::integer and (until is null or until > ${parameter}::integer)`
}
