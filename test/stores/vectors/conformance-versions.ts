import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import type { VectorStore } from '../../../lib/stores/vectors/port.ts'
import type { Ground } from './conformance.ts'
import { DIMENSIONS, idOf, patient, pointOf, pointsOf, termOf } from './points.ts'

/** What versions promise: a reader sees one, whole, whatever is written beside it. */
export function versionsConformance(name: string, prepare: () => Promise<Ground>): void {
  describe(`versions of vectors on ${name}`, { timeout: 120_000 }, () => {
    let ground: Ground
    let store: VectorStore
    const signal = patient

    before(async () => {
      ground = await prepare()
      store = ground.store
    })
    beforeEach(() => store.ensure('versions', { dimensions: DIMENSIONS }, signal))
    afterEach(() => store.drop('versions', signal))
    after(async () => {
      ground?.check?.()
      await ground?.remove()
    })

    const put = (indexes: readonly number[], since: number, client = store) =>
      client.put(
        'versions',
        indexes.map((index) => pointOf(index)),
        { since, signal },
      )
    const retire = (indexes: readonly number[], until: number, client = store) =>
      client.retire('versions', indexes.map(idOf), { until, signal })
    /** What a version shows, by every way of looking, which must agree. */
    async function shown(at: number, abandoned: readonly number[] = []): Promise<number[]> {
      const now = { at, abandoned, signal }
      const { points } = await store.list('versions', { ...now, limit: 1_000 })
      const ids = points.map(({ id }) => id)
      const everything = { terms: Array.from({ length: 60 }, (_, rank) => termOf(rank)), weights: Array(60).fill(1) }
      const found = await store.search('versions', {
        ...now,
        vector: pointOf(0).vector,
        lexical: everything,
        limit: 1_000,
      })
      assert.deepEqual(found.dense.map(({ id }) => id).sort(), ids)
      assert.deepEqual(found.lexical.map(({ id }) => id).sort(), ids)
      assert.equal(await store.count('versions', now), ids.length)
      return ids.map((id) => Number.parseInt(id.slice(0, 8), 16))
    }

    test('points come and go with their versions', async () => {
      await put([1, 2, 3], 1)
      await put([4], 2)
      await retire([1, 3], 2)
      await put([5], 3)
      await retire([2], 3)
      assert.deepEqual(await shown(0), [])
      assert.deepEqual(await shown(1), [1, 2, 3])
      assert.deepEqual(await shown(2), [2, 4])
      assert.deepEqual(await shown(3), [4, 5])
      assert.deepEqual(await shown(9), [4, 5])
    })

    test('a version that is given up leaves nothing, and can be told from others before that', async () => {
      await put([1, 2, 3], 1)
      await put([4, 5], 2)
      await retire([1, 2], 2)
      assert.deepEqual(await shown(1), [1, 2, 3])
      assert.deepEqual(await shown(3, [2]), [1, 2, 3])
      await store.abandon('versions', 2, signal)
      assert.deepEqual(await shown(3), [1, 2, 3])
      assert.equal((await store.vectorsOf('versions', [idOf(4)], signal)).size, 0)
      // Again does no harm.
      await store.abandon('versions', 2, signal)
      assert.deepEqual(await shown(3), [1, 2, 3])
    })

    test('a writer that was given up and does not know it: before, between and after its successor', async () => {
      await put([1, 2, 3, 4], 1)
      // Version 2 is given up; its writer goes on.
      await store.abandon('versions', 2, signal)
      await put([10, 11], 2, ground.other)
      await retire([1, 2], 2, ground.other)
      assert.deepEqual(await shown(2, [2]), [1, 2, 3, 4])
      // Version 3 does the same work anew, and one thing more.
      await put([10, 11, 12], 3)
      await retire([1, 2, 3], 3)
      assert.deepEqual(await shown(3, [2]), [4, 10, 11, 12])
      // The old one comes last: neither its points nor its retirements take the place of the others.
      await put([10, 11], 2, ground.other)
      await retire([1, 2, 3], 2, ground.other)
      await retire([4], 2, ground.other)
      assert.deepEqual(await shown(3, [2]), [4, 10, 11, 12])
      assert.deepEqual(await shown(1, [2]), [1, 2, 3, 4])
      await store.purge('versions', { at: 3, abandoned: [2], signal })
      assert.deepEqual(await shown(3), [4, 10, 11, 12])
      assert.deepEqual(await shown(3, [2]), [4, 10, 11, 12])
    })

    test('purging takes what nobody can see, and only that', async () => {
      await put([1, 2, 3, 4], 1)
      await retire([1], 2)
      await retire([2], 3)
      await retire([3], 5)
      await put([6], 4)
      await retire([4], 4)
      await store.purge('versions', { at: 3, abandoned: [4], signal })
      const left = await store.vectorsOf('versions', [1, 2, 3, 4, 6].map(idOf), signal)
      assert.deepEqual([...left.keys()].sort(), [idOf(3), idOf(4)])
      assert.deepEqual(await shown(3), [3, 4])
      assert.deepEqual(await shown(5), [4])
    })

    test('what had gone may come back', async () => {
      await put([1], 1)
      await retire([1], 2)
      await put([1], 3)
      assert.deepEqual(await shown(2), [])
      assert.deepEqual(await shown(3), [1])
      await retire([1], 4)
      assert.deepEqual(await shown(3), [1])
      assert.deepEqual(await shown(4), [])
    })

    test('readers never see a mixture while versions are published', async () => {
      // Every version is 20 points of its own; one number says which is published.
      const size = 20
      const pointsAt = (version: number) => pointsOf(version * size, (version + 1) * size)
      await store.put('versions', pointsAt(1), { since: 1, signal })
      let published = 1
      const abandoned: number[] = []
      let writing = true
      let looks = 0
      const reader = async (client: VectorStore) => {
        while (writing) {
          const at = published
          const given = [...abandoned]
          const { dense, lexical } = await client.search('versions', {
            at,
            abandoned: given,
            vector: pointOf(looks).vector,
            lexical: pointOf(at * size + (looks % size)).lexical,
            limit: 100,
            signal,
          })
          const versions = new Set(
            [...dense, ...lexical].map(({ id }) => Math.floor(Number.parseInt(id.slice(0, 8), 16) / size)),
          )
          assert.deepEqual([...versions], [at], `a reader of ${at} without ${given}`)
          assert.equal(dense.length, size)
          assert.ok(lexical.length > 0)
          looks += 1
        }
      }
      const readers = Promise.all([reader(store), reader(ground.other), reader(store)])
      const writer = async () => {
        try {
          for (let version = 2; version <= 12; version += 1) {
            const before = pointsAt(published).map(({ id }) => id)
            await store.put('versions', pointsAt(version), { since: version, signal })
            await store.retire('versions', before, { until: version, signal })
            if (version % 4 === 0) {
              // Given up: noted first, cleared away later.
              abandoned.push(version)
              await store.abandon('versions', version, signal)
            } else published = version
            // A grace of one version: readers may still be at the one before.
            await store.purge('versions', { at: published - 3, abandoned, signal })
          }
        } finally {
          writing = false
        }
      }
      await Promise.all([writer(), readers])
      assert.ok(looks >= 20, `${looks} looks`)
    })
  })
}
