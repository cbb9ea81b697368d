import { randomUUID } from 'node:crypto'
import { lstat, mkdir, readdir, realpath, rm, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { PipelineError } from '../errors.ts'
import { ownerGone, ownerName } from './owner.ts'
import { roomError } from './room.ts'

/** A folder for the files in progress of one opening. */
export interface Scratch {
  folder: string
  /** Removes it with all that is in it. */
  close(): Promise<void>
}

const named = /^([0-9a-f]{12}-\d+-\d+)\.[0-9a-f-]{36}$/
/** After how long without a change what cannot be asked for its process is taken for left behind. */
const AGE_MS = 24 * 60 * 60 * 1000
const BEAT_MS = 60 * 60 * 1000

/**
 * Makes a folder of one's own in `parent`, and removes those that killed processes left there. Others may use `parent` too:
 * nothing is removed whose name is not one that this function gives. Throws STORE_CONFIG, STORE_FULL, STORE_READ_ONLY.
 */
export async function openScratch(parent: string): Promise<Scratch> {
  try {
    await mkdir(parent, { recursive: true })
    const real = await realpath(parent)
    await removeLeftovers(real)
    const folder = join(real, `${ownerName()}.${randomUUID()}`)
    await mkdir(folder)
    // Tells other machines that it is in use, also when it is empty for days.
    const beat = setInterval(() => {
      const now = new Date()
      utimes(folder, now, now).catch(() => {}) // told again in an hour
    }, BEAT_MS).unref()
    return {
      folder,
      async close() {
        clearInterval(beat)
        await rm(folder, { recursive: true, force: true })
      },
    }
  } catch (error) {
    const known = await roomError(error, 'making the scratch folder', parent)
    if (known !== undefined) throw known
    const message = error instanceof Error ? error.message : String(error)
    throw new PipelineError('STORE_CONFIG', `The scratch folder cannot be used: ${message}`, { cause: error })
  }
}

async function removeLeftovers(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const owner = named.exec(name)?.[1]
    if (owner === undefined) continue
    const folder = join(parent, name)
    const gone = ownerGone(owner) ?? Date.now() - (await lastChange(folder)) > AGE_MS
    if (gone) await rm(folder, { recursive: true, force: true })
  }
}

/** When anything below was last written to, in milliseconds since 1970; now where that cannot be told. */
async function lastChange(folder: string): Promise<number> {
  try {
    let last = (await lstat(folder)).mtimeMs
    for (const entry of await readdir(folder, { recursive: true })) {
      last = Math.max(last, (await lstat(join(folder, entry))).mtimeMs)
    }
    return last
  } catch {
    return Date.now() // somebody is at work in it, or we may not look: not ours to remove
  }
}
