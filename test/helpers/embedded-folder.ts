import { rmSync } from 'node:fs'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEmbedded } from '../../lib/stores/postgres/index.ts'

/** A folder with an embedded PostgreSQL, empty and closed. */
export interface EmbeddedFolder {
  path: string
  remove(): Promise<void>
}

let template: Promise<string> | undefined

/** A fresh folder; the database is made once in a test process (it takes seconds) and copied from then on. */
export async function embeddedFolder(under = tmpdir()): Promise<EmbeddedFolder> {
  template ??= makeTemplate()
  const path = await mkdtemp(join(under, 'pipeline-embedded-'))
  await cp(await template, path, { recursive: true })
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}

async function makeTemplate(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'pipeline-template-'))
  process.once('exit', () => rmSync(path, { recursive: true, force: true }))
  await createEmbedded(path)
  return path
}
