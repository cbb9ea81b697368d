import { PipelineError } from '../../../errors.ts'
import { goOn, unlessStopped } from '../../../stopped.ts'
import { openCalls } from '../../cache/calls.ts'
import type { PostgresStore, Row } from '../../postgres/port.ts'
import { preparing } from '../../postgres/prepare.ts'
import { checkLimit, checkName, checkShape, checkVersion } from '../check.ts'
import { conditionsOf } from '../filter.ts'
import type { Facets, VectorHit, VectorPoint, VectorStore } from '../port.ts'
import { type Extension, findExtension } from './extension.ts'
import { visible } from './filter-sql.ts'
import { putPoints } from './put.ts'
import { searchPoints } from './search.ts'
import { dropTables, look, makeTables, migrations, notFound, pointsOf, postingsOf } from './tables.ts'
import { deletePoints, indexVectors, purgePoints, rewritePostings } from './upkeep.ts'

/** Settings of {@link openPgVectors}. */
export interface PgVectorsOptions {
  /** On a server, collections of more points get an index; below that every search is exact. 50,000 by default. */
  exactUpTo?: number
}

const EXACT_UP_TO = 50_000
/** Ids in one statement. */
const IDS = 5_000

const prepareTables = preparing(migrations)

/**
 * The port of vectors in PostgreSQL with pgvector 0.7 or newer, the embedded one or a server. Nothing is asked of the database before the
 * first call, which turns the extension on where that is permitted. The store is the caller's and stays open.
 */
export function openPgVectors(postgres: PostgresStore, options: PgVectorsOptions = {}): VectorStore {
  const { exactUpTo = EXACT_UP_TO } = options
  const calls = openCalls('vector store')
  let preparation: Promise<Extension> | undefined

  function prepare(): Promise<Extension> {
    preparation ??= (async () => {
      const extension = await findExtension(postgres)
      await prepareTables(postgres)
      return extension
    })()
    preparation.catch(() => {
      preparation = undefined
    })
    return preparation
  }

  /** What every call does around its work: name, signal, extension, errors. */
  function run<T>(collection: string, signal: AbortSignal, work: (extension: Extension) => Promise<T>): Promise<T> {
    return calls.run(async () => {
      checkName(collection)
      try {
        return await work(await unlessStopped(signal, prepare))
      } catch (error) {
        throw portError(error, collection)
      }
    })
  }

  /** Statements for which the collection has to be there, in pieces. */
  async function inPieces(ids: readonly string[], signal: AbortSignal, work: (some: string[]) => Promise<void>) {
    for (let from = 0; from < ids.length; from += IDS) {
      goOn(signal)
      await unlessStopped(signal, () => work(ids.slice(from, from + IDS)))
    }
  }

  return {
    kind: 'pgvector',
    ensure: (collection, shape, signal) =>
      run(collection, signal, async (extension) => {
        checkShape(shape)
        await unlessStopped(signal, () => makeTables(postgres, extension, collection, shape.dimensions))
      }),
    drop: (collection, signal) =>
      run(collection, signal, () => unlessStopped(signal, () => dropTables(postgres, collection))),
    put: (collection, points, write) =>
      run(collection, write.signal, async () => {
        checkVersion(write.since)
        return putPoints(postgres, collection, points, write)
      }),
    retire: (collection, ids, { until, signal }) =>
      run(collection, signal, async () => {
        checkVersion(until)
        await look(postgres, collection)
        // The later version counts: an earlier one that comes after it is of a writer that was given up.
        await inPieces(ids, signal, async (some) => {
          await postgres.query(
            `update ${pointsOf(collection)} set until = $2 where id = any($1::uuid[]) and (until is null or until < $2)`,
            [some, until],
          )
        })
      }),
    abandon: (collection, version, signal) =>
      run(collection, signal, async () => {
        checkVersion(version)
        await look(postgres, collection)
        await deletePoints(postgres, collection, 'since = $1::bigint', [version], signal)
        await unlessStopped(signal, () =>
          postgres.query(`update ${pointsOf(collection)} set until = null where until = $1::bigint`, [version]),
        )
      }),
    purge: (collection, options) =>
      run(collection, options.signal, async (extension) => {
        await look(postgres, collection)
        await unlessStopped(options.signal, () => purgePoints(postgres, collection, options))
        await unlessStopped(options.signal, () => rewritePostings(postgres, collection, options.signal))
        // The embedded store has nobody else who counts for the planner.
        await unlessStopped(options.signal, () =>
          postgres.query(`analyze ${pointsOf(collection)}, ${postingsOf(collection)}`),
        )
        await unlessStopped(options.signal, () => indexVectors(postgres, extension, collection, exactUpTo))
      }),
    search: (collection, search) =>
      run(collection, search.signal, (extension) => searchPoints(postgres, extension, collection, search)),
    vectorsOf: (collection, ids, signal) =>
      run(collection, signal, async () => {
        await look(postgres, collection)
        const found = new Map<string, Float32Array>()
        await inPieces(ids, signal, async (some) => {
          const { rows } = await postgres.query<{ id: string; vector: string }>(
            `select id, vector::text as vector from ${pointsOf(collection)} where id = any($1::uuid[])`,
            [some],
          )
          for (const row of rows) found.set(row.id, Float32Array.from(row.vector.slice(1, -1).split(','), Number))
        })
        return found
      }),
    list: (collection, { after, limit, signal, ...visibility }) =>
      run(collection, signal, async () => {
        checkLimit(limit)
        await look(postgres, collection)
        const { text, values } = visible(visibility, [], 'p', 3)
        const { rows } = await unlessStopped(signal, () =>
          postgres.query<ListRow>(
            `select p.id, p.document, p.facets, p.payload, p.lexical::text as lexical
             from ${pointsOf(collection)} p where ($1::uuid is null or p.id > $1) and ${text} order by p.id limit $2`,
            [after, limit + 1, ...values],
          ),
        )
        const points = rows.slice(0, limit).map(({ lexical, ...rest }) => ({ ...rest, lexical: termsOf(lexical) }))
        const last = points.at(-1)
        return rows.length > limit && last !== undefined ? { points, next: last.id } : { points }
      }),
    count: (collection, { filter, signal, ...visibility }) =>
      run(collection, signal, async () => {
        const { text, values } = visible(visibility, conditionsOf(filter), 'p', 1)
        await look(postgres, collection)
        const { rows } = await unlessStopped(signal, () =>
          postgres.query<{ count: string }>(
            `select count(*) as count from ${pointsOf(collection)} p where ${text}`,
            values,
          ),
        )
        return Number(rows[0]?.count)
      }),
    close: () => calls.close(),
  }
}

interface ListRow extends Row {
  id: string
  document: string
  facets: Facets
  payload: VectorHit['payload']
  lexical: string
}

/** `{1:0.5,7:0.25}/1000000000`, counted from 1; the text is the shortest that gives the same single precision. */
function termsOf(sparse: string): VectorPoint['lexical'] {
  const inside = sparse.slice(1, sparse.indexOf('}'))
  const pairs = inside === '' ? [] : inside.split(',').map((pair) => pair.split(':').map(Number))
  return { terms: pairs.map(([index = 0]) => index - 1), weights: pairs.map(([, weight = 0]) => Math.fround(weight)) }
}

/** An error of the database in the words of the port. */
function portError(thrown: unknown, collection: string): PipelineError {
  const error = PipelineError.from(thrown, 'STORE_ERROR')
  // Dropped between two statements.
  if (error.code === 'SQL_42P01') return notFound(collection)
  if (error.code === 'SQL_42501')
    return new PipelineError('STORE_DENIED', error.message, { details: error.details ?? {} })
  return error
}
