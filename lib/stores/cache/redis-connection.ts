import { Redis } from 'ioredis'
import { PipelineError } from '../../errors.ts'
import { isDenied, redisError } from './redis-errors.ts'

/** Where a Redis is and how to be let in. */
interface RedisTarget {
  host: string
  port: number
  db: number
  tls: boolean
  username?: string
  password?: string
  /** For messages: without user and password. */
  shown: string
}

/** Takes a Redis URL apart; throws STORE_CONFIG, with a message that never holds the URL (it may have a password in it). */
export function parseRedisUrl(url: string): RedisTarget {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  const path = /^(?:\/(\d{1,5})?)?$/.exec(parsed?.pathname ?? '!')
  const tls = parsed?.protocol === 'rediss:'
  if (parsed === undefined || path === null || !(tls || parsed.protocol === 'redis:') || parsed.hostname === '') {
    throw badUrl()
  }
  if (parsed.search !== '' || parsed.hash !== '') throw badUrl()
  const host = parsed.hostname.replace(/^\[|\]$/g, '')
  const port = parsed.port === '' ? 6379 : Number(parsed.port)
  const db = Number(path[1] ?? 0)
  const shown = `${parsed.protocol}//${parsed.hostname}:${port}/${db}`
  const username = decode(parsed.username)
  const password = decode(parsed.password)
  return {
    host,
    port,
    db,
    tls,
    shown,
    ...(username === '' ? {} : { username }),
    ...(password === '' ? {} : { password }),
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw badUrl()
  }
}

function badUrl(): PipelineError {
  return new PipelineError(
    'STORE_CONFIG',
    'The Redis URL must be redis://user:password@host:6379/0 (rediss:// with TLS, user, password, port and number optional)',
  )
}

/** Calls that wait for a connection. */
const MAX_WAITING = 1_000
/** Calls in all. */
const MAX_UNDER_WAY = 10_000

/** One connection that is made when first needed and again whenever it is lost. */
export interface RedisConnection {
  /** Runs a command. Throws the port's errors. */
  run<T>(command: (redis: Redis) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/**
 * Opens nothing yet. `timeoutMs` is how long a call waits for the connection, and again for the answer. How many may do so
 * is bounded, so that a Redis that is down or hangs does not fill the memory.
 */
export function redisConnection(target: RedisTarget, timeoutMs: number): RedisConnection {
  const redis = new Redis({
    host: target.host,
    port: target.port,
    db: target.db,
    ...(target.username === undefined ? {} : { username: target.username }),
    ...(target.password === undefined ? {} : { password: target.password }),
    ...(target.tls ? { tls: { servername: target.host } } : {}),
    lazyConnect: true,
    connectTimeout: timeoutMs,
    commandTimeout: timeoutMs,
    // A server that hangs: the commands it owes an answer go with the socket.
    socketTimeout: 2 * timeoutMs,
    // What was sent and not answered fails at once: sent again, a setIfAbsent could meet its own first effect.
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    retryStrategy: (times) => Math.min(25 * 2 ** Math.min(times, 10), 2_000),
  })
  let lastError: unknown
  let refused: PipelineError | undefined
  // Once a call has waited in vain nobody waits any more: attempts to connect go on by themselves, each 2 s at the latest.
  let away: string | undefined
  const waiting = new Set<() => void>()
  const wake = () => {
    for (const look of [...waiting]) look()
  }
  redis.on('error', (error: unknown) => {
    lastError = error
    if (!isDenied(error)) return
    // Said at once, not at the deadline, and not tried again before the next call. Without this ioredis would take
    // database 0 where the one asked for is not there.
    refused = redisError(error, target.shown)
    redis.disconnect()
    wake()
  })
  redis.on('ready', () => {
    away = undefined
    wake()
  })
  redis.on('end', wake)

  /** Resolves when commands can be sent. */
  function ready(): Promise<void> {
    if (redis.status === 'wait' || redis.status === 'end') {
      refused = undefined
      away = undefined
      // Its outcome is heard through the events, as that of every later attempt.
      redis.connect().catch(() => {})
    }
    if (refused !== undefined) return Promise.reject(refused)
    if (redis.status === 'ready') return Promise.resolve()
    if (away !== undefined) return Promise.reject(unavailable(away))
    if (waiting.size >= MAX_WAITING) return Promise.reject(busy(`${waiting.size} calls wait for it`))
    return new Promise((resolve, reject) => {
      const settle = (done: () => void) => {
        clearTimeout(timer)
        waiting.delete(look)
        done()
      }
      const look = () => {
        if (refused !== undefined) settle(() => reject(refused))
        else if (redis.status === 'ready') settle(resolve)
        else if (redis.status === 'end') settle(() => reject(unavailable('the connection was closed')))
      }
      const timer = setTimeout(
        () =>
          settle(() => {
            away = `no connection within ${timeoutMs} ms`
            reject(unavailable(away))
          }),
        timeoutMs,
      )
      waiting.add(look)
    })
  }

  function unavailable(what: string): PipelineError {
    const reason = lastError instanceof Error ? ` (${lastError.message})` : ''
    return new PipelineError('STORE_UNAVAILABLE', `Redis at ${target.shown}: ${what}${reason}`, { retryable: true })
  }

  function busy(what: string): PipelineError {
    return new PipelineError('STORE_BUSY', `Redis at ${target.shown}: ${what} already`, { retryable: true })
  }

  let underWay = 0
  return {
    async run(command) {
      if (underWay >= MAX_UNDER_WAY) throw busy(`${underWay} calls are under way`)
      underWay += 1
      try {
        await ready()
        return await command(redis)
      } catch (error) {
        throw redisError(error, target.shown)
      } finally {
        underWay -= 1
      }
    },
    async close() {
      // Between two attempts there is no socket, hence no event to wait for.
      const open = redis.status !== 'end' && redis.status !== 'reconnecting'
      if (!open) return redis.disconnect()
      const ended = new Promise<void>((done) => redis.once('end', () => done()))
      redis.disconnect()
      await ended
    },
  }
}
