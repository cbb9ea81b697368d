import { type PostgresConfig, parseConfig } from './config.ts'
import { acquireHost } from './embedded/host.ts'
import type { PostgresStore } from './port.ts'
import { type Backing, PooledStore } from './store.ts'

export type { PostgresConfig } from './config.ts'
// A worker thread imports ./connection.ts by itself: it has no use for the rest.
export { openConnection } from './connection.ts'
export { createEmbedded } from './embedded/host.ts'
export { type Migration, migrate } from './migrate.ts'
export type * from './port.ts'
export { quoteIdentifier } from './port.ts'

/**
 * Opens the store: a PostgreSQL server (15 or newer) by URL, or the embedded one in a folder, which is made if absent. All
 * stores of one process on one folder share its child process.
 *
 * Throws STORE_CONFIG, STORE_TOO_OLD, STORE_LOCKED (another process has the folder; `details.pid`), STORE_UNAVAILABLE
 * (retryable), STORE_TLS, STORE_FULL, STORE_FAILED, SQL_28P01 (wrong password), SQL_3D000 (no such database).
 */
export async function openPostgres(config: PostgresConfig): Promise<PostgresStore> {
  const settings = parseConfig(config)
  const { maxConnections, connectTimeoutMs, statementTimeoutMs } = settings
  const limits = { connectTimeoutMs, statementTimeoutMs }
  if (settings.kind === 'server') {
    const target = { kind: 'server', url: settings.url, ...limits } as const
    return tried(new PooledStore(target, maxConnections, serverBacking))
  }
  const host = await acquireHost(settings)
  const target = {
    kind: 'embedded',
    folder: host.folder,
    socket: host.address,
    secret: host.secret,
    ...limits,
  } as const
  return tried(new PooledStore(target, maxConnections, host))
}

// A server is not ours to start.
const serverBacking: Backing = { ready: async () => {}, revive: async () => false, release: async () => {} }

/** A store that has answered once. */
async function tried(store: PooledStore): Promise<PostgresStore> {
  try {
    await store.query('select 1')
    return store
  } catch (error) {
    await store.close()
    throw error
  }
}
