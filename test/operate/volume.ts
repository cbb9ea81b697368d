import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A small file system of a test's own. */
export interface Volume {
  path: string
  /** Fills it but for so many bytes. */
  fillBut(bytes: number): void
  /** Takes away what filled it. */
  makeRoom(): void
  /** Mounts it read-only, or for writing again. */
  remount(how: 'ro' | 'rw'): void
  remove(): void
}

const mount = (...words: string[]) => spawnSync('mount', words, { encoding: 'utf8' })

/** Why no file system can be mounted here; undefined where one can. */
export const noVolume: string | undefined = (() => {
  if (process.platform !== 'linux') return 'only Linux has tmpfs'
  const path = mkdtempSync(join(tmpdir(), 'volume-'))
  const { status, stderr } = mount('-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', path)
  if (status === 0) spawnSync('umount', [path])
  rmSync(path, { recursive: true, force: true })
  return status === 0 ? undefined : `mounting needs root: ${stderr?.trim() ?? ''}`
})()

/** Mounts a tmpfs of so many bytes. */
export function makeVolume(bytes: number): Volume {
  const path = mkdtempSync(join(tmpdir(), 'volume-'))
  const { status, stderr } = mount('-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', path)
  if (status !== 0) throw new Error(`mount: ${stderr}`)
  const ballast = join(path, 'ballast')
  return {
    path,
    fillBut(left) {
      const { bavail, bsize } = statfsSync(path)
      const file = openSync(ballast, 'a')
      const block = Buffer.alloc(65_536)
      try {
        for (let more = bavail * bsize - left; more > 0; more -= block.length)
          writeSync(file, block, 0, Math.min(more, block.length))
      } catch (error) {
        // somebody else wrote meanwhile
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
      } finally {
        closeSync(file)
      }
    },
    makeRoom: () => rmSync(ballast, { force: true }),
    remount(how) {
      const again = mount('-o', `remount,${how}`, path)
      if (again.status !== 0) throw new Error(`remount ${how}: ${again.stderr}`)
    },
    remove() {
      spawnSync('umount', ['-l', path])
      rmSync(path, { recursive: true, force: true })
    },
  }
}
