import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { openPostgres, type PostgresStore } from '../../../lib/stores/postgres/index.ts'
import { openPgVectors, type PgVectorsOptions, type VectorStore } from '../../../lib/stores/vectors/index.ts'
import { type PgvectorServer, startPgvector } from '../../helpers/pgvector-server.ts'
import { startPostgres } from '../../helpers/postgres-server.ts'
import { rejectsWith } from '../../helpers/rejects.ts'
import { conformance, type Ground } from './conformance.ts'
import { versionsConformance } from './conformance-versions.ts'
import { DIMENSIONS, idOf, patient, pointOf, pointsOf } from './points.ts'
import { byCosine } from './reference.ts'

const server = await startPgvector()

if (typeof server === 'string') {
  test('pgvector on a server', { skip: server }, () => {})
} else {
  after(() => server.stop())
  const ground = () => open(server)
  conformance('a server with pgvector', ground)
  versionsConformance('a server with pgvector', ground)
  indexed(server)
}

interface Opened extends Ground {
  postgres: PostgresStore
}

async function open(from: PgvectorServer, options: PgVectorsOptions = {}): Promise<Opened> {
  const url = await from.database()
  const postgres = await openPostgres({ kind: 'server', url })
  const second = await openPostgres({ kind: 'server', url })
  const store = openPgVectors(postgres, options)
  const other = openPgVectors(second, options)
  return {
    postgres,
    store,
    other,
    async remove() {
      await store.close()
      await other.close()
      await postgres.close()
      await second.close()
    },
  }
}

function indexed(from: PgvectorServer): void {
  describe('a collection with an index', { timeout: 60_000 }, () => {
    const now = { at: 1, abandoned: [], signal: patient }

    async function filled(count: number): Promise<Opened> {
      const opened = await open(from, { exactUpTo: 500 })
      await opened.store.ensure('big', { dimensions: DIMENSIONS }, patient)
      await opened.store.put('big', pointsOf(0, count), { since: 1, signal: patient })
      return opened
    }
    const indexes = async (postgres: PostgresStore) => {
      const { rows } = await postgres.query(
        `select 1 from pg_indexes where indexdef like '%using hnsw%' or indexdef like '%USING hnsw%'`,
      )
      return rows.length
    }
    const ids = async (
      store: VectorStore,
      search: Omit<Parameters<VectorStore['search']>[1], 'at' | 'abandoned' | 'signal'>,
      at = 1,
    ) => (await store.search('big', { ...now, at, ...search })).dense.map(({ id }) => id)

    test('is built by the purge that finds too many points, once, while others write', async () => {
      const { postgres, store, other, remove } = await filled(500)
      await store.purge('big', { ...now, at: 0 })
      assert.equal(await indexes(postgres), 0)
      await store.put('big', pointsOf(500, 2_000), { since: 1, signal: patient })
      await Promise.all([
        store.purge('big', { ...now, at: 0 }),
        other.purge('big', { ...now, at: 0 }),
        other.put('big', pointsOf(2_000, 3_000), { since: 1, signal: patient }),
      ])
      assert.equal(await indexes(postgres), 1)
      await store.purge('big', { ...now, at: 0 })
      assert.equal(await indexes(postgres), 1)
      const { vector } = pointOf(2_500)
      assert.equal((await ids(store, { vector, limit: 1 }))[0], idOf(2_500))
      const near = byCosine(pointsOf(0, 3_000), vector)
        .slice(0, 20)
        .map(({ id }) => id)
      const found = await ids(store, { vector, limit: 20 })
      assert.ok(near.filter((id) => found.includes(id)).length >= 18, 'nearly all of the nearest')
      await remove()
    })

    test('filters and versions lose nothing by it', async () => {
      const { store, remove } = await filled(3_000)
      await store.purge('big', { ...now, at: 0 })
      const { vector } = pointOf(10_000)
      // One point in a thousand, and far from what is asked for.
      const far = byCosine(pointsOf(0, 3_000), vector)
        .slice(-3)
        .map(({ id }) => id)
      const marked = pointsOf(0, 3_000).filter(({ id }) => far.includes(id))
      await store.put(
        'big',
        marked.map((point) => ({ ...point, facets: { rare: true } })),
        { since: 1, signal: patient },
      )
      assert.deepEqual((await ids(store, { vector, limit: 3, filter: { rare: true } })).sort(), far.sort())
      assert.equal((await ids(store, { vector, limit: 10, filter: { rare: true } })).length, 3)
      // All but twelve have gone.
      await store.retire(
        'big',
        Array.from({ length: 2_988 }, (_, index) => idOf(index)),
        { until: 2, signal: patient },
      )
      assert.equal((await ids(store, { vector, limit: 12 }, 2)).length, 12)
      assert.equal((await ids(store, { vector, limit: 12 }, 1)).length, 12)
      await remove()
    })

    test('is built anew where building it broke', async () => {
      const { postgres, store, remove } = await filled(600)
      // What a killed build leaves: an index that PostgreSQL keeps and does not use.
      await postgres.query('create index v_big on pipeline_vectors.p_big using hnsw (vector vector_cosine_ops)')
      await postgres.query(
        `update pg_index set indisvalid = false where indexrelid = 'pipeline_vectors.v_big'::regclass`,
      )
      await store.purge('big', { ...now, at: 0 })
      const { rows } = await postgres.query(
        `select indisvalid from pg_index where indexrelid = 'pipeline_vectors.v_big'::regclass`,
      )
      assert.deepEqual(rows, [{ indisvalid: true }])
      await remove()
    })

    test('the extension may lie in any schema, and be of any age from 0.7 on', async () => {
      const { postgres, store, remove } = await open(from)
      await postgres.query(`create schema "Odd name"; create extension vector schema "Odd name"`)
      await store.ensure('big', { dimensions: DIMENSIONS }, patient)
      await store.put('big', pointsOf(0, 10), { since: 1, signal: patient })
      assert.deepEqual(await ids(store, { vector: pointOf(4).vector, limit: 1 }), [idOf(4)])
      await remove()
      const old = await open(from)
      await old.postgres.query(
        `create extension vector; update pg_extension set extversion = '0.6.2' where extname = 'vector'`,
      )
      const error = await rejectsWith(old.store.ensure('big', { dimensions: 3 }, patient), 'VECTOR_EXTENSION')
      assert.deepEqual(error.details, { expected: '0.7', actual: '0.6.2' })
      await old.postgres.query(`update pg_extension set extversion = '0.7.4' where extname = 'vector'`)
      await old.store.ensure('big', { dimensions: DIMENSIONS }, patient)
      await old.remove()
    })
  })
}

describe('a server without pgvector', { timeout: 60_000 }, () => {
  test('is named as that, and can be mended without a restart', async () => {
    const plain = await startPostgres()
    const postgres = await openPostgres({ kind: 'server', url: plain.url })
    const store = openPgVectors(postgres)
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const error = await rejectsWith(store.ensure('one', { dimensions: 3 }, patient), 'VECTOR_EXTENSION')
      assert.match(error.message, /pgvector 0\.7 or newer/)
      assert.equal(error.retryable, false)
    }
    await store.close()
    await rejectsWith(store.ensure('one', { dimensions: 3 }, patient), 'STORE_CLOSED')
    await postgres.close()
    await plain.stop()
  })

  test('a server that has gone', async () => {
    const plain = await startPostgres()
    const postgres = await openPostgres({ kind: 'server', url: plain.url })
    const store = openPgVectors(postgres)
    await plain.stop()
    const error = await rejectsWith(store.count('one', { at: 1, abandoned: [], signal: patient }), 'STORE_UNAVAILABLE')
    assert.equal(error.retryable, true)
    await postgres.close()
  })
})
