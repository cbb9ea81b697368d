import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, lstat, open, readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { PipelineError } from '../../../errors.ts'
import { ownerGone, ownerName } from '../../owner.ts'
import type { ObjectSource } from '../port.ts'
import { abortError, errno, orAbsent, storeError } from './errors.ts'
import { type FileVersion, fileVersion, type Layout } from './layout.ts'
import { removeFile, settleIntent } from './metadata.ts'

/** An object's bytes, whole and on disk beside the objects, but not yet under a key. */
export interface Part {
  /** Begins with this process's name, so that another process can tell when it was left behind. */
  name: string
  path: string
  version: FileVersion
  /** Gives up: removes the bytes, or gives a moved file back. */
  discard(): Promise<void>
  /** After the bytes have got their key: removes what is left of the source. */
  settle(): Promise<void>
}

/** Brings the bytes of `source` into a part. Leaves nothing behind when it throws; a stream is then destroyed. */
export async function stage(layout: Layout, source: ObjectSource, signal: AbortSignal): Promise<Part> {
  const name = `${ownerName()}.${randomUUID()}`
  const path = join(layout.parts, `${name}.part`)
  const moved = 'file' in source && source.move === true && (await takeFile(source.file, path, layout))
  const discard = async () => {
    if (moved) await rename(path, source.file)
    else await removeFile(path)
  }
  const settle = async () => {
    await removeFile(path)
    if (!moved && 'file' in source && source.move === true) await removeFile(source.file)
  }
  try {
    const handle = await open(path, moved ? 'r+' : 'wx')
    try {
      if (!moved) await fill(handle, source, signal)
      return { name, path, version: await seal(handle), discard, settle }
    } finally {
      await handle.close()
    }
  } catch (error) {
    await discard()
    throw signal.aborted ? abortError(signal, 'storing an object') : storeError(error, 'storing an object')
  }
}

/** Renames a file to `path`; false where that cannot be (other device, link, further names) and it has to be copied. */
async function takeFile(file: string, path: string, layout: Layout): Promise<boolean> {
  try {
    const stats = await lstat(file)
    // A second name of the same file would be a way to write into the object.
    if (!stats.isFile() || stats.nlink !== 1 || stats.dev !== (await lstat(layout.parts)).dev) return false
    await rename(file, path)
    return true
  } catch (error) {
    const code = errno(error)
    if (code === 'EXDEV') return false
    if (code === 'ENOENT' || code === 'ENOTDIR') throw unreadable(file, error)
    throw storeError(error, 'taking a file')
  }
}

async function fill(handle: FileHandle, source: ObjectSource, signal: AbortSignal): Promise<void> {
  if (source instanceof Uint8Array) {
    await handle.writeFile(source, { signal })
    return
  }
  const stream = source instanceof Readable ? source : createReadStream(source.file, { highWaterMark: 1 << 20 })
  if (stream.readableEnded || stream.destroyed) {
    throw new PipelineError('OBJECT_SOURCE', 'The stream to be stored has already been read or destroyed')
  }
  let failed: unknown
  stream.once('error', (error) => {
    failed = error
  })
  try {
    await pipeline(stream, handle.createWriteStream({ autoClose: false }), { signal })
  } catch (error) {
    // What the stream says of itself counts more than "premature close"; the caller knows its own errors best.
    if (failed === undefined || failed !== error) throw sourceError(error)
    if (failed instanceof PipelineError) throw failed
    throw source instanceof Readable ? unreadable('the stream', failed) : unreadable(source.file, failed)
  }
}

function sourceError(error: unknown): unknown {
  if (errno(error) !== 'ERR_STREAM_PREMATURE_CLOSE') return error
  return new PipelineError('OBJECT_SOURCE', 'The stream to be stored was closed before its end', { cause: error })
}

function unreadable(what: string, error: unknown): PipelineError {
  const message = error instanceof Error ? error.message : String(error)
  return new PipelineError('OBJECT_SOURCE', `Cannot read ${what}, which was to be stored: ${message}`, { cause: error })
}

let lastStamp = 0

/**
 * Gives a file the time of its put, a later one each time, and puts it on disk. File systems' own times are too coarse to
 * tell two puts apart (4 ms on Linux), and a moved file would keep the time of its last write.
 */
async function seal(handle: FileHandle): Promise<FileVersion> {
  lastStamp = Math.max(lastStamp + 10, Date.now() * 1000)
  await handle.utimes(lastStamp / 1e6, lastStamp / 1e6)
  await handle.sync()
  return fileVersion(await handle.stat({ bigint: true }))
}

/**
 * Removes what killed processes left: at once where the process is known to be gone, else (another machine, an older boot)
 * when nothing was written to it for `ageMs`.
 */
export async function removeLeftovers(layout: Layout, ageMs: number): Promise<void> {
  for (const name of await readdir(layout.parts)) {
    const path = join(layout.parts, name)
    const gone = ownerGone(name.split('.')[0] ?? '')
    if (gone === false) continue
    if (gone === undefined) {
      const stats = await orAbsent(lstat(path))
      if (stats === undefined || Date.now() - stats.mtimeMs < ageMs) continue
    }
    if (name.endsWith('.json')) await settleIntent(layout, path)
    await removeFile(path)
  }
}
