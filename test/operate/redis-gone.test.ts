import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { startWorld, type World } from '../../endure/world.ts'
import { parser, Type } from '../../lib/schema.ts'
import { noRedis, type RedisServer, startRedis } from '../helpers/redis-server.ts'

const RunsSchema = Type.Object({ runs: Type.Array(Type.Object({ flow: Type.String(), state: Type.String() })) })
const runs = parser(RunsSchema, 'Runs')
const flag = '/bandeira'

describe('Redis flushed, gone and hanging, under the shipped flows', {
  skip: noRedis ?? false,
  timeout: 120_000,
}, () => {
  let redis: RedisServer
  let world: World
  before(async () => {
    redis = await startRedis()
    world = await startWorld('embedded', { YSH_REDIS_URL: redis.url })
    await world.run('hourly')
  })
  after(async () => {
    await world?.close()
    await redis?.stop()
  })
  const keys = async (): Promise<string[]> => {
    const client = new Redis(redis.url)
    try {
      return await client.keys('ysh:*')
    } finally {
      client.disconnect()
    }
  }
  const answers = async () => (await keys()).filter((key) => key.includes('bandeira') && !key.endsWith('summary'))
  const lines = (pattern: RegExp) =>
    world.red
      .output()
      .split('\n')
      .filter((line) => pattern.test(line))
  const flagSays = async () => {
    const { status, text } = await world.answer(flag)
    assert.equal(status, 200, text)
    return text.replace(/"ageSeconds":[\d.]+/, '')
  }
  /** Asks many times; the longest answer in milliseconds. */
  const many = async (times: number) => {
    let longest = 0
    for (let request = 0; request < times; request += 1) {
      const began = performance.now()
      await flagSays()
      longest = Math.max(longest, performance.now() - began)
    }
    return longest
  }
  const allDone = async () => {
    const { text } = await world.answer('/runs?limit=50')
    const states = runs.parse(JSON.parse(text)).runs.filter(({ flow }) => flow !== 'tick-run')
    assert.ok(states.length > 0)
    assert.deepEqual(
      states.filter(({ state }) => state !== 'done'),
      [],
    )
  }

  test('flushed: the same answers, which are kept again', async () => {
    const before = await flagSays()
    assert.ok((await answers()).length > 0)
    const client = new Redis(redis.url)
    await client.flushall()
    client.disconnect()
    assert.equal(await flagSays(), before)
    assert.ok((await answers()).length > 0)
    assert.deepEqual(lines(/cache does not answer/), [])
  })

  test('gone: runs end as always, answers are made anew and at once, the log says it once', async () => {
    await redis.kill()
    await flagSays() // waits for Redis until the deadline
    const longest = await many(100)
    assert.ok(longest < 1_500, `${longest} ms`)
    await world.publish()
    await world.run('hourly')
    await many(10)
    assert.equal(lines(/cache does not answer/).length, 1, lines(/cache/).join('\n'))
    assert.ok(lines(/counted by each process for itself/).length <= 1)
    await allDone()
  })

  test('back: it is used again within seconds, without anybody doing anything', async () => {
    await redis.start()
    const end = performance.now() + 10_000
    while ((await answers()).length === 0 && performance.now() < end) {
      await flagSays()
      await sleep(100)
    }
    assert.ok((await answers()).length > 0)
    assert.equal(lines(/cache answers again/).length, 1)
  })

  test('hanging: answers still come, and runs end as always', async () => {
    redis.pause()
    try {
      await world.publish()
      await world.run('hourly')
      await many(3)
      const longest = await many(30)
      assert.ok(longest < 1_500, `${longest} ms`)
      assert.equal(lines(/cache does not answer/).length, 2)
    } finally {
      redis.resume()
    }
    await allDone()
  })
})
