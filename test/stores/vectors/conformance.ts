import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { FacetFilter, VectorHit, VectorStore } from '../../../lib/stores/vectors/port.ts'
import { rejectsWith } from '../../helpers/rejects.ts'
import { DIMENSIONS, idOf, patient, pointOf, pointsOf, termOf } from './points.ts'
import { byCosine, byTerms, type Scored } from './reference.ts'

/** A place to keep vectors in. */
export interface Ground {
  store: VectorStore
  /** Another client of the same place, as another process would have it. */
  other: VectorStore
  /** What is looked at when the suite is over: that nothing was asked or answered wrongly. */
  check?(): void
  remove(): Promise<void>
}

/** What every adapter of the port has to do, versions apart. `prepare` gives a place without collections of the suite. */
export function conformance(name: string, prepare: () => Promise<Ground>): void {
  describe(`the port of vectors on ${name}`, { timeout: 180_000 }, () => {
    let ground: Ground
    let store: VectorStore
    const now = { at: 1, abandoned: [], signal: patient }
    const signal = patient
    const all = pointsOf(0, 400)

    before(async () => {
      ground = await prepare()
      store = ground.store
      await store.ensure('shared', { dimensions: DIMENSIONS }, signal)
      assert.equal(await store.put('shared', all, { since: 1, signal }), 400)
    })
    after(async () => {
      await store?.drop('shared', signal)
      ground?.check?.()
      await ground?.remove()
    })

    /** As the reference has it, but for what single precision cannot tell apart. */
    function agrees(actual: readonly VectorHit[], expected: readonly Scored[], limit: number): void {
      assert.equal(actual.length, Math.min(limit, expected.length))
      actual.forEach((hit, place) => {
        const [score, due] = [expected.find(({ id }) => id === hit.id)?.score, expected[place]?.score]
        assert.ok(score !== undefined && due !== undefined, `${hit.id} was not to be found`)
        assert.ok(Math.abs(hit.score - score) < 1e-4, `${hit.id} has ${hit.score}, not ${score}`)
        assert.ok(
          Math.abs(score - due) < 1e-5,
          `place ${place} is ${hit.id} with ${score}, not ${expected[place]?.id} with ${due}`,
        )
      })
    }

    test('both halves find what the definitions say, in that order', async () => {
      for (let question = 0; question < 8; question += 1) {
        const { vector, lexical } = pointOf(1_000 + question)
        const asked = { terms: lexical.terms, weights: lexical.terms.map(() => 1) }
        const found = await store.search('shared', { ...now, vector, lexical: asked, limit: 30 })
        agrees(found.dense, byCosine(all, vector), 30)
        agrees(found.lexical, byTerms(all, all, asked), 30)
      }
    })

    test('a hit has all that was put', async () => {
      const point = pointOf(7)
      const { dense, lexical } = await store.search('shared', { ...now, vector: point.vector, limit: 1 })
      assert.deepEqual(lexical, [])
      const [{ score, ...hit } = { score: 0 }] = dense
      assert.ok(Math.abs(score - 1) < 1e-5)
      const { id, document, facets, payload } = point
      assert.deepEqual(hit, { id, document, facets, payload })
    })

    test('each half alone, none, and terms that nobody has', async () => {
      const { vector, lexical } = pointOf(3)
      const one = await store.search('shared', { ...now, lexical, limit: 5 })
      assert.deepEqual([one.dense.length, one.lexical.length], [0, 5])
      const none = await store.search('shared', { ...now, limit: 5 })
      assert.deepEqual(none, { dense: [], lexical: [] })
      const unknown = { terms: [5, 123_456_789], weights: [1, 1] }
      const missed = await store.search('shared', { ...now, vector, lexical: unknown, limit: 5 })
      assert.deepEqual([missed.dense.length, missed.lexical.length], [5, 0])
      const empty = await store.search('shared', { ...now, lexical: { terms: [], weights: [] }, limit: 5 })
      assert.deepEqual(empty.lexical, [])
      // The ends of the space of terms.
      for (const term of [termOf(0), termOf(59)]) {
        const expected = byTerms(all, all, { terms: [term], weights: [1] })
        const found = await store.search('shared', { ...now, lexical: { terms: [term], weights: [1] }, limit: 1_000 })
        agrees(found.lexical, expected, 1_000)
      }
    })

    const filters: [FacetFilter, (index: number) => boolean][] = [
      [{ kind: 'table' }, (n) => n % 3 === 1],
      [{ kind: ['table', 'formula'] }, (n) => n % 3 !== 0],
      [{ kind: [] }, () => false],
      [{ kind: 'tab' }, () => false],
      [{ year: 2003 }, (n) => n % 10 === 3],
      [{ year: [2003, 2009] }, (n) => n % 10 === 3 || n % 10 === 9],
      [{ year: { from: 2003, to: 2005 } }, (n) => n % 10 >= 3 && n % 10 <= 5],
      [{ year: { from: 2008 } }, (n) => n % 10 >= 8],
      [{ year: { to: 2000.5 } }, (n) => n % 10 === 0],
      [{ year: '2003' }, () => false],
      [{ factor: 1.5 }, (n) => n % 4 === 1],
      [{ factor: [0.5, 'text', true] }, (n) => n % 4 === 0],
      [{ valid: true }, (n) => n % 2 === 0],
      [{ valid: [false] }, (n) => n % 2 === 1],
      [{ tags: 't3' }, (n) => n % 5 === 3],
      [{ tags: ['t3', 'u0'] }, (n) => n % 5 === 3 || n % 7 === 0],
      [{ kind: 'text', valid: false, year: { from: 2001 } }, (n) => n % 3 === 0 && n % 2 === 1 && n % 10 >= 1],
      [{ kind: { from: 1 } }, () => false],
      [{ missing: 'x' }, () => false],
    ]
    test('filters: equal, one of, ranges, lists, several, none that fit', async () => {
      const { vector, lexical } = pointOf(2_000)
      for (const [filter, expected] of filters) {
        const admitted = all.filter((_, index) => expected(index))
        assert.equal(await store.count('shared', { ...now, filter }), admitted.length, JSON.stringify(filter))
        const found = await store.search('shared', { ...now, vector, lexical, filter, limit: 25 })
        agrees(found.dense, byCosine(admitted, vector), 25)
        agrees(found.lexical, byTerms(all, admitted, lexical), 25)
      }
    })

    test('filters that make no sense, and limits', async () => {
      const count = (filter: FacetFilter) => store.count('shared', { ...now, filter })
      await rejectsWith(count({ 'a.b': 1 }), 'VECTOR_FILTER')
      await rejectsWith(count({ a: {} }), 'VECTOR_FILTER')
      await rejectsWith(count({ a: { from: Number.NaN } }), 'VECTOR_FILTER')
      await rejectsWith(count({ a: Number.POSITIVE_INFINITY }), 'VECTOR_FILTER')
      await rejectsWith(count({ a: Array.from({ length: 1_001 }, String) }), 'VECTOR_FILTER')
      for (const limit of [0, 1.5, 1_001]) {
        await rejectsWith(store.search('shared', { ...now, limit }), 'VECTOR_FILTER')
        await rejectsWith(store.list('shared', { ...now, limit }), 'VECTOR_FILTER')
      }
      assert.equal(await count({}), 400)
    })

    test('all points in order, page by page, without vectors', async () => {
      const listed = []
      let after: string | undefined
      do {
        const page = await store.list('shared', { ...now, limit: 150, ...(after === undefined ? {} : { after }) })
        listed.push(...page.points)
        after = page.next
      } while (after !== undefined)
      assert.deepEqual(
        listed,
        all.map(({ vector: _vector, ...rest }) => rest),
      )
      const exactly = await store.list('shared', { ...now, limit: 400 })
      assert.deepEqual([exactly.points.length, exactly.next], [400, undefined])
      const tail = await store.list('shared', { ...now, limit: 10, after: idOf(397) })
      assert.deepEqual(
        tail.points.map(({ id }) => id),
        [idOf(398), idOf(399)],
      )
    })

    test('vectors by id, those that are not there left out', async () => {
      const found = await store.vectorsOf('shared', [idOf(5), idOf(9_999), idOf(399)], signal)
      assert.deepEqual([...found.keys()].sort(), [idOf(5), idOf(399)])
      for (const [index, vector] of [
        [5, found.get(idOf(5))],
        [399, found.get(idOf(399))],
      ] as const) {
        assert.equal(vector?.length, DIMENSIONS)
        assert.ok(pointOf(index).vector.every((value, at) => Math.abs(value - (vector?.[at] ?? 9)) < 1e-6))
      }
      assert.equal((await store.vectorsOf('shared', [], signal)).size, 0)
    })

    test('the same id again replaces the point, also within one call', async () => {
      await store.ensure('again', { dimensions: DIMENSIONS }, signal)
      const first = [
        pointOf(1),
        pointOf(2),
        pointOf(1, { document: 'second', lexical: { terms: [42], weights: [0.5] } }),
      ]
      await store.put('again', first, { since: 1, signal })
      assert.equal(await store.count('again', now), 2)
      const changed = pointOf(2, {
        vector: pointOf(77).vector,
        payload: { only: 'this' },
        facets: {},
        lexical: { terms: [], weights: [] },
      })
      await store.put('again', [changed], { since: 1, signal })
      const { points } = await store.list('again', { ...now, limit: 10 })
      assert.deepEqual(
        points.map(({ id, document, payload, facets, lexical }) => [id, document, payload, facets, lexical.terms]),
        [
          [idOf(1), 'second', pointOf(1).payload, pointOf(1).facets, [42]],
          [idOf(2), 'doc 2', { only: 'this' }, {}, []],
        ],
      )
      const { dense, lexical } = await store.search('again', {
        ...now,
        vector: pointOf(77).vector,
        lexical: { terms: [42], weights: [2] },
        limit: 1,
      })
      assert.equal(dense[0]?.id, idOf(2))
      assert.equal(lexical[0]?.id, idOf(1))
      // Two points with terms or one: rarity is a matter of how many are counted, but never none.
      assert.ok((lexical[0]?.score ?? 0) > 0)
      const old = { terms: pointOf(1).lexical.terms, weights: pointOf(1).lexical.terms.map(() => 1) }
      assert.deepEqual((await store.search('again', { ...now, lexical: old, limit: 5 })).lexical, [])
      await store.drop('again', signal)
    })

    test('points from a slow source, and none', async () => {
      await store.ensure('slow', { dimensions: DIMENSIONS }, signal)
      async function* slow() {
        for (const point of pointsOf(0, 3)) {
          await new Promise((done) => setTimeout(done, 5))
          yield point
        }
      }
      assert.equal(await store.put('slow', slow(), { since: 1, signal }), 3)
      assert.equal(await store.put('slow', [], { since: 1, signal }), 0)
      async function* broken() {
        yield pointOf(50)
        throw new Error('the source broke')
      }
      await assert.rejects(store.put('slow', broken(), { since: 1, signal }), /source broke/)
      assert.equal(await store.count('slow', now), 3)
      await store.drop('slow', signal)
    })

    test('10,000 points', { timeout: 120_000 }, async () => {
      await store.ensure('many', { dimensions: DIMENSIONS }, signal)
      function* many() {
        for (let index = 0; index < 10_000; index += 1) yield pointOf(index)
      }
      assert.equal(await store.put('many', many(), { since: 1, signal }), 10_000)
      assert.equal(await store.count('many', now), 10_000)
      assert.equal(
        (await store.search('many', { ...now, vector: pointOf(9_876).vector, limit: 1 })).dense[0]?.id,
        idOf(9_876),
      )
      await store.retire(
        'many',
        Array.from({ length: 6_000 }, (_, index) => idOf(index)),
        { until: 2, signal },
      )
      assert.equal(await store.count('many', { ...now, at: 2 }), 4_000)
      await store.purge('many', { ...now, at: 2 })
      assert.equal(await store.count('many', now), 4_000)
      const { lexical } = await store.search('many', { ...now, lexical: pointOf(8_765).lexical, limit: 3 })
      assert.ok(
        lexical.every(({ id }) => id >= idOf(6_000)),
        'what is gone is not found by its terms',
      )
      await store.drop('many', signal)
    })

    test('names, dimensions, other settings, points that are none', async () => {
      for (const bad of ['', 'Upper', '1st', 'a-b', 'a.b', 'é', 'a'.repeat(49), 'x"; drop table y; --']) {
        await rejectsWith(store.ensure(bad, { dimensions: 3 }, signal), 'VECTOR_NAME')
        await rejectsWith(store.count(bad, now), 'VECTOR_NAME')
      }
      for (const dimensions of [0, 1.5, 16_001])
        await rejectsWith(store.ensure('none', { dimensions }, signal), 'VECTOR_DIMENSIONS')
      await store.ensure('shared', { dimensions: DIMENSIONS }, signal)
      await rejectsWith(store.ensure('shared', { dimensions: DIMENSIONS + 1 }, signal), 'VECTOR_COLLECTION')
      const long = 'z'.repeat(48)
      await store.ensure(long, { dimensions: 3 }, signal)
      const put = (change: Parameters<typeof pointOf>[1]) =>
        store.put(long, [pointOf(1, { vector: new Float32Array([0, 0, 1]), ...change })], { since: 1, signal })
      await put({})
      await rejectsWith(put({ vector: new Float32Array(4) }), 'VECTOR_DIMENSIONS')
      await rejectsWith(put({ vector: new Float32Array([1, Number.NaN, 0]) }), 'VECTOR_POINT')
      await rejectsWith(put({ id: 'not-a-uuid' }), 'VECTOR_POINT')
      await rejectsWith(put({ lexical: { terms: [2, 1], weights: [1, 1] } }), 'VECTOR_POINT')
      await rejectsWith(put({ lexical: { terms: [1, 1], weights: [1, 1] } }), 'VECTOR_POINT')
      await rejectsWith(put({ lexical: { terms: [1_000_000_000], weights: [1] } }), 'VECTOR_POINT')
      await rejectsWith(put({ lexical: { terms: [1], weights: [] } }), 'VECTOR_POINT')
      await rejectsWith(put({ facets: { 'a.b': 1 } }), 'VECTOR_POINT')
      await rejectsWith(store.search(long, { ...now, vector: new Float32Array([1, 2]), limit: 1 }), 'VECTOR_DIMENSIONS')
      // A vector of no length is like none.
      const { dense } = await store.search(long, { ...now, vector: new Float32Array(3), limit: 1 })
      assert.equal(dense[0]?.score, 0)
      await store.drop(long, signal)
      await store.drop(long, signal)
    })

    test('a collection that is not there', async () => {
      const point = pointOf(1)
      await rejectsWith(store.put('absent', [point], { since: 1, signal }), 'VECTOR_NOT_FOUND')
      await rejectsWith(store.retire('absent', [point.id], { until: 1, signal }), 'VECTOR_NOT_FOUND')
      await rejectsWith(store.abandon('absent', 1, signal), 'VECTOR_NOT_FOUND')
      await rejectsWith(store.purge('absent', now), 'VECTOR_NOT_FOUND')
      await rejectsWith(
        store.search('absent', { ...now, vector: point.vector, lexical: point.lexical, limit: 1 }),
        'VECTOR_NOT_FOUND',
      )
      await rejectsWith(store.vectorsOf('absent', [point.id], signal), 'VECTOR_NOT_FOUND')
      await rejectsWith(store.list('absent', { ...now, limit: 1 }), 'VECTOR_NOT_FOUND')
      await rejectsWith(store.count('absent', now), 'VECTOR_NOT_FOUND')
      await store.drop('absent', signal)
    })

    test('two clients make the same collection at once', async () => {
      const make = (client: VectorStore, dimensions: number) => client.ensure('race', { dimensions }, signal)
      await Promise.all([make(store, 4), make(ground.other, 4), make(store, 4), make(ground.other, 4)])
      await rejectsWith(make(ground.other, 5), 'VECTOR_COLLECTION')
      await store.drop('race', signal)
    })

    test('a signal that has fired, or fires', async () => {
      const controller = new AbortController()
      controller.abort()
      const stopped = { ...now, signal: controller.signal }
      await rejectsWith(store.ensure('shared', { dimensions: DIMENSIONS }, controller.signal), 'STOPPED')
      await rejectsWith(store.search('shared', { ...stopped, vector: pointOf(1).vector, limit: 1 }), 'STOPPED')
      await rejectsWith(store.put('shared', [pointOf(1)], { since: 1, signal: controller.signal }), 'STOPPED')
      await store.ensure('stopped', { dimensions: DIMENSIONS }, signal)
      const later = new AbortController()
      async function* endless() {
        for (let index = 0; ; index += 1) {
          if (index === 5_000) later.abort()
          yield pointOf(index)
        }
      }
      await rejectsWith(store.put('stopped', endless(), { since: 9, signal: later.signal }), 'STOPPED')
      await store.abandon('stopped', 9, signal)
      await store.drop('stopped', signal)
    })
  })
}
