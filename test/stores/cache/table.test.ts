import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Cache } from '../../../lib/stores/cache/port.ts'
import { openTableCache } from '../../../lib/stores/cache/table.ts'
import { openPostgres, type PostgresStore } from '../../../lib/stores/postgres/index.ts'
import { embeddedFolder } from '../../helpers/embedded-folder.ts'
import { code } from '../../helpers/pipeline-error.ts'
import { startPostgres } from '../../helpers/postgres-server.ts'
import { cacheConformance, setMany } from './conformance.ts'

type Place = { open(): Promise<PostgresStore>; remove(): Promise<void> }

async function embedded(): Promise<Place> {
  const folder = await embeddedFolder()
  return { open: () => openPostgres({ kind: 'embedded', folder: folder.path }), remove: folder.remove }
}

async function server(): Promise<Place> {
  const { url, stop } = await startPostgres()
  return { open: () => openPostgres({ kind: 'server', url }), remove: stop }
}

for (const [kind, place] of Object.entries({ embedded, server })) {
  cacheConformance(`table on PostgreSQL, ${kind}`, async () => {
    const { open, remove } = await place()
    const stores = [await open(), await open()] as const
    // At once, on an empty database: of two that make the table neither fails.
    const [one, two] = await Promise.all([openTableCache(stores[0]), openTableCache(stores[1])])
    return {
      one,
      two,
      async dispose() {
        for (const store of stores) await store.close()
        await remove()
      },
    }
  })

  describe(`cache table, ${kind}`, { timeout: 60_000 }, () => {
    let store: PostgresStore
    let remove: () => Promise<void>
    const minute = { ttlMs: 60_000 }
    before(async () => {
      const found = await place()
      remove = found.remove
      store = await found.open()
    })
    after(async () => {
      await store.close()
      await remove()
    })
    const state = async () => {
      const { rows } = await store.query<{ count: number; bytes: number }>(
        'select count(*)::int4 as count, coalesce(sum(bytes), 0)::int4 as bytes from pipeline.cache',
      )
      return rows[0] ?? { count: -1, bytes: -1 }
    }

    test('too many entries: those that expire soonest go, in each look no more than needed', async () => {
      const cache = await openTableCache(store, { maxEntries: 50 })
      for (let i = 0; i < 200; i++) {
        await cache.set(`many/${i}`, i, { ttlMs: 60_000 + ((i * 7_919) % 200) * 1_000 })
        const { count } = await state()
        assert.ok(count <= 50 + 5, `${count} entries`)
        assert.ok(count >= Math.min(i + 1, 45), `${count} entries after ${i + 1}`)
      }
      await cache.set('many/long', 1, { ttlMs: 600_000 })
      for (let i = 0; i < 100; i++) await cache.set(`few/${i}`, i, minute)
      assert.equal(await cache.get('many/long'), 1)
      const { rows } = await store.query<{ key: string }>("select key from pipeline.cache where key like 'many/%'")
      assert.ok(rows.length >= 44, `${rows.length} of the longer lived are kept`)
      await cache.deletePrefix('')
      assert.equal((await state()).count, 0)
    })

    test('a table left full by others is brought within the bounds by the first write', async () => {
      const roomy = await openTableCache(store)
      await setMany(roomy, 'full/', 1_300)
      const cache = await openTableCache(store, { maxEntries: 100 })
      await cache.set('one more', 1, minute)
      assert.equal((await state()).count, 101)
      await cache.deletePrefix('')
    })

    test('too many bytes: the bound holds to within its eighth part and one value', async () => {
      const cache = await openTableCache(store, { maxBytes: 1_000_000 })
      for (let i = 0; i < 60; i++) {
        await cache.set(`big/${i}`, 'x'.repeat(50_000), { ttlMs: 60_000 + i })
        const { bytes } = await state()
        assert.ok(bytes <= 1_000_000 + 125_000 + 50_002, `${bytes} bytes`)
      }
      assert.ok((await state()).bytes > 800_000)
      assert.notEqual(await cache.get('big/59'), undefined)
      assert.equal(await cache.get('big/0'), undefined)
      await cache.deletePrefix('')
    })

    test('expired rows are removed by later writes', async () => {
      const cache = await openTableCache(store, { maxEntries: 10 })
      await store.query(`insert into pipeline.cache (key, value, bytes, expires_at)
        select 'old/' || n, '1', 1, now() - interval '1 hour' from generate_series(1, 1200) n`)
      await cache.set('new', 1, minute)
      assert.deepEqual(await state(), { count: 1, bytes: 1 })
      await cache.deletePrefix('')
    })

    test('writers, evictions and prefix deletions at once: no deadlock, no error', async () => {
      const caches = await Promise.all(Array.from({ length: 4 }, () => openTableCache(store, { maxEntries: 20 })))
      const work = async (cache: Cache, seed: number) => {
        for (let i = 0; i < 60; i++) {
          const key = `stress/${(i * seed) % 30}`
          if (i % 10 === 9) await cache.deletePrefix('stress/1')
          else if (i % 3 === 0) await cache.setIfAbsent(key, i, { ttlMs: 1 + (i % 50) })
          else await cache.set(key, i, { ttlMs: 1 + (i % 100) })
          await cache.get(key)
        }
      }
      await Promise.all(caches.flatMap((cache, index) => [work(cache, 2 * index + 1), work(cache, 2 * index + 3)]))
    })

    test('opening again changes nothing; closing the cache leaves the store open', async () => {
      const cache = await openTableCache(store)
      await cache.set('kept', 1, minute)
      const again = await openTableCache(store)
      assert.equal(await again.get('kept'), 1)
      await again.close()
      assert.equal(await cache.get('kept'), 1)
    })

    test("the store's own errors come through", async () => {
      const found = await place()
      const other = await found.open()
      const cache = await openTableCache(other)
      await other.close()
      await assert.rejects(cache.get('x'), code('STORE_CLOSED'))
      await found.remove()
    })
  })
}
