import { writeFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { allMigrations } from '../../lib/cli/migrations.ts'
import { enqueueOutbox } from '../../lib/runs/outbox.ts'
import { putArtifact } from '../../lib/stores/objects/artifacts.ts'
import { openFolderObjects } from '../../lib/stores/objects/folder.ts'
import type { ObjectStore } from '../../lib/stores/objects/port.ts'
import { migrate, openPostgres, type PostgresStore } from '../../lib/stores/postgres/index.ts'
import { startPostgres } from '../helpers/postgres-server.ts'

/** Stores on a server and in a folder, with a user folder beside them. */
export interface Small {
  url: string
  postgres: PostgresStore
  objects: ObjectStore
  folder: string
  userFolder: string
  /** What of it is there: tables, objects, user files. */
  close(): Promise<void>
}

/** Empty stores. */
export async function emptyStores(): Promise<Small> {
  const folder = await mkdtemp(join(tmpdir(), 'backup-small-'))
  const server = await startPostgres()
  const postgres = await openPostgres({ kind: 'server', url: server.url })
  const objects = await openFolderObjects({ folder: join(folder, 'objects') })
  return {
    ...{ url: server.url, postgres, objects, folder, userFolder: join(folder, 'user') },
    async close() {
      await objects.close()
      await postgres.close()
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Stores with a few rows, objects and files of Node-RED. */
export async function smallStores(): Promise<Small> {
  const small = await emptyStores()
  await migrate(small.postgres, allMigrations)
  await small.postgres.transaction((tx) => enqueueOutbox(tx, { key: 'told', topic: 'topic', payload: { text: 'ção' } }))
  for (let at = 0; at < 5; at += 1) await putArtifact(small.objects, Buffer.from(`object ${at} `.repeat(200)))
  await mkdir(small.userFolder, { recursive: true })
  for (const [name, text] of [
    ['flows.json', '[]'],
    ['flows_cred.json', '{"$":"0123"}'],
    ['settings.js', 'module.exports = {}'],
    ['credential-secret', 'canary-credential-secret'],
    ['admin-login.json', '{"hash":"canary-hash"}'],
  ] as const) {
    writeFileSync(join(small.userFolder, name), text, { mode: 0o600 })
  }
  return small
}
