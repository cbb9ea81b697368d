import { hash } from 'node:crypto'
import { PipelineError } from '../../errors.ts'
import { Outage } from '../../outage.ts'
import { inTime } from '../../stopped.ts'
import type { Cache } from '../../stores/cache/port.ts'
import type { PostgresStore } from '../../stores/postgres/port.ts'
import type { RateLimiterMemory } from '../../vendor/limiter.ts'
import { apiTables } from './keys.ts'

/** Loaded when there is something to count. */
const library = () => import('../../vendor/limiter.ts')

/** How long a store may take before each process counts for itself. */
const patience = {
  ms: 1_000,
  late: () => new PipelineError('STORE_TIMEOUT', 'The counter did not answer within 1 s', { retryable: true }),
}
/** A store that failed is left alone for so long. */
const aloneMs = 5_000
/** Old rows are removed at every so many takings. */
const sweepEvery = 500

/** What was taken out of a window's points. */
export interface Taken {
  granted: boolean
  /** Points that nobody has taken. */
  remaining: number
  /** Milliseconds until the window ends. */
  resetMs: number
}

/** Counts over all processes. */
export interface Counter {
  take(key: string, points: number): Promise<Taken>
}

/** What {@link sharedCounter} counts by. */
export interface CounterOptions {
  /** The stores, as soon as they are open. */
  stores(): Promise<{ postgres: PostgresStore; cache: Cache }>
  /** Tells this API's counts from those of others on the same stores. */
  name: string
  /** Points of a window of a minute. */
  points: number
  /** Told when the store cannot count: once for an outage, and each hour that it lasts. */
  trouble(error: unknown): void
  /** Told when it counts again. */
  over(): void
}

/**
 * Counts in Redis where there is one, else in PostgreSQL. On the embedded store, where nobody else is, and while a store does not answer, each
 * process counts for itself: that is no reason to refuse.
 */
export function sharedCounter({ stores, name, points, trouble, over }: CounterOptions): Counter {
  const common = { points, duration: 60, keyPrefix: `api:${name}` }
  let own: Promise<RateLimiterMemory> | undefined
  const outage = new Outage()
  // A clock that is set back must not lengthen it.
  let aloneUntil = 0
  let made: Promise<Pick<RateLimiterMemory, 'consume'>> | undefined

  function alone(): Promise<RateLimiterMemory> {
    own ??= library().then(({ RateLimiterMemory }) => new RateLimiterMemory(common))
    return own
  }

  async function make(): Promise<Pick<RateLimiterMemory, 'consume'>> {
    const { postgres, cache } = await stores()
    const { RateLimiterPostgres, RateLimiterRedis } = await library()
    const { redis } = cache
    if (redis !== undefined) {
      const keyPrefix = `${redis.prefix}${common.keyPrefix}`
      return new RateLimiterRedis({ ...common, keyPrefix, storeClient: redisClient(redis.run) })
    }
    if (postgres.kind === 'embedded') return alone()
    await apiTables(postgres)
    const table = { tableName: 'api_rate', schemaName: 'pipeline', tableCreated: true, clearExpiredByTimeout: false }
    const storeClient = {
      query: ({ text, values }: { text: string; values: unknown[] }) =>
        postgres.query(text, values, { timeoutMs: patience.ms }),
    }
    const limiter = new RateLimiterPostgres({ ...common, ...table, storeType: 'client', storeClient })
    let takings = 0
    return {
      consume(key, take) {
        takings += 1
        if (takings % sweepEvery === 1) sweep(postgres)
        return limiter.consume(key, take)
      },
    }
  }

  return {
    async take(caller, take) {
      // the library's table has room for 255 letters
      const key = caller.length > 150 ? hash('sha256', caller) : caller
      if (performance.now() < aloneUntil) return taken(await alone(), key, take)
      made ??= make()
      const counting = made
      try {
        const counted = await inTime(patience, async () => taken(await counting, key, take))
        outage.worked(over)
        return counted
      } catch (error) {
        made = undefined
        aloneUntil = performance.now() + aloneMs
        outage.failed(() => trouble(error))
        return taken(await alone(), key, take)
      }
    },
  }
}

/** Removes what is over; what is not removed now is the next time. */
function sweep(postgres: PostgresStore): void {
  postgres.query('delete from pipeline.api_rate where expire < $1', [Date.now() - 60_000]).catch(() => undefined)
}

/** Throws only what the store throws. */
async function taken(limiter: Pick<RateLimiterMemory, 'consume'>, key: string, points: number): Promise<Taken> {
  try {
    const { remainingPoints, msBeforeNext } = await limiter.consume(key, points)
    return { granted: true, remaining: remainingPoints, resetMs: msBeforeNext }
  } catch (thrown) {
    const { RateLimiterRes } = await library()
    if (!(thrown instanceof RateLimiterRes)) throw thrown
    return { granted: false, remaining: 0, resetMs: thrown.msBeforeNext }
  }
}

/** As much of an ioredis as the library calls, over the cache's connection with its deadlines. */
function redisClient(run: NonNullable<Cache['redis']>['run']) {
  let script = ''
  return {
    defineCommand(_name: string, { lua }: { lua: string }) {
      script = lua
    },
    rlflxIncr: ([key = '', ...values]: string[]) => run((redis) => redis.eval(script, 1, key, ...values)),
  }
}
