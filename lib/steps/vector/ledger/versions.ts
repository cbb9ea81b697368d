import { failPoint } from '../../../fail-point.ts'
import type { PostgresStore, Queryable } from '../../../stores/postgres/port.ts'
import { holdLease, type Lease } from './lease.ts'
import type { Generation } from './state.ts'

/** A version that is being written; nobody sees it. */
export interface OpenVersion {
  version: number
  target: Generation
}

/** A document's line in a version. */
export interface NewLine {
  document: string
  hash: string
  title: string
  url: string
  sha256: string
  retrievedAt: Date
  points: readonly string[]
  texts: readonly string[]
  /** JSON of what models said of it, and of which content. */
  said: string | null
}

/** Allots the next version, to be written into a generation. What an earlier writer left open is given up. */
export async function openVersion(postgres: PostgresStore, lease: Lease, target: Generation): Promise<OpenVersion> {
  const version = await postgres.transaction(async (tx) => {
    await holdLease(tx, lease)
    const { rows: left } = await tx.query<{ version: number }>(
      `select version from pipeline.vector_version where collection = $1 and state = 'open'`,
      [lease.collection],
    )
    for (const row of left) await giveUp(tx, lease.collection, row.version)
    const { rows } = await tx.query<{ version: number }>(
      'update pipeline.vector_collection set last_version = last_version + 1 where name = $1 returning last_version as version',
      [lease.collection],
    )
    const next = rows[0]?.version ?? 0
    await tx.query(
      `insert into pipeline.vector_version (collection, version, physical, state) values ($1, $2, $3, 'open')`,
      [lease.collection, next, target.physical],
    )
    return next
  })
  failPoint('vector-opened')
  return { version, target }
}

/** Gives a version up: its lines go, what it retired stays. Its points lie in the store until the next upkeep, and count for nobody. */
export async function abandonVersion(postgres: PostgresStore, lease: Lease, version: number): Promise<void> {
  await postgres.transaction(async (tx) => {
    await holdLease(tx, lease)
    await giveUp(tx, lease.collection, version)
  })
}

async function giveUp(tx: Queryable, collection: string, version: number): Promise<void> {
  const { rowCount } = await tx.query(
    `update pipeline.vector_version set state = 'abandoned', ended_at = clock_timestamp()
     where collection = $1 and version = $2 and state = 'open'`,
    [collection, version],
  )
  // a commit whose answer was lost has published it
  if (rowCount === 0) return
  await tx.query('delete from pipeline.vector_document where collection = $1 and since = $2', [collection, version])
  await tx.query('update pipeline.vector_document set until = null where collection = $1 and until = $2', [
    collection,
    version,
  ])
}

/** Writes lines of an open version, in place of those that the documents have; `gone` have none any more. */
export async function noteDocuments(
  postgres: PostgresStore,
  lease: Lease,
  version: number,
  lines: readonly NewLine[],
  gone: readonly string[],
): Promise<void> {
  if (lines.length + gone.length === 0) return
  await postgres.transaction(async (tx) => {
    await holdLease(tx, lease)
    await tx.query(
      `update pipeline.vector_document set until = $2
       where collection = $1 and document = any($3) and until is null and since < $2`,
      [lease.collection, version, [...lines.map(({ document }) => document), ...gone]],
    )
    await tx.query(
      `insert into pipeline.vector_document (collection, document, since, hash, title, url, sha256, retrieved_at, said, points, texts)
       select $1, l.document, $2, l.hash, l.title, l.url, l.sha256, l."retrievedAt", l.said,
         array(select jsonb_array_elements_text(l.points)::uuid), array(select jsonb_array_elements_text(l.texts)::uuid)
       from jsonb_to_recordset($3::jsonb) as l(document text, hash text, title text, url text, sha256 text,
         "retrievedAt" timestamptz, said text, points jsonb, texts jsonb)
       on conflict (collection, document, since) do nothing`,
      [lease.collection, version, JSON.stringify(lines)],
    )
  })
  failPoint('vector-noted')
}

/** Lets readers see a version, and its generation with it, in one transaction with what else is to be written (`also`). */
export async function publishVersion(
  postgres: PostgresStore,
  lease: Lease,
  { version, target }: OpenVersion,
  also: (tx: Queryable) => Promise<void>,
): Promise<void> {
  await postgres.transaction(async (tx) => {
    await holdLease(tx, lease)
    await tx.query(
      `update pipeline.vector_version set state = 'published', cleaned = true, ended_at = clock_timestamp()
       where collection = $1 and version = $2 and state = 'open'`,
      [lease.collection, version],
    )
    await tx.query(
      `update pipeline.vector_generation set state = 'old', replaced_at = clock_timestamp()
       where collection = $1 and state = 'live' and generation <> $2`,
      [lease.collection, target.generation],
    )
    await tx.query(
      `update pipeline.vector_generation set state = 'live' where collection = $1 and generation = $2 and state = 'building'`,
      [lease.collection, target.generation],
    )
    await tx.query('update pipeline.vector_collection set version = $2, generation = $3 where name = $1', [
      lease.collection,
      version,
      target.generation,
    ])
    await also(tx)
    failPoint('vector-before-publish')
  })
  failPoint('vector-after-publish')
}
