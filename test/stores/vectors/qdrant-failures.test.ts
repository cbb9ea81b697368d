import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { inspect } from 'node:util'
import { openQdrant, type VectorStore } from '../../../lib/stores/vectors/index.ts'
import { HttpServers } from '../../helpers/http-servers.ts'
import { rejectsWith } from '../../helpers/rejects.ts'
import { type Instead, type QdrantDouble, startQdrantDouble } from '../../qdrant/server.ts'
import { DIMENSIONS, patient, pointOf, pointsOf } from './points.ts'

const KEY = 'quite-secret-key'

describe('a Qdrant that does not do as it is told', { timeout: 60_000 }, () => {
  let double: QdrantDouble
  let store: VectorStore
  const signal = patient
  const now = { at: 1, abandoned: [], signal }
  const ask = () => store.count('notes', now)
  const answer = (instead: Instead) => {
    double.instead = () => instead
  }

  beforeEach(async () => {
    double = await startQdrantDouble({ apiKey: KEY })
    store = openQdrant({ url: double.url, apiKey: KEY, timeoutMs: 2_000 })
    await store.ensure('notes', { dimensions: DIMENSIONS }, signal)
  })
  afterEach(async () => {
    await store.close()
    await double.stop()
  })

  test('its refusals have the codes of the port', async () => {
    const refusals: [Instead, string, boolean][] = [
      [{ status: 500, body: { status: { error: 'Service internal error: wal' }, time: 0 } }, 'STORE_UNAVAILABLE', true],
      [{ status: 503, body: 'Service Unavailable' }, 'STORE_UNAVAILABLE', true],
      [{ status: 500, body: { status: { error: 'No space left on device' } } }, 'STORE_FULL', false],
      [{ status: 429, body: { status: { error: 'Rate limit' } }, headers: { 'retry-after': '7' } }, 'STORE_BUSY', true],
      [{ status: 429, body: { status: { error: 'Rate limit' } } }, 'STORE_BUSY', true],
      [{ status: 403, body: { status: { error: 'Forbidden' } } }, 'STORE_DENIED', false],
      [{ status: 408, body: { status: { error: 'Timeout' } } }, 'STORE_TIMEOUT', true],
      [{ status: 400, body: { status: { error: 'Bad request: Index required' } } }, 'VECTOR_REFUSED', false],
      [{ status: 200, body: '<html>hello</html>' }, 'VECTOR_ANSWER', false],
      [{ status: 200, body: { result: { count: 'many' } } }, 'VECTOR_ANSWER', false],
      [{ status: 200, body: {} }, 'VECTOR_ANSWER', false],
    ]
    for (const [instead, code, retryable] of refusals) {
      answer(instead)
      const error = await rejectsWith(ask(), code)
      assert.equal(error.retryable, retryable, inspect(instead))
    }
  })

  test('a wrong key is not told, and not tried again', async () => {
    const wrong = openQdrant({ url: double.url, apiKey: 'another-secret' })
    const error = await rejectsWith(wrong.count('notes', now), 'STORE_DENIED')
    assert.equal(error.retryable, false)
    // The double, like a proxy might, answers with the key.
    assert.match(error.message, /\*\*\*/)
    assert.ok(!inspect(error, { depth: 9 }).includes('another-secret'))
    await wrong.close()
  })

  test('a redirect takes the key nowhere', async () => {
    const servers = new HttpServers()
    const seen: (string | undefined)[] = []
    const elsewhere = await servers.serve((request, response) => {
      seen.push(request.url)
      response.end('{}')
    })
    answer({ status: 307, body: '', headers: { location: `${elsewhere}/collections` } })
    const error = await rejectsWith(ask(), 'STORE_CONFIG')
    assert.match(error.message, /redirect/)
    assert.deepEqual(seen, [])
    await servers.close()
  })

  test('silence ends at the deadline, or with the signal', async () => {
    answer('hang')
    const late = openQdrant({ url: double.url, apiKey: KEY, timeoutMs: 300 })
    const error = await rejectsWith(late.count('notes', now), 'STORE_TIMEOUT')
    assert.equal(error.retryable, true)
    await late.close()
    const controller = new AbortController()
    const stopped = rejectsWith(store.put('notes', [pointOf(1)], { since: 1, signal: controller.signal }), 'STOPPED')
    setTimeout(() => controller.abort(), 50)
    const started = performance.now()
    await stopped
    assert.ok(performance.now() - started < 1_500)
  })

  test('nobody is there, and comes', async () => {
    await double.stop()
    const error = await rejectsWith(ask(), 'STORE_UNAVAILABLE')
    assert.equal(error.retryable, true)
    assert.ok(!inspect(error, { depth: 9 }).includes(KEY))
    double = await startQdrantDouble()
  })

  test('addresses that are none', async () => {
    for (const url of [
      '',
      'localhost:6333',
      'ftp://host',
      'https://u:hidden-word@host',
      'http://host/?key=hidden-word',
    ]) {
      assert.throws(
        () => openQdrant({ url }),
        (error) => inspect(error).includes('STORE_CONFIG') && !inspect(error).includes('hidden-word'),
      )
    }
  })

  test('a path before the API, as behind a proxy', async () => {
    const servers = new HttpServers()
    const seen: (string | undefined)[] = []
    const proxy = await servers.serve((request, response) => {
      seen.push(request.url)
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"status":{"error":"Not found"}}')
    })
    const behind = openQdrant({ url: `${proxy}/qdrant/` })
    await rejectsWith(behind.count('notes', now), 'VECTOR_NOT_FOUND')
    assert.deepEqual(seen, ['/qdrant/collections/ysh_notes/points/count'])
    await behind.close()
    await servers.close()
  })

  test('a collection of that name with other settings is not touched', async () => {
    const create = (name: string, body: object) => double.engine.run('create_collection', name, body)
    const dense = { size: DIMENSIONS, distance: 'Cosine' }
    const lexical = { modifier: 'idf' }
    create('ysh_distance', { vectors: { dense: { ...dense, distance: 'Dot' } }, sparse_vectors: { lexical } })
    create('ysh_plain', { vectors: { dense } })
    create('ysh_unweighted', { vectors: { dense }, sparse_vectors: { lexical: {} } })
    create('ysh_unnamed', { vectors: dense })
    for (const name of ['distance', 'plain', 'unweighted', 'unnamed']) {
      await rejectsWith(store.ensure(name, { dimensions: DIMENSIONS }, signal), 'VECTOR_COLLECTION')
      await rejectsWith(store.put(name, [pointOf(1)], { since: 1, signal }), 'VECTOR_COLLECTION')
    }
    // Somebody else's, without our prefix.
    create('other', { vectors: { dense } })
    await store.drop('other', signal)
    assert.ok(double.engine.collections.has('other'))
  })

  test('points go in batches; searches of both halves are one request', async () => {
    double.operations.length = 0
    await store.put('notes', pointsOf(0, 1_200), { since: 1, signal })
    const upserts = double.operations.filter((operation) => operation === 'upsert_points')
    assert.equal(upserts.length, 3)
    const long = pointsOf(0, 6).map((point) => ({ ...point, payload: { text: 'x'.repeat(1_500_000) } }))
    double.operations.length = 0
    await store.put('notes', long, { since: 1, signal })
    assert.equal(double.operations.filter((operation) => operation === 'upsert_points').length, 3)
    double.operations.length = 0
    await store.search('notes', { ...now, vector: pointOf(1).vector, lexical: pointOf(1).lexical, limit: 5 })
    assert.deepEqual(double.operations, ['query_batch_points'])
    assert.deepEqual(double.violations, [])
    assert.deepEqual(
      [...(double.engine.collections.get('ysh_notes')?.fields ?? [])],
      [
        ['since', 'integer'],
        ['until', 'integer'],
        ['document', 'keyword'],
        ['facets.kind', 'keyword'],
        ['facets.year', 'float'],
        ['facets.factor', 'float'],
        ['facets.valid', 'bool'],
        ['facets.tags', 'keyword'],
      ],
    )
  })
})
