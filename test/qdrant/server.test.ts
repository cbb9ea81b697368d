import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { QdrantApi } from './api-schemas.ts'
import { type QdrantDouble, startQdrantDouble } from './server.ts'

describe('the double of Qdrant', () => {
  let double: QdrantDouble
  before(async () => {
    double = await startQdrantDouble()
  })
  after(() => double.stop())

  async function send(method: string, path: string, body?: unknown): Promise<{ status: number; violations: number }> {
    double.violations.length = 0
    const response = await fetch(`${double.url}${path}`, {
      method,
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    })
    await response.text()
    return { status: response.status, violations: double.violations.length }
  }

  test("knows the client's whole API description", () => {
    const api = new QdrantApi()
    assert.ok(api.types > 350, `${api.types} types`)
    assert.equal(api.find('POST', '/collections/a/points/query/batch')?.operation.name, 'query_batch_points')
  })

  test('what does not fit the description is refused and noted', async () => {
    const right = {
      vectors: { dense: { size: 2, distance: 'Cosine' } },
      sparse_vectors: { lexical: { modifier: 'idf' } },
    }
    const wrong: [string, string, unknown][] = [
      ['PUT', '/collections/c', { ...right, vectors: { dense: { size: '2', distance: 'Cosine' } } }],
      ['PUT', '/collections/c', { ...right, vectors: { dense: { size: 2, distance: 'cosine' } } }],
      ['PUT', '/collections/c', { ...right, sparse_vectors: { lexical: { modifier: 'bm25' } } }],
      ['PUT', '/collections/c', { ...right, unknown: 1 }],
      ['PUT', '/collections/c/points', { points: [{ vector: { dense: [1, 0] } }] }],
      ['PUT', '/collections/c/points', { points: [{ id: 'a', vector: { lexical: { indices: [1] } } }] }],
      ['POST', '/collections/c/points/count', { filter: { must: [{ key: 'since', range: { lte: [] } }] } }],
      ['POST', '/collections/c/points/count', { filter: { must: [{ key: 'since', match: { eny: [1] } }] } }],
      ['POST', '/collections/c/points/query/batch', { searches: [{ query: 'x', limit: 'y' }] }],
      ['POST', '/collections/c/points/payload', { filter: {} }],
      ['POST', '/collections/c/nothing', {}],
    ]
    for (const [method, path, body] of wrong) {
      const { status, violations } = await send(method, path, body)
      assert.ok(status >= 400, `${path} ${JSON.stringify(body)}`)
      assert.equal(violations, 1, `${path} ${JSON.stringify(body)}`)
    }
    assert.deepEqual(await send('PUT', '/collections/c', right), { status: 200, violations: 0 })
    assert.deepEqual(await send('PUT', '/collections/c', right), { status: 409, violations: 0 })
    assert.deepEqual(await send('GET', '/collections/d'), { status: 404, violations: 0 })
    const short = { points: [{ id: '00000000-0000-4000-8000-000000000000', vector: { dense: [1] }, payload: {} }] }
    assert.deepEqual(await send('PUT', '/collections/c/points', short), { status: 400, violations: 0 })
  })

  test('an answer of its own that does not fit is noted', async () => {
    double.engine.run = () => ({ count: 'three' })
    const { violations } = await send('POST', '/collections/c/points/count', {})
    assert.equal(violations, 1)
  })
})
