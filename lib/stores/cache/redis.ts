import { PipelineError } from '../../errors.ts'
import { openCalls } from './calls.ts'
import { checkKey, checkPrefix, decodeValue, encodeValue, wholeTtl } from './entry.ts'
import type { Cache } from './port.ts'
import { parseRedisUrl, redisConnection } from './redis-connection.ts'

/** Configuration of {@link openRedisCache}. */
export interface RedisCacheOptions {
  /** `redis://user:password@host:6379/0`, or `rediss://` for TLS. */
  url: string
  /** Before every key, to share a Redis with others; `ysh:` by default. Never empty. */
  prefix?: string
  /** How long a call waits for the connection, and again for the answer, in milliseconds; 2,000 by default. */
  timeoutMs?: number
}

const TIMEOUT_MS = 2_000
const SCAN_COUNT = 500

/**
 * The cache port on a Redis (4 or newer, for UNLINK). Nothing is connected until the first call: a Redis that is down does not keep a
 * flow from starting, calls say STORE_UNAVAILABLE (the first ones at their deadline, later ones at once), and a Redis that comes back is
 * used again within seconds.
 * How much is kept is Redis's business (`maxmemory` with an eviction policy). Throws STORE_CONFIG.
 */
export function openRedisCache(options: RedisCacheOptions): Cache {
  const { prefix = 'ysh:', timeoutMs = TIMEOUT_MS } = options
  if (prefix === '')
    throw new PipelineError(
      'STORE_CONFIG',
      'The Redis cache needs a prefix: without one it would delete what others keep',
    )
  checkPrefix(prefix)
  const connection = redisConnection(parseRedisUrl(options.url), timeoutMs)
  const calls = openCalls('cache')

  async function deletePrefix(start: string): Promise<number> {
    const pattern = `${escapeGlob(prefix + start)}*`
    let cursor = '0'
    let deleted = 0
    do {
      const [next, keys] = await connection.run((redis) => redis.scan(cursor, 'MATCH', pattern, 'COUNT', SCAN_COUNT))
      // A key may come twice; the second UNLINK does not count it.
      if (keys.length > 0) deleted += await connection.run((redis) => redis.unlink(...keys))
      cursor = next
    } while (cursor !== '0')
    return deleted
  }

  return {
    kind: 'redis',
    redis: { prefix, run: (command) => calls.run(() => connection.run(command)) },
    get: (key) =>
      calls.run(async () => {
        checkKey(key)
        const text = await connection.run((redis) => redis.get(prefix + key))
        return text === null ? undefined : decodeValue(key, text)
      }),
    set: (key, value, { ttlMs }) =>
      calls.run(async () => {
        checkKey(key)
        const ttl = wholeTtl(ttlMs)
        const { text } = encodeValue(key, value)
        await connection.run((redis) => redis.set(prefix + key, text, 'PX', ttl))
      }),
    setIfAbsent: (key, value, { ttlMs }) =>
      calls.run(async () => {
        checkKey(key)
        const ttl = wholeTtl(ttlMs)
        const { text } = encodeValue(key, value)
        return (await connection.run((redis) => redis.set(prefix + key, text, 'PX', ttl, 'NX'))) !== null
      }),
    delete: (key) =>
      calls.run(async () => {
        checkKey(key)
        await connection.run((redis) => redis.unlink(prefix + key))
      }),
    deletePrefix: (start) =>
      calls.run(async () => {
        checkPrefix(start)
        return deletePrefix(start)
      }),
    async close() {
      await calls.close()
      await connection.close()
    },
  }
}

/** Text that stands for itself in a Redis MATCH pattern. */
export function escapeGlob(text: string): string {
  return text.replace(/[\\*?[\]^-]/g, '\\$&')
}
