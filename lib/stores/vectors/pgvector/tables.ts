import { PipelineError } from '../../../errors.ts'
import type { Migration } from '../../postgres/migrate.ts'
import type { PostgresStore, Queryable } from '../../postgres/port.ts'
import type { Extension } from './extension.ts'

/** The schema of all collections. */
const SCHEMA = 'pipeline_vectors'
/** A vector of so many dimensions fits into a page beside the rest, so that a scan need not fetch it from elsewhere. */
const INLINE_DIMENSIONS = 1_900

export const migrations: readonly Migration[] = [
  {
    component: 'vectors',
    id: 1,
    name: 'collections',
    sql: `
      create schema if not exists ${SCHEMA};
      create table ${SCHEMA}.collection (
        name text primary key,
        dimensions integer not null,
        -- points that were ever put: the numbers of the postings
        numbered integer not null default 0,
        -- points in the postings, those that are gone since among them
        posted integer not null default 0,
        -- points that are gone and still in the postings
        gone integer not null default 0
      );
    `,
  },
]

/** What is known of a collection. */
export interface Collection {
  dimensions: number
  /** Points that the frequencies of terms are counted over. */
  posted: number
  /** Whether dense searches have an index. */
  indexed: boolean
}

/** Table of the collections. */
export const CATALOGUE = `${SCHEMA}.collection`
/** Points of a collection. Its name has been checked. */
export const pointsOf = (collection: string) => `${SCHEMA}.p_${collection}`
/** Postings of a collection: for each term, in blocks, the numbers of the points that have it, and its weights there. */
export const postingsOf = (collection: string) => `${SCHEMA}.t_${collection}`
/** The index of vectors, without the schema. */
export const indexOf = (collection: string) => `v_${collection}`
/** The same, with it. */
export const qualifiedIndexOf = (collection: string) => `${SCHEMA}.${indexOf(collection)}`

/** Makes the tables of a collection unless they are there. Throws VECTOR_COLLECTION. */
export async function makeTables(
  postgres: PostgresStore,
  { prefix }: Extension,
  collection: string,
  dimensions: number,
): Promise<void> {
  await postgres.transaction(async (tx) => {
    // Whoever makes the same one at the same time waits here for the other's end.
    const made = await tx.query(
      `insert into ${CATALOGUE} (name, dimensions) values ($1, $2) on conflict (name) do nothing`,
      [collection, dimensions],
    )
    if (made.rowCount === 0) return checkSame(tx, collection, dimensions)
    const points = pointsOf(collection)
    const inline = dimensions <= INLINE_DIMENSIONS
    // A row beyond 2 kB is parted until it is small: what a scan reads is told to stay, what only a hit shows goes.
    await tx.query(`
      create table ${points} (
        id uuid primary key,
        number integer not null unique,
        since bigint not null,
        until bigint,
        document text not null,
        vector ${prefix}vector(${dimensions}) not null,
        lexical ${prefix}sparsevec(1000000000) not null,
        facets jsonb not null,
        payload jsonb not null
      ) with (toast_tuple_target = 128);
      alter table ${points}
        alter document set storage main,
        alter facets set storage main,
        alter vector set storage ${inline ? 'plain' : 'external'},
        alter lexical set storage external;
      create index on ${points} (since);
      create index on ${points} (until) where until is not null;
      create table ${postingsOf(collection)} (
        term integer not null,
        points integer[] not null,
        weights real[] not null
      );
      alter table ${postingsOf(collection)} alter points set storage external, alter weights set storage external;
      create index on ${postingsOf(collection)} (term);
    `)
  })
}

async function checkSame(tx: Queryable, collection: string, dimensions: number): Promise<void> {
  const { rows } = await tx.query<{ dimensions: number }>(`select dimensions from ${CATALOGUE} where name = $1`, [
    collection,
  ])
  const actual = rows[0]?.dimensions
  if (actual === dimensions) return
  throw new PipelineError(
    'VECTOR_COLLECTION',
    `The collection ${collection} is there with ${actual} dimensions, not ${dimensions}`,
    { details: { expected: dimensions, actual } },
  )
}

/** Removes the tables of a collection, if there are any. */
export async function dropTables(postgres: PostgresStore, collection: string): Promise<void> {
  await postgres.transaction(async (tx) => {
    // First, because a put in progress holds this line and not yet all of the tables.
    await tx.query(`delete from ${CATALOGUE} where name = $1`, [collection])
    await tx.query(`drop table if exists ${pointsOf(collection)}, ${postingsOf(collection)}`)
  })
}

/** Throws VECTOR_NOT_FOUND. */
export async function look(db: Queryable, collection: string): Promise<Collection> {
  const { rows } = await db.query<{ dimensions: number; posted: number; indexed: boolean }>(
    `select dimensions, posted, exists (
       select from pg_index where indexrelid = to_regclass($2) and indisvalid
     ) as indexed from ${CATALOGUE} where name = $1`,
    [collection, qualifiedIndexOf(collection)],
  )
  const [row] = rows
  if (row === undefined) throw notFound(collection)
  return row
}

/** VECTOR_NOT_FOUND. */
export function notFound(collection: string): PipelineError {
  return new PipelineError('VECTOR_NOT_FOUND', `There is no collection ${collection}`, { details: { collection } })
}
