import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createEmbedded } from '../../lib/stores/postgres/index.ts'

/** A folder with an embedded PostgreSQL, empty and closed. */
export interface EmbeddedFolder {
  path: string
  remove(): Promise<void>
}

const cache = fileURLToPath(new URL('../../node_modules/.cache', import.meta.url))
let template: Promise<string> | undefined

/** A fresh folder under another; the database is made once and copied from then on. */
export async function embeddedFolder(under = tmpdir()): Promise<EmbeddedFolder> {
  template ??= makeTemplate()
  const path = await mkdtemp(join(under, 'pipeline-embedded-'))
  await cp(await template, path, { recursive: true })
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}

/** Kept between test processes: making one takes 5 s of a processor. What makes it is in the name, so that a change makes another. */
async function makeTemplate(): Promise<string> {
  const path = join(cache, `embedded-${await makers()}`)
  if (existsSync(path)) return path
  await mkdir(cache, { recursive: true })
  const draft = await mkdtemp(`${path}-`)
  try {
    await createEmbedded(draft, '')
    // Another process may have been first.
    await rename(draft, path).catch((error: unknown) => {
      if (!existsSync(path)) throw error
    })
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
  return path
}

async function makers(): Promise<string> {
  const hash = createHash('sha256')
  for (const file of ['backend', 'layout', 'serve'])
    hash.update(await readFile(new URL(`../../lib/stores/postgres/embedded/${file}.ts`, import.meta.url)))
  hash.update(await readFile(new URL('../../package.json', import.meta.url)))
  return hash.digest('hex').slice(0, 16)
}
