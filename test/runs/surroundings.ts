import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PipelineError } from '../../lib/errors.ts'
import type { HttpClient } from '../../lib/net/http.ts'
import type { Logger } from '../../lib/steps/step.ts'
import { openTableCache } from '../../lib/stores/cache/table.ts'
import { openFolderObjects } from '../../lib/stores/objects/folder.ts'
import { openPostgres, type PostgresConfig } from '../../lib/stores/postgres/index.ts'
import type { Stores } from '../../lib/stores/stores.ts'
import { openPgVectors } from '../../lib/stores/vectors/pgvector/store.ts'
import { embeddedFolder } from '../helpers/embedded-folder.ts'
import { startPostgres } from '../helpers/postgres-server.ts'

/** The journal must behave alike on both. */
export const kinds = ['server', 'embedded'] as const

/** Stores of their own for a test. */
export interface Surroundings {
  stores: Stores
  /** For another process on the same database. */
  config: PostgresConfig
  close(): Promise<void>
}

/** Opens stores on an empty database. */
export async function openSurroundings(kind: (typeof kinds)[number]): Promise<Surroundings> {
  const database = kind === 'server' ? await serverDatabase() : await embeddedDatabase()
  const folder = await mkdtemp(join(tmpdir(), 'pipeline-runs-'))
  const stores = await openStoresAt(database.config, folder)
  return {
    stores,
    config: database.config,
    async close() {
      await stores.vectors.close()
      await stores.cache.close()
      await stores.objects.close()
      await stores.postgres.close()
      await database.remove()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The stores over a database and a folder. */
export async function openStoresAt(config: PostgresConfig, folder: string): Promise<Stores> {
  const postgres = await openPostgres(config)
  return {
    postgres,
    objects: await openFolderObjects({ folder: join(folder, 'objects') }),
    cache: await openTableCache(postgres),
    vectors: openPgVectors(postgres),
    scratch: folder,
  }
}

async function serverDatabase(): Promise<{ config: PostgresConfig; remove(): Promise<void> }> {
  const { url, stop } = await startPostgres()
  return { config: { kind: 'server', url }, remove: stop }
}

async function embeddedDatabase(): Promise<{ config: PostgresConfig; remove(): Promise<void> }> {
  const { path, remove } = await embeddedFolder()
  return { config: { kind: 'embedded', folder: path }, remove }
}

/** No step of these tests goes out. */
export const noHttp: HttpClient = {
  request: () => Promise.reject(new PipelineError('NET_UNREACHABLE', 'no network in this test')),
  bytes: () => Promise.reject(new PipelineError('NET_UNREACHABLE', 'no network in this test')),
  json: () => Promise.reject(new PipelineError('NET_UNREACHABLE', 'no network in this test')),
  retryBudget: () => ({ began: () => undefined, allows: () => true }),
}

/** A logger that keeps its lines. */
export function memoryLog(): Logger & { lines: string[] } {
  const lines: string[] = []
  const at = (level: string) => (message: string) => {
    lines.push(`${level} ${message}`)
  }
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
