import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

let base: string | undefined
let folders = 0
/** Process groups that end with this process at the latest. */
const groups = new Set<number>()

/** A fresh folder, which is gone at the latest when this process ends. */
export function freshFolder(name: string): string {
  if (base === undefined) {
    base = mkdtempSync(join(tmpdir(), 'ysh-chaos-'))
    // PostgreSQL may run as another user and has to get through.
    chmodSync(base, 0o755)
    process.once('exit', cleanUp)
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))
  }
  folders += 1
  const folder = join(base, `${name}-${folders}`)
  mkdirSync(folder)
  return folder
}

/** Has a process group end with this process; returns how to let go of it. */
export function endWithUs(group: number): () => void {
  groups.add(group)
  return () => groups.delete(group)
}

function cleanUp(): void {
  for (const group of groups) {
    try {
      process.kill(-group, 'SIGKILL')
    } catch {
      // gone already
    }
  }
  if (base !== undefined) rmSync(base, { recursive: true, force: true, maxRetries: 5 })
}
