import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Counter, sharedCounter } from '../../../lib/api/access/counter.ts'
import { Limits, windowOf } from '../../../lib/api/access/limits.ts'
import { PipelineError } from '../../../lib/errors.ts'
import type { Cache } from '../../../lib/stores/cache/port.ts'
import { openRedisCache } from '../../../lib/stores/cache/redis.ts'
import { openTableCache } from '../../../lib/stores/cache/table.ts'
import { openPostgres, type PostgresStore } from '../../../lib/stores/postgres/index.ts'
import { code } from '../../helpers/pipeline-error.ts'
import { type PostgresServer, startPostgres } from '../../helpers/postgres-server.ts'
import { noRedis, type RedisServer, startRedis } from '../../helpers/redis-server.ts'

/** Asks until it is refused; how often it was let in. */
async function askAll(some: readonly Limits[], most: number): Promise<number> {
  let granted = 0
  for (let n = 0; n < most; n += 1) {
    const one = some[n % some.length]
    try {
      await one?.take('key:a')
      granted += 1
    } catch (thrown) {
      code('API_RATE')(thrown)
      if (n > most - 2) break
    }
  }
  return granted
}

describe('limits', () => {
  it('hold the pace: so many at once, then evenly', async () => {
    let now = 0
    const counter: Counter = { take: async () => ({ granted: true, remaining: 600, resetMs: 60_000 }) }
    const limits = new Limits({ rate: { perMinute: 600, burst: 10 }, counter, now: () => now })
    assert.equal(await askAll([limits], 50), 10)
    const late = await limits.take('key:a').catch((error: unknown) => PipelineError.from(error))
    assert.ok(late instanceof PipelineError && late.retryAfterMs === 100, JSON.stringify(late))
    await limits.take('key:b')
    now += 100
    assert.equal(await askAll([limits], 5), 1)
    now += 60_000
    assert.equal(await askAll([limits], 50), 10)
  })

  it('ask the store once for many requests, also for those that come together', async () => {
    let takings = 0
    const counter: Counter = {
      async take(_, points) {
        takings += 1
        return { granted: takings <= 20, remaining: 700 - takings * points, resetMs: 30_000 }
      },
    }
    const limits = new Limits({ rate: { perMinute: 600, burst: 100 }, counter, now: () => 0 })
    const answers = await Promise.all(Array.from({ length: 100 }, () => limits.take('key:a')))
    assert.equal(takings, 3)
    assert.deepEqual(answers.at(-1), { 'ratelimit-policy': '"minute";q=600;w=60', ratelimit: '"minute";r=600;t=30' })
  })
})

for (const kind of ['redis', 'postgres'] as const) {
  describe(`limits over several processes, counted in ${kind}`, {
    skip: kind === 'redis' ? noRedis : undefined,
  }, () => {
    let server: PostgresServer
    let redis: RedisServer | undefined
    let postgres: PostgresStore
    let cache: Cache
    const troubles: string[] = []
    before(async () => {
      server = await startPostgres()
      postgres = await openPostgres({ kind: 'server', url: server.url })
      if (kind === 'redis') redis = await startRedis()
      cache = redis === undefined ? await openTableCache(postgres) : openRedisCache({ url: redis.url, timeoutMs: 500 })
    })
    after(async () => {
      await cache?.close()
      await postgres?.close()
      await redis?.stop()
      await server?.stop()
    })
    const processOf = (name: string, rate: { perMinute: number; burst: number }) =>
      new Limits({
        rate,
        counter: sharedCounter({
          stores: async () => ({ postgres, cache }),
          name,
          points: windowOf(rate).points,
          trouble: (error) => void troubles.push(PipelineError.from(error).code),
          over: () => undefined,
        }),
        now: Date.now,
      })

    it('grant the minute’s sum, less at most a part for each process', async () => {
      const rate = { perMinute: 1, burst: 400 }
      const { points, slice } = windowOf(rate)
      const three = [processOf('/sum', rate), processOf('/sum', rate), processOf('/sum', rate)]
      const granted = await askAll(three, 1_200)
      assert.ok(granted <= points && granted > points - 3 * slice, `${granted} of ${points}, by ${slice}`)
      assert.equal(await askAll([processOf('/sum', rate)], 20), 0)
      assert.ok((await askAll([processOf('/other', rate)], 20)) === 20)
      await processOf('/long', rate).take(`token:${'x'.repeat(700)}`)
      assert.deepEqual(troubles, [])
    })

    it('let each process count for itself while the store is away', async () => {
      const rate = { perMinute: 1, burst: 40 }
      const [one, two] = [processOf('/away', rate), processOf('/away', rate)]
      assert.equal(await askAll([one], 10), 10)
      if (redis === undefined) await postgres.query('alter table pipeline.api_rate rename to api_rate_away')
      else await redis.kill()
      const granted = await askAll([one, two], 200)
      // what it had been granted before, and a minute's sum for each
      assert.ok(granted >= 40 && granted <= 82, String(granted))
      assert.ok(troubles.length > 0 && troubles.length <= 2, troubles.join())
    })
  })
}
