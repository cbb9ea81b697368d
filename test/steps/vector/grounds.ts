import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStores, type StoresOptions } from '../../../lib/stores/open.ts'
import type { Stores } from '../../../lib/stores/stores.ts'
import type { VectorStore } from '../../../lib/stores/vectors/port.ts'
import { embeddedFolder } from '../../helpers/embedded-folder.ts'
import { startPgvector } from '../../helpers/pgvector-server.ts'
import { startPostgres } from '../../helpers/postgres-server.ts'
import { startQdrantDouble } from '../../qdrant/server.ts'
import { stepsOver } from './surroundings.ts'

type Steps = ReturnType<typeof stepsOver>

/** Both steps over real stores, with a count of what is written into the store of vectors. */
export interface Ground extends Steps {
  stores: Stores
  /** Calls that wrote into the store of vectors. */
  writes: string[]
  /** The same with another store of vectors. */
  over(vectors: VectorStore): Steps
  close(): Promise<void>
}

/** Places where the steps have to do the same. A text in place of one: the reason to skip it by. */
export const grounds: readonly { name: string; open(): Promise<Ground | string> }[] = [
  { name: 'pgvector, embedded', open: embedded },
  { name: 'pgvector on a server', open: onServer },
  { name: 'a double of Qdrant', open: onQdrant },
]

/** For tests that are not about a store: a server with pgvector, or the embedded one where none can be had. */
export async function anyGround(): Promise<Ground> {
  const ground = await onServer()
  return typeof ground === 'string' ? await embedded() : ground
}

async function embedded(): Promise<Ground> {
  const database = await embeddedFolder()
  return await over({ postgres: { folder: database.path } }, () => database.remove())
}

async function onServer(): Promise<Ground | string> {
  const server = await startPgvector()
  return typeof server === 'string' ? server : await over({ postgres: { url: await server.database() } }, server.stop)
}

async function onQdrant(): Promise<Ground> {
  const server = await startPostgres()
  const qdrant = await startQdrantDouble()
  return await over({ postgres: { url: server.url }, vectors: { url: qdrant.url } }, async () => {
    await qdrant.stop()
    await server.stop()
    assert.deepEqual(qdrant.violations, [])
  })
}

async function over(options: StoresOptions, end: () => Promise<void>): Promise<Ground> {
  const folder = await mkdtemp(join(tmpdir(), 'vector-'))
  const opened = await openStores({ folder, ...options })
  const writes: string[] = []
  const stores: Stores = { ...opened, vectors: counted(opened.vectors, writes) }
  return {
    stores,
    writes,
    ...stepsOver(stores),
    over: (vectors) => stepsOver({ ...stores, vectors }),
    async close() {
      await opened.close()
      await end()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function counted(store: VectorStore, writes: string[]): VectorStore {
  return {
    ...store,
    drop: (name, ...rest) => {
      writes.push(`drop ${name}`)
      return store.drop(name, ...rest)
    },
    put: (name, ...rest) => {
      writes.push(`put ${name}`)
      return store.put(name, ...rest)
    },
    retire: (name, ...rest) => {
      writes.push(`retire ${name}`)
      return store.retire(name, ...rest)
    },
    abandon: (name, ...rest) => {
      writes.push(`abandon ${name}`)
      return store.abandon(name, ...rest)
    },
  }
}
