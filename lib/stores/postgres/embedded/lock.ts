import { readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { hostname } from 'node:os'
import { PipelineError } from '../../../errors.ts'
import { ownerGone, ownerName } from '../../owner.ts'
import { lockFile } from './layout.ts'

/** Who holds a folder. */
export interface Holder {
  pid: number
  /** Name of the child process that has the folder open (see `ownerName`). */
  owner: string
  /** Name of the process it works for. */
  parent: string
  host: string
}

/** How often the holder's parent touches the lock file, and after how long without it nobody is taken to be there. */
export const BEAT_MS = 5_000
const STALE_MS = 30_000

/** The lock of a folder: PGlite has none, and two processes on one folder lose rows without a word. */
export interface Lock {
  release(): Promise<void>
}

/**
 * Takes the lock, or throws STORE_LOCKED with the {@link Holder} in `details`. On Linux the lock is an abstract socket, on
 * Windows a pipe: the kernel frees both with their process, however that ends. Neither reaches into another container over
 * the same volume, nor exists elsewhere, so there is a file too: its process must be gone, or, where nobody can tell, its
 * last sign of life old.
 */
export async function takeLock(folder: string, parent: string): Promise<Lock> {
  const file = lockFile(folder)
  const content: Holder = { pid: process.pid, owner: ownerName(), parent, host: hostname() }
  const name = await kernelName(folder)
  const guard = name === undefined ? undefined : await listen(name)
  if (guard === 'taken') throw locked(folder, await readHolder(folder))
  try {
    await takeFile(folder, JSON.stringify(content))
  } catch (error) {
    guard?.close()
    throw error
  }
  return {
    async release() {
      await rm(file, { force: true })
      guard?.close()
    },
  }
}

/** Shows that the holder is alive, to those who cannot see its process. */
export async function touchLock(folder: string): Promise<void> {
  const now = new Date()
  // Gone only while a child starts or ends, which is when there is nothing to show.
  await utimes(lockFile(folder), now, now).catch(() => undefined)
}

async function takeFile(folder: string, content: string): Promise<void> {
  const file = lockFile(folder)
  for (let attempt = 0; attempt < 5; attempt += 1) {
    try {
      await writeFile(file, content, { flag: 'wx' })
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error
      const holder = await readHolder(folder)
      if (!(await isFree(folder, holder))) throw locked(folder, holder)
      // Renamed first: of two that find it free, only one gets it, and neither removes the other's new one.
      const old = `${file}.${ownerName()}`
      await rename(file, old).catch((missing: unknown) => {
        if (!hasCode(missing, 'ENOENT')) throw missing
      })
      await rm(old, { force: true })
      continue
    }
    // Without a kernel's help a third process may have renamed ours in the moment it was made.
    if ((await readFile(file, 'utf8').catch(() => '')) === content) return
  }
  throw locked(folder, await readHolder(folder))
}

async function isFree(folder: string, holder: Holder | undefined): Promise<boolean> {
  const gone = holder === undefined ? undefined : ownerGone(holder.owner)
  if (gone !== undefined) return gone
  const info = await stat(lockFile(folder)).catch(() => undefined)
  return info === undefined || Date.now() - info.mtimeMs > STALE_MS
}

/** What the lock file says; undefined if there is none, or one that was cut short. */
async function readHolder(folder: string): Promise<Holder | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(lockFile(folder), 'utf8'))
    return isHolder(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Whether a value is a {@link Holder}. */
export function isHolder(value: unknown): value is Holder {
  if (typeof value !== 'object' || value === null) return false
  const { pid, owner, parent, host }: Partial<Record<keyof Holder, unknown>> = value
  return typeof pid === 'number' && [owner, parent, host].every((field) => typeof field === 'string')
}

function locked(folder: string, holder: Holder | undefined): PipelineError {
  const who = holder === undefined ? 'another process' : `process ${holder.pid} on ${holder.host}`
  return new PipelineError(
    'STORE_LOCKED',
    `The embedded PostgreSQL in ${folder} is in use by ${who}; only one process at a time can open it`,
    { details: { folder, ...holder } },
  )
}

/** A name that the kernel gives to one process at a time, derived from the folder itself and not from its path. */
async function kernelName(folder: string): Promise<string | undefined> {
  const { dev, ino } = await stat(folder, { bigint: true })
  const name = `data-pipeline-lock-${dev}-${ino}`
  if (process.platform === 'linux') return `\0${name}`
  if (process.platform === 'win32') return `\\\\.\\pipe\\${name}`
  return undefined
}

async function listen(path: string): Promise<Server | 'taken'> {
  const server = createServer((socket) => socket.destroy())
  const { promise, resolve, reject } = Promise.withResolvers<Server | 'taken'>()
  server.once('error', (error) => (hasCode(error, 'EADDRINUSE') ? resolve('taken') : reject(error)))
  server.listen({ path }, () => resolve(server))
  return promise
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
