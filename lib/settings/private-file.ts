import { chownSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** A file that only its owner may read: whole or not at all. Written by root, it belongs to the owner of its folder. */
export function writePrivate(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  const aside = join(dirname(path), `.${process.pid}-${Date.now()}.part`)
  try {
    writeFileSync(aside, text, { mode: 0o600, flag: 'wx' })
    const { uid, gid } = statSync(dirname(path))
    if (process.getuid?.() === 0 && uid !== 0) chownSync(aside, uid, gid)
    renameSync(aside, path)
  } finally {
    rmSync(aside, { force: true })
  }
}

/** The text of a file; undefined where there is none. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
