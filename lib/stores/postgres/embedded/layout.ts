import { randomBytes } from 'node:crypto'
import { access } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

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
