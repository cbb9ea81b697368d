import { randomBytes } from 'node:crypto'
import { access, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PipelineError } from '../../../errors.ts'

/** PostgreSQL's version in the pinned PGlite; it opens folders of no other. */
export const embeddedVersion = '18'

/** PostgreSQL's own data directory inside the store's folder. */
export function dataFolder(folder: string): string {
  return join(folder, 'data')
}

/** Says who has the folder open. */
export function lockFile(folder: string): string {
  return join(folder, 'lock.json')
}

/** Whether the folder holds a database. It is made elsewhere and renamed, so there is never half of one. */
export async function isCreated(folder: string): Promise<boolean> {
  try {
    await access(join(dataFolder(folder), 'PG_VERSION'))
    return true
  } catch {
    return false
  }
}

/** Throws STORE_FOLDER_VERSION when another version of PostgreSQL made the folder: PGlite would end without a word of use. */
export async function demandVersion(folder: string): Promise<void> {
  if (!(await isCreated(folder))) return
  const version = (await readFile(join(dataFolder(folder), 'PG_VERSION'), 'utf8')).trim()
  if (version === embeddedVersion) return
  throw new PipelineError(
    'STORE_FOLDER_VERSION',
    `${folder} was made by PostgreSQL ${version}, this package has ${embeddedVersion}: back it up with the version of the package that made it, and restore that into a new folder`,
    { details: { expected: embeddedVersion, actual: version } },
  )
}

/**
 * A new address for the front. Short, because socket paths end at about 100 characters, whatever the folder. Whoever finds
 * it still needs the secret. An abstract socket (Linux) and a pipe (Windows) leave no file behind.
 */
export function newAddress(): string {
  const name = `data-pipeline-${randomBytes(8).toString('hex')}`
  if (process.platform === 'linux') return `\0${name}`
  if (process.platform === 'win32') return `\\\\.\\pipe\\${name}`
  return join(tmpdir(), `${name}.sock`)
}
