import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cache, Json } from '../../../lib/stores/cache/port.ts'
import { code } from '../../helpers/pipeline-error.ts'

const minute = { ttlMs: 60_000 }

/** Waits until a cache has forgotten a key; fails when it still knows it after five seconds. */
async function forgotten(cache: Cache, key: string): Promise<void> {
  const end = Date.now() + 5_000
  while ((await cache.get(key)) !== undefined) {
    assert.ok(Date.now() < end, `${key} should have expired`)
    await sleep(5)
  }
}

/** Sets `<prefix>0` and so on, 20 at once: a store may refuse thousands. */
export async function setMany(cache: Cache, prefix: string, count: number): Promise<void> {
  const numbers = Array.from({ length: count }, (_, i) => i).values()
  const work = async () => {
    for (const i of numbers) await cache.set(`${prefix}${i}`, i, minute)
  }
  await Promise.all(Array.from({ length: 20 }, work))
}

/**
 * What every adapter of the cache port does. `open` gives two caches over one empty place (two processes would have two
 * connections); `skip` is the reason why it cannot.
 */
export function cacheConformance(
  name: string,
  open: () => Promise<{ one: Cache; two: Cache; dispose(): Promise<void> }>,
  skip?: string,
) {
  describe(`cache port: ${name}`, { timeout: 120_000, skip: skip ?? false }, () => {
    let one: Cache
    let two: Cache
    let dispose: () => Promise<void>
    before(async () => {
      ;({ one, two, dispose } = await open())
    })
    after(async () => {
      await one.close()
      await two.close()
      await dispose()
    })

    test('what is set is there for everyone, until it is deleted', async () => {
      assert.equal(await one.get('key'), undefined)
      await one.set('key', { a: 1 }, minute)
      assert.deepEqual(await two.get('key'), { a: 1 })
      await two.set('key', 'other', minute)
      assert.equal(await one.get('key'), 'other')
      await one.delete('key')
      assert.equal(await two.get('key'), undefined)
      await one.delete('key')
    })

    test('every JSON value comes back as it was', async () => {
      const own: Json = JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1, "b": 1, "a": 2}')
      const values: Json[] = [
        null,
        false,
        true,
        0,
        -1.5,
        1e300,
        Number.MAX_SAFE_INTEGER,
        '',
        'Ação €  😀 \u0000 \u2028 " \\ \n',
        '\ud800 alone',
        [],
        [null, [1, [2, [3]]]],
        {},
        own,
      ]
      for (const [index, value] of values.entries()) {
        await one.set(`value ${index}`, value, minute)
        const found = await two.get(`value ${index}`)
        assert.equal(JSON.stringify(found), JSON.stringify(value))
        assert.deepEqual(found, value)
      }
      assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false)
    })

    test('keys are bytes: unicode, prototype names, pattern characters, none is another', async () => {
      const keys = [
        '__proto__',
        'constructor',
        'toString',
        'é',
        'e\u0301',
        'É',
        '😀',
        'a b',
        ' a',
        'a ',
        "'; drop table x; --",
        '%',
        '_',
        '*',
        '?',
        '[a]',
        '\\',
        '\r\n',
        'x'.repeat(1024),
      ]
      for (const key of keys) assert.equal(await one.get(key), undefined, key)
      for (const key of keys) await one.set(key, `value of ${key}`, minute)
      for (const key of keys) assert.equal(await two.get(key), `value of ${key}`, key)
      for (const key of keys) await one.delete(key)
      for (const key of keys) assert.equal(await two.get(key), undefined, key)
    })

    test('keys, values and times that cannot be are refused by name', async () => {
      for (const key of ['', 'a\0b', '\ud800', 'x'.repeat(1025), 'é'.repeat(513)]) {
        await assert.rejects(one.get(key), code('CACHE_KEY'))
        await assert.rejects(one.set(key, 1, minute), code('CACHE_KEY'))
        await assert.rejects(one.setIfAbsent(key, 1, minute), code('CACHE_KEY'))
        await assert.rejects(one.delete(key), code('CACHE_KEY'))
        if (key !== '') await assert.rejects(one.deletePrefix(key), code('CACHE_KEY'))
      }
      for (const ttlMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 367 * 24 * 60 * 60 * 1000]) {
        await assert.rejects(one.set('time', 1, { ttlMs }), code('CACHE_TTL'))
        await assert.rejects(one.setIfAbsent('time', 1, { ttlMs }), code('CACHE_TTL'))
      }
      const circle: { [key: string]: Json } = {}
      circle.self = circle
      await assert.rejects(one.set('circle', circle, minute), code('CACHE_VALUE'))
      assert.equal(await one.get('circle'), undefined)
    })

    test('a value of 1 MiB is kept, one byte more is refused and leaves the old one', async () => {
      const largest = 'x'.repeat((1 << 20) - 2)
      await one.set('large', largest, minute)
      assert.equal(await two.get('large'), largest)
      await assert.rejects(one.set('large', `${largest}x`, minute), code('CACHE_TOO_LARGE', /1048577/))
      await assert.rejects(one.set('large', 'é'.repeat(1 << 19), minute), code('CACHE_TOO_LARGE'))
      await assert.rejects(one.setIfAbsent('larger', `${largest}x`, minute), code('CACHE_TOO_LARGE'))
      assert.equal(await two.get('large'), largest)
      await one.delete('large')
    })

    test('an entry expires, a new set gives it a new time', async () => {
      await one.set('short', 1, { ttlMs: 150 })
      await one.set('renewed', 1, { ttlMs: 150 })
      await one.set('long', 1, minute)
      await two.set('renewed', 2, minute)
      await one.set('shortened', 1, minute)
      await two.set('shortened', 2, { ttlMs: 0.5 })
      await forgotten(two, 'short')
      await forgotten(one, 'shortened')
      assert.equal(await one.get('renewed'), 2)
      assert.equal(await one.get('long'), 1)
    })

    test("expiry is judged by the store's clock, not by this process's", async (context) => {
      await one.set('clock', 1, { ttlMs: 30_000 })
      context.mock.timers.enable({ apis: ['Date'], now: Date.now() + 24 * 60 * 60 * 1000 })
      assert.equal(await one.get('clock'), 1)
      assert.equal(await two.setIfAbsent('clock', 2, minute), false)
      await two.set('clock, set a day ahead', 1, { ttlMs: 100 })
      context.mock.timers.reset()
      await forgotten(one, 'clock, set a day ahead')
    })

    test('setIfAbsent: the first wins, the second leaves value and time, after expiry it is free', async () => {
      assert.equal(await one.setIfAbsent('mark', 'first', { ttlMs: 400 }), true)
      assert.equal(await two.setIfAbsent('mark', 'second', minute), false)
      assert.equal(await two.get('mark'), 'first')
      await forgotten(one, 'mark')
      assert.equal(await two.setIfAbsent('mark', 'third', minute), true)
      assert.equal(await one.get('mark'), 'third')
      await one.delete('mark')
      assert.equal(await one.setIfAbsent('mark', 'fourth', minute), true)
    })

    test('of 50 setIfAbsent at once exactly one wins, on a fresh key and on an expired one', async () => {
      await one.set('contended 1', 'old', { ttlMs: 1 })
      await forgotten(two, 'contended 1')
      for (let round = 0; round < 10; round++) {
        const key = `contended ${round}`
        const won = await Promise.all(
          Array.from({ length: 50 }, (_, i) => (i % 2 === 0 ? one : two).setIfAbsent(key, i, minute)),
        )
        assert.equal(won.filter(Boolean).length, 1, key)
        assert.equal(await one.get(key), won.indexOf(true))
      }
    })

    test('deletePrefix deletes what starts with the text, whatever LIKE or a glob would make of it', async () => {
      const prefixes = ['p%', 'p_', 'p*', 'p?', 'p[ab]', 'p[^x]', 'p\\', 'p\\*', 'p-', 'pé', 'P', '__proto__']
      const keys = [...prefixes.map((prefix) => `${prefix}/1`), ...prefixes, 'pa', 'pab', 'pxb', 'p', 'q']
      for (const prefix of prefixes) {
        for (const key of keys) await one.set(key, key, minute)
        const doomed = keys.filter((key) => key.startsWith(prefix))
        assert.equal(await two.deletePrefix(prefix), doomed.length, prefix)
        for (const key of keys)
          assert.equal(await one.get(key), doomed.includes(key) ? undefined : key, `${prefix} ${key}`)
        assert.equal(await two.deletePrefix(prefix), 0)
      }
    })

    test('deletePrefix counts neither what has expired nor a key twice, and goes through more than one batch', async () => {
      await setMany(one, 'batch/', 1_700)
      await one.set('batch/expired', 1, { ttlMs: 1 })
      await forgotten(one, 'batch/expired')
      await one.set('batches', 1, minute)
      const deleted = await Promise.all([one.deletePrefix('batch/'), two.deletePrefix('batch/')])
      assert.equal(deleted[0] + deleted[1], 1_700)
      assert.equal(await one.get('batches'), 1)
      await one.deletePrefix('')
      assert.equal(await one.get('batches'), undefined)
    })

    test('a closed cache says so', async () => {
      const other = await open()
      try {
        const pending = other.one.set('pending', 1, minute)
        await other.one.close()
        await pending
        assert.equal(await other.two.get('pending'), 1)
        await assert.rejects(other.one.get('pending'), code('STORE_CLOSED'))
        await assert.rejects(other.one.setIfAbsent('pending', 1, minute), code('STORE_CLOSED'))
        await other.one.close()
      } finally {
        await other.two.close()
        await other.dispose()
      }
    })
  })
}
