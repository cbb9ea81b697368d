import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { inspect } from 'node:util'
import { Redis } from 'ioredis'
import { PipelineError } from '../../../lib/errors.ts'
import { escapeGlob, openRedisCache } from '../../../lib/stores/cache/redis.ts'
import { code } from '../../helpers/pipeline-error.ts'
import { freePort, noRedis, type RedisServer, startRedis } from '../../helpers/redis-server.ts'
import { cacheConformance } from './conformance.ts'

const minute = { ttlMs: 60_000 }

cacheConformance(
  'Redis',
  async () => {
    const server = await startRedis()
    return {
      one: openRedisCache({ url: server.url }),
      two: openRedisCache({ url: server.url }),
      dispose: () => server.stop(),
    }
  },
  noRedis,
)

describe('Redis cache, configuration', () => {
  test('a wrong URL or prefix is refused without showing the password', () => {
    for (const url of [
      'http://:hunter2@host',
      'redis://:hunter2@',
      'redis://:hunter2@host/x',
      'redis://:hunter2@host?db=1',
      'redis://:hunter2%E0%A4%A@host',
      ':hunter2',
      '',
    ]) {
      assert.throws(
        () => openRedisCache({ url }),
        (error) => code('STORE_CONFIG')(error) && !inspect(error).includes('hunter2'),
        url,
      )
    }
    assert.throws(() => openRedisCache({ url: 'redis://host', prefix: '' }), code('STORE_CONFIG'))
  })

  test('no Redis at all: the cache opens, a call says so at its deadline, and close ends the attempts', async (t) => {
    const port = await freePort()
    const cache = openRedisCache({ url: `redis://user:hunter2@127.0.0.1:${port}/3`, timeoutMs: 1_000 })
    // also when the test fails: a cache that tries for ever keeps the process
    t.after(() => cache.close())
    const start = Date.now()
    const calls = await Promise.allSettled(Array.from({ length: 1_500 }, () => cache.get('key')))
    assert.ok(Date.now() - start < 5_000)
    for (const call of calls) {
      assert.ok(call.status === 'rejected' && call.reason instanceof PipelineError)
      assert.equal(call.reason.retryable, true)
      assert.ok(!inspect(call.reason).includes('hunter2'))
    }
    const reasons = calls.map((call) => (call.status === 'rejected' ? call.reason : undefined))
    const words = new RegExp(`redis://127\\.0\\.0\\.1:${port}/3: no connection within 1000 ms.*ECONNREFUSED`)
    for (const reason of reasons.slice(0, 1_000)) code('STORE_UNAVAILABLE', words)(reason)
    for (const reason of reasons.slice(1_000)) code('STORE_BUSY', /1000 calls wait for it already/)(reason)
  })

  test('a cache that was never used closes', async () => {
    await openRedisCache({ url: 'redis://127.0.0.1:1' }).close()
  })

  test('escapeGlob', () => assert.equal(escapeGlob('a*?[^-]\\é'), 'a\\*\\?\\[\\^\\-\\]\\\\é'))
})

describe('Redis cache, a server of its own', { timeout: 60_000, skip: noRedis ?? false }, () => {
  let server: RedisServer
  before(async () => {
    server = await startRedis({ password: 'sec:ret/?', args: ['--maxmemory', '20mb'] })
  })
  after(() => server.stop())

  test('after a restart it is used again, without being opened again', async () => {
    const cache = openRedisCache({ url: server.url, timeoutMs: 5_000 })
    await cache.set('kept', 1, minute)
    await server.kill()
    // Either the loss is known already and this waits for the new connection, or it learns of it and says so.
    const early = cache.get('kept').catch((error: unknown) => {
      code('STORE_UNAVAILABLE')(error)
      assert.ok(error instanceof PipelineError && error.retryable)
      return undefined
    })
    await server.start()
    assert.equal(await early, undefined)
    await cache.set('kept', 2, minute)
    assert.equal(await cache.get('kept'), 2)
    await cache.close()
  })

  test('a server that hangs: each call ends at its deadline, and works when it is back', async () => {
    const cache = openRedisCache({ url: server.url, timeoutMs: 300 })
    await cache.set('hang', 1, minute)
    server.pause()
    try {
      await assert.rejects(cache.get('hang'), (error) => {
        assert.ok(error instanceof PipelineError && error.retryable)
        return code('STORE_TIMEOUT')(error)
      })
      const flood = await Promise.allSettled(Array.from({ length: 100 }, () => cache.set('hang', 'x', minute)))
      assert.ok(flood.every((call) => call.status === 'rejected'))
    } finally {
      server.resume()
    }
    // The connection may just be being replaced; its own deadline bounds the wait.
    let value: unknown
    for (let tries = 0; tries < 20 && value === undefined; tries++)
      value = await cache.get('hang').catch(() => undefined)
    assert.ok(value !== undefined)
    await cache.close()
  })

  test('a wrong password, no password and a database that is not there fail at once and show no password', async () => {
    const { port } = server
    const urls = [
      `redis://:hunter2@127.0.0.1:${port}`,
      `redis://someone:hunter2@127.0.0.1:${port}`,
      `redis://127.0.0.1:${port}`,
      `${server.url}/99`,
    ]
    for (const url of urls) {
      const cache = openRedisCache({ url, timeoutMs: 10_000 })
      for (let call = 0; call < 2; call++) {
        const start = Date.now()
        await assert.rejects(cache.set('key', 'x', minute), (error) => {
          assert.ok(!/hunter2|sec:ret|sec%3Aret/.test(inspect(error, { depth: 10 })), 'no password in the error')
          return code('STORE_DENIED', new RegExp(`redis://127\\.0\\.0\\.1:${port}/`))(error)
        })
        assert.ok(Date.now() - start < 5_000, url)
      }
      await cache.close()
    }
  })

  test('another database, another prefix: another cache', async () => {
    const caches = [
      openRedisCache({ url: server.url, prefix: 'a*:' }),
      openRedisCache({ url: server.url, prefix: 'ab:' }),
      openRedisCache({ url: `${server.url}/1`, prefix: 'a*:' }),
    ]
    for (const [index, cache] of caches.entries()) await cache.set('key', index, minute)
    assert.equal(await caches[0]?.deletePrefix(''), 1)
    assert.deepEqual(await Promise.all(caches.map((cache) => cache.get('key'))), [undefined, 1, 2])
    for (const cache of caches) await cache.close()
  })

  test('what another program wrote under our keys is named, not returned', async () => {
    const cache = openRedisCache({ url: server.url })
    const stranger = new Redis(server.url)
    await stranger.set('ysh:text', 'no json')
    await stranger.rpush('ysh:list', 'x')
    await assert.rejects(cache.get('text'), code('CACHE_FOREIGN', /text/))
    await assert.rejects(cache.get('list'), code('CACHE_FOREIGN', /WRONGTYPE/))
    stranger.disconnect()
    await cache.close()
  })

  test('a full Redis is STORE_FULL', async () => {
    const cache = openRedisCache({ url: server.url })
    const fill = async () => {
      for (let i = 0; i < 100; i++) await cache.set(`fill/${i}`, 'x'.repeat(500_000), minute)
    }
    await assert.rejects(fill, code('STORE_FULL', /OOM/))
    await cache.deletePrefix('fill/')
    await cache.set('fits', 1, minute)
    await cache.close()
  })
})
