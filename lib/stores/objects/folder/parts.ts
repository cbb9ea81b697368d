import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, lstat, open, readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { ownerGone, ownerName } from '../../owner.ts'
import { abortError, unreadable } from '../gate.ts'
import type { ObjectSource } from '../port.ts'
import { errno, orAbsent, storeError } from './errors.ts'
import { type FileVersion, fileVersion, type Layout } from './layout.ts'
import { removeFile, settleNote } from './metadata.ts'

const WRITE_BYTES = 256 * 1024
const WRITE_CHUNKS = 256

/** An object's bytes, whole and on disk beside the objects, but not yet under a key. */
export interface Part {
  /** Begins with this process's name, so that another process can tell when it was left behind. */
  name: string
  path: string
  version: FileVersion
  /** Another time, hence another version, should this one be taken. */
  restamp(): Promise<void>
  /** Gives up: removes the bytes, or gives a moved file back. */
  discard(): Promise<void>
  /** After the bytes have got their key: removes what is left of the source. */
  settle(): Promise<void>
}

/** Brings the bytes of `source` into a part. Leaves nothing behind when it throws; a stream is then destroyed. */
export async function stage(layout: Layout, source: ObjectSource, signal: AbortSignal): Promise<Part> {
  if (signal.aborted) throw abortError(signal, 'storing an object')
  const name = partName()
  const path = join(layout.parts, `${name}.part`)
  const giver = isFile(source) && source.move === true ? source.file : undefined
  const moved = giver !== undefined && (await takeFile(giver, path, layout))
  const discard = async () => {
    if (moved) await orAbsent(rename(path, giver))
    else await removeFile(path)
  }
  const settle = async () => {
    await removeFile(path)
    if (!moved && giver !== undefined) await removeFile(giver)
  }
  try {
    const handle = await open(path, moved ? 'r+' : 'wx')
    try {
      if (!moved) await fill(handle, source, signal)
      const part: Part = {
        name,
        path,
        version: await seal(handle),
        restamp: async () => {
          const again = await open(path, 'r+')
          part.version = await seal(again).finally(() => again.close())
        },
        discard,
        settle,
      }
      return part
    } finally {
      await handle.close()
    }
  } catch (error) {
    await discard()
    throw signal.aborted ? abortError(signal, 'storing an object') : storeError(error, 'storing an object')
  }
}

/** A name for files in progress that begins with the process's own and ends before any dot but one. */
export function partName(): string {
  return `${ownerName()}.${randomUUID()}`
}

function isFile(source: ObjectSource): source is { file: string; move?: boolean } {
  return !(source instanceof Uint8Array) && !(source instanceof Readable)
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
  const what = source instanceof Readable ? 'the stream' : source.file
  const stream = source instanceof Readable ? source : createReadStream(source.file, { highWaterMark: WRITE_BYTES })
  if (stream.errored !== null) throw unreadable(what, stream.errored)
  if (stream.readableEnded || stream.destroyed) throw unreadable(what, new Error('already read or destroyed'))
  const abort = () => stream.destroy(abortError(signal, 'storing an object'))
  if (signal.aborted) abort()
  else signal.addEventListener('abort', abort, { once: true })
  const writer = gather(handle)
  try {
    for await (const chunk of stream) await writer.add(chunk)
    await writer.flush()
  } catch (error) {
    throw writer.failed ? error : unreadable(what, error)
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** Writes chunks in order, small ones together. `failed` tells an error of writing from one of reading. */
function gather(handle: FileHandle) {
  let chunks: Uint8Array[] = []
  let bytes = 0
  const writer = {
    failed: false,
    async add(chunk: unknown) {
      const block = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
      if (!(block instanceof Uint8Array)) throw new TypeError(`expected bytes or text, got ${typeof chunk}`)
      chunks.push(block)
      bytes += block.length
      if (bytes >= WRITE_BYTES || chunks.length === WRITE_CHUNKS) await writer.flush()
    },
    async flush() {
      const block = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)
      chunks = []
      bytes = 0
      try {
        if (block !== undefined) await handle.writeFile(block)
      } catch (error) {
        writer.failed = true
        throw error
      }
    },
  }
  return writer
}

let lastStamp = 0

/**
 * Gives a file the time of its put, a later one each time, and puts it on disk. File systems' own times are too coarse to
 * tell two puts apart (4 ms on Linux), and a moved file would keep the time of its last write. The microseconds are chance,
 * so that two processes seldom choose the same time; `publish` sees to it when they do.
 */
async function seal(handle: FileHandle): Promise<FileVersion> {
  lastStamp = Math.max(lastStamp + 10, Date.now() * 1000 + Math.floor(Math.random() * 1000))
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
    if (name.endsWith('.json')) await settleNote(layout, path)
    await removeFile(path)
  }
}
