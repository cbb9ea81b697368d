import { createHash } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createHttpClient } from '../../lib/net/client.ts'
import type { HostsOptions } from '../../lib/net/hosts.ts'
import { parser } from '../../lib/schema.ts'
import { aneelFetch } from '../../lib/steps/aneel/fetch.ts'
import { FetchConfigSchema, type FetchManifest } from '../../lib/steps/aneel/fetch-schema.ts'
import type { Progress } from '../../lib/steps/step.ts'
import { type OpenStores, openStores, type StoresOptions } from '../../lib/stores/open.ts'
import { loopback } from './loopback.ts'
import { startPostgres } from './postgres-server.ts'

const config = parser(FetchConfigSchema, 'test config')

/** Stores on a real server with what a test of the fetch step needs. */
export interface Fetching {
  stores: OpenStores
  warnings: string[]
  /** Runs the step once, as a run of its own. */
  fetch(dataset: string, options?: FetchOptions): Promise<FetchManifest>
  /** Rows of a table or view, and a hash of their content in any order. */
  content(table: string): Promise<{ rows: number; hash: string }>
  /** Everything that an interrupted load could leave behind: staging tables, leases, temporary files. */
  leftovers(): Promise<string[]>
  close(): Promise<void>
}

/** Options of {@link Fetching.fetch}. */
export interface FetchOptions {
  portal: string
  mode?: 'full' | 'incremental' | 'cached'
  backups?: string[]
  whenAllFail?: 'error' | 'last-good'
  incidents?: boolean
  flapMinutes?: number
  /** What o'clock the step takes it to be. */
  now?: Date
  parts?: string
  format?: 'csv' | 'parquet'
  keepPersonal?: string[]
  archive?: boolean
  tries?: number
  idleTimeoutMs?: number
  signal?: AbortSignal
  runId?: string
  input?: Record<string, string>
  /** Hears how far the step is. */
  progress?(progress: Progress): void
}

/** Opens stores for a test. */
export async function openFetching(more: StoresOptions = {}, hosts: HostsOptions = {}): Promise<Fetching> {
  const server = more.postgres === undefined ? await startPostgres() : undefined
  const folder = await mkdtemp(join(tmpdir(), 'fetching-'))
  const stores = await openStores({ folder, ...(server ? { postgres: { url: server.url } } : {}), ...more })
  const http = createHttpClient({ product: 'test/1', hosts, allow: loopback })
  const warnings: string[] = []
  let runs = 0
  return {
    stores,
    warnings,
    async fetch(dataset, options) {
      runs += 1
      const id = options?.runId ?? `00000000-0000-4000-8000-${String(runs).padStart(12, '0')}`
      return await aneelFetch.run(
        options?.input ?? {},
        config.parse({
          dataset,
          mode: options?.mode ?? 'incremental',
          whenAllFail: options?.whenAllFail ?? 'error',
          parts: options?.parts ?? '',
          format: options?.format ?? 'csv',
          keepPersonal: options?.keepPersonal ?? [],
          archive: options?.archive ?? true,
          portal: {
            url: options?.portal ?? '',
            contact: 'test@example.org',
            tries: options?.tries ?? 2,
            backoffMs: 5,
            idleTimeoutMs: options?.idleTimeoutMs ?? 5000,
            backups: options?.backups ?? [],
            incidents: options?.incidents ?? true,
            flapMinutes: options?.flapMinutes ?? 30,
          },
        }),
        {
          run: { id, flow: 'test', slot: id, epoch: 0, item: '' },
          node: 'test',
          attempt: 1,
          signal: options?.signal ?? new AbortController().signal,
          stores,
          http,
          clock: { now: () => options?.now ?? new Date() },
          log: {
            debug() {},
            info() {},
            warn: (message) => warnings.push(message),
            error: (message) => warnings.push(message),
          },
          progress: (progress) => options?.progress?.(progress),
          finish: async () => undefined,
        },
      )
    },
    async content(table) {
      const { rows } = await stores.postgres.query<{ row: string }>(
        `select (to_jsonb(t) - 'dat_geracao_conjunto_dados')::text as row from ${table} t`,
      )
      const hash = createHash('sha256')
      for (const row of rows.map((r) => r.row).sort()) hash.update(row).update('\n')
      return { rows: rows.length, hash: hash.digest('hex') }
    },
    async leftovers() {
      const { rows } = await stores.postgres.query<{ name: string }>(
        `select schemaname || '.' || tablename as name from pg_tables where schemaname like '%\\_data'
         except select table_schema || '.' || table_name from pipeline.version
         union all select 'lease ' || id::text from pipeline.load where run_id is not null or alive_until > now() + interval '1 minute'`,
      )
      const files = await readdir(stores.scratch, { recursive: true, withFileTypes: true })
      return [
        ...rows.map((row) => row.name),
        ...files.filter((f) => f.isFile() && !f.name.startsWith('.')).map((f) => f.name),
      ]
    },
    async close() {
      http.close()
      await stores.close()
      await server?.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
