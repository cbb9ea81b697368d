import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createEmbedded, openPostgres, type PostgresConfig, type PostgresStore } from '../lib/stores/postgres/index.ts'
import type { StoresSettings } from './flows.ts'
import { freshFolder } from './folder.ts'
import type { Server } from './postgres.ts'

/** The kinds of store that a scenario may run on. */
export const storeKinds = ['postgres', 'embedded'] as const
export type StoreKind = (typeof storeKinds)[number]

/** Fresh stores of one scenario. */
export interface Backend {
  kind: StoreKind
  settings: StoresSettings
  /** Reads the database. The embedded one can be read only while no Node-RED runs. */
  read<T>(work: (store: PostgresStore) => Promise<T>): Promise<T>
  remove(): Promise<void>
}

const schema = `create schema chaos;
  create table chaos.effect (flow text not null, slot text not null, item text not null, value text not null)`

/** A database of its own on a server, and a folder. */
export async function serverBackend(server: Server): Promise<Backend> {
  const folder = freshFolder('data')
  const url = await server.database()
  return backend('postgres', folder, { kind: 'server', url, maxConnections: 2 }, { folder, postgresUrl: url })
}

let template: Promise<string> | undefined
async function makeTemplate(): Promise<string> {
  const path = freshFolder('template')
  await createEmbedded(join(path, 'postgres'))
  return path
}

/** A folder with an embedded database of its own; the database is made once and copied from then on. */
export async function embeddedBackend(): Promise<Backend> {
  template ??= makeTemplate()
  const folder = freshFolder('data')
  await cp(await template, folder, { recursive: true })
  return backend(
    'embedded',
    folder,
    { kind: 'embedded', folder: join(folder, 'postgres') },
    { folder, postgresUrl: '' },
  )
}

async function backend(
  kind: StoreKind,
  folder: string,
  config: PostgresConfig,
  settings: StoresSettings,
): Promise<Backend> {
  const made: Backend = {
    kind,
    settings,
    async read(work) {
      const store = await openPostgres(config)
      try {
        return await work(store)
      } finally {
        await store.close()
      }
    },
    remove: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }),
  }
  await made.read((store) => store.query(schema))
  return made
}
