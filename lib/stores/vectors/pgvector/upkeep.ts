import { PipelineError } from '../../../errors.ts'
import { goOn } from '../../../stopped.ts'
import type { PostgresStore } from '../../postgres/port.ts'
import type { Visibility } from '../port.ts'
import type { Extension } from './extension.ts'
import { CATALOGUE, indexOf, look, pointsOf, postingsOf, qualifiedIndexOf } from './tables.ts'

/** Points deleted by one statement, so that nobody waits long. */
const DELETE_BATCH = 5_000
/** Blocks of postings that are brought together by one statement, about. */
const REWRITE_BLOCKS = 20_000
/** The postings are rewritten when this part of their points is gone. */
const GONE_PART = 0.2
/** pgvector's index takes no more. */
const INDEX_DIMENSIONS = 2_000

/** Deletes points by a condition, `$1` and so on its values; resolves when none is left. */
export async function deletePoints(
  postgres: PostgresStore,
  collection: string,
  condition: string,
  values: readonly unknown[],
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    goOn(signal)
    const deleted = await postgres.transaction(async (tx) => {
      // The line is taken first, as a put does: taken the other way round the two could wait for each other.
      await tx.query(`select from ${CATALOGUE} where name = $1 for update`, [collection])
      const { rowCount } = await tx.query(
        `delete from ${pointsOf(collection)} where id in (
           select id from ${pointsOf(collection)} where ${condition} limit ${DELETE_BATCH})`,
        values,
      )
      if (rowCount > 0)
        await tx.query(`update ${CATALOGUE} set gone = gone + $2 where name = $1`, [collection, rowCount])
      return rowCount
    })
    if (deleted < DELETE_BATCH) return
  }
}

/** What no reader sees from version `at` on, and what versions that were given up have left. */
export async function purgePoints(
  postgres: PostgresStore,
  collection: string,
  { at, abandoned, signal }: Visibility & { signal: AbortSignal },
): Promise<void> {
  if (abandoned.length > 0) {
    await deletePoints(postgres, collection, 'since = any($1::bigint[])', [abandoned], signal)
    await postgres.query(`update ${pointsOf(collection)} set until = null where until = any($1::bigint[])`, [abandoned])
  }
  await deletePoints(postgres, collection, 'until <= $1::bigint', [at], signal)
}

/** Rewrites the postings without the points that are gone, one block a term, once they are a fifth of all. */
export async function rewritePostings(postgres: PostgresStore, collection: string, signal: AbortSignal): Promise<void> {
  const { rows } = await postgres.query<{ posted: number; gone: number }>(
    `select posted, gone from ${CATALOGUE} where name = $1`,
    [collection],
  )
  const { posted = 0, gone = 0 } = rows[0] ?? {}
  if (gone === 0 || gone < posted * GONE_PART) return
  for (let from = 0; ; ) {
    goOn(signal)
    const next = await rewriteSome(postgres, collection, from)
    if (next === undefined) break
    from = next
  }
  // What went meanwhile is counted again later; searches bear a count that is a little off.
  await postgres.query(
    `update ${CATALOGUE} set posted = greatest(posted - $2, 0), gone = greatest(gone - $2, 0) where name = $1`,
    [collection, gone],
  )
}

/** Terms from `from` on; resolves with where to go on. A reader sees all old blocks of a term, or the new one. */
function rewriteSome(postgres: PostgresStore, collection: string, from: number): Promise<number | undefined> {
  const postings = postingsOf(collection)
  return postgres.transaction(async (tx) => {
    await tx.query(`select from ${CATALOGUE} where name = $1 for update`, [collection])
    const { rows } = await tx.query<{ last: number | null }>(
      `select max(term) as last from (select term from ${postings} where term >= $1 order by term limit ${REWRITE_BLOCKS}) page`,
      [from],
    )
    const last = rows[0]?.last ?? undefined
    if (last === undefined) return undefined
    await tx.query(
      `with old as (delete from ${postings} where term between $1 and $2 returning *)
       insert into ${postings} (term, points, weights)
       select term, array_agg(number order by number), array_agg(weight order by number)
       from (
         select old.term, posting.number, posting.weight
         from old, unnest(old.points, old.weights) as posting (number, weight)
       ) kept where exists (select from ${pointsOf(collection)} p where p.number = kept.number)
       group by term`,
      [from, last],
      { timeoutMs: 0 },
    )
    return last + 1
  })
}

/** Builds the index of vectors on a server, when there are more points than a scan should read. */
export async function indexVectors(
  postgres: PostgresStore,
  { prefix, iterative }: Extension,
  collection: string,
  exactUpTo: number,
): Promise<void> {
  const { posted, indexed, dimensions } = await look(postgres, collection)
  if (postgres.kind === 'embedded' || !iterative || indexed || posted <= exactUpTo) return
  if (dimensions > INDEX_DIMENSIONS) return
  const connection = await postgres.connect()
  try {
    const lock = `hashtextextended('${qualifiedIndexOf(collection)}', 0)`
    const { rows } = await connection.query<{ mine: boolean }>(`select pg_try_advisory_lock(${lock}) as mine`)
    if (rows[0]?.mine !== true) return
    // One that was begun and not ended is of no use, and in the way.
    await connection.query(`drop index concurrently if exists ${qualifiedIndexOf(collection)}`)
    // Writers go on meanwhile; a deadline would only begin it anew.
    await connection.query(
      `create index concurrently ${indexOf(collection)} on ${pointsOf(collection)} using hnsw (vector ${prefix}vector_cosine_ops)`,
      [],
      { timeoutMs: 0 },
    )
  } catch (error) {
    // Dropped meanwhile.
    if (!(error instanceof PipelineError) || error.code !== 'SQL_42P01') throw error
  } finally {
    await connection.close()
  }
}
