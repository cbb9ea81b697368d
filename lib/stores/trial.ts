import { PipelineError } from '../errors.ts'
import { reveal } from '../secrets/reveal.ts'
import { openS3Objects } from './objects/s3.ts'
import type { StoresOptions } from './open.ts'
import { openPostgres } from './postgres/index.ts'
import { revealAddress } from './reveal.ts'

/** What a store answered. */
export interface StoreTrial {
  store: 'postgres' | 'redis' | 'qdrant' | 's3'
  /** Why it cannot be used. */
  error?: { code: string; message: string }
}

/** Who looks at a form waits less than a flow does, in milliseconds. */
const patienceMs = 5_000
const name = 'connection_test'

/**
 * Asks every server that a configuration names, at the same time, and writes nothing. The embedded stores are not asked: another
 * process, or this one, has them open. Never throws.
 */
export function tryStores(
  { postgres, cache, vectors, objects }: StoresOptions,
  signal: AbortSignal,
): Promise<StoreTrial[]> {
  const asked: Promise<StoreTrial>[] = []
  const ask = (store: StoreTrial['store'], work: () => Promise<unknown>) => asked.push(trial(store, work, signal))
  if (postgres?.url) {
    const limits = { connectTimeoutMs: patienceMs, statementTimeoutMs: patienceMs, maxConnections: 1 }
    const { url, password } = postgres
    ask('postgres', async () => {
      const address = await revealAddress('PostgreSQL', url, password)
      await closed(openPostgres({ kind: 'server', url: address, ...limits })) // it has answered once when it is open
    })
  }
  if (cache?.url) {
    const { url, password } = cache
    ask('redis', async () => {
      const { openRedisCache } = await import('./cache/redis.ts')
      const address = await revealAddress('Redis', url, password)
      await closed(openRedisCache({ url: address, timeoutMs: patienceMs }), (redis) => redis.get(name))
    })
  }
  if (vectors?.url) {
    const { url, apiKey } = vectors
    ask('qdrant', async () => {
      const { openQdrant } = await import('./vectors/qdrant/store.ts')
      const key = await reveal(apiKey ?? '')
      const qdrant = openQdrant({ url, timeoutMs: patienceMs, ...(key ? { apiKey: key } : {}) })
      await closed(qdrant, (open) => open.count(name, { at: 0, abandoned: [], signal }).catch(ifAbsent))
    })
  }
  if (objects?.bucket) {
    const { bucket, folder: _, ...aws } = objects
    ask('s3', () => closed(openS3Objects({ ...aws, bucket }))) // the bucket is asked for as it opens
  }
  return Promise.all(asked)
}

async function trial(
  store: StoreTrial['store'],
  work: () => Promise<unknown>,
  signal: AbortSignal,
): Promise<StoreTrial> {
  try {
    await within(work(), signal)
    return { store }
  } catch (thrown) {
    const { code, message } = PipelineError.from(thrown, 'STORE_UNAVAILABLE')
    return { store, error: { code, message } }
  }
}

/** The work's result, or TIMEOUT; what goes on behind it closes itself. */
async function within<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const given = Promise.withResolvers<never>()
  const give = () => given.reject(new PipelineError('TIMEOUT', 'It does not answer', { retryable: true }))
  if (signal.aborted) give()
  signal.addEventListener('abort', give, { once: true })
  try {
    return await Promise.race([work, given.promise])
  } finally {
    signal.removeEventListener('abort', give)
  }
}

/** Works with a store, and closes it whatever happens. */
async function closed<T extends { close(): Promise<void> }>(
  opening: T | Promise<T>,
  work: (store: T) => Promise<unknown> = async () => undefined,
): Promise<void> {
  const store = await opening
  try {
    await work(store)
  } finally {
    await store.close()
  }
}

function ifAbsent(thrown: unknown): void {
  if (!(thrown instanceof PipelineError && thrown.code === 'VECTOR_NOT_FOUND')) throw thrown
}
