import { createHash, type Hash } from 'node:crypto'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { PipelineError } from '../errors.ts'
import type { ObjectStore } from '../stores/objects/port.ts'
import type { BackupFile } from './manifest.ts'
import { writing } from './repository.ts'

/** Streams through gzip into the repository; memory does not depend on how much comes. */
export async function writeFile(
  objects: ObjectStore,
  key: string,
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<BackupFile> {
  const hash = createHash('sha256')
  let bytes = 0
  const through = tap((chunk) => {
    hash.update(chunk)
    bytes += chunk.length
  })
  const from = Readable.from(source, { objectMode: false, highWaterMark: 1 << 18 })
  // The fastest level: the rows wait for it, and more saves little.
  const moving = pipeline(from, createGzip({ level: 1 }), through, { signal })
  const stored = objects.put(key, through, { contentType: 'application/gzip', signal })
  const [moved, put] = await Promise.allSettled([moving, stored])
  // Where both failed, the store's word counts: a broken stream is only what follows. Unless the source failed first.
  const failed = put.status === 'rejected' ? put : moved
  if (failed.status === 'rejected') {
    const reason: unknown = moved.status === 'rejected' && isOwn(moved.reason) ? moved.reason : failed.reason
    throw writing(signal.reason instanceof PipelineError ? signal.reason : reason, objects.location)
  }
  return { key, bytes, sha256: hash.digest('hex') }
}

const isOwn = (thrown: unknown) => thrown instanceof PipelineError

/**
 * Reads a file of a backup back; `read` hears how many of its bytes have been. Fails at its end with BACKUP_DAMAGED unless it is what the manifest
 * says.
 */
export async function* readFile(
  objects: ObjectStore,
  file: BackupFile,
  signal: AbortSignal,
  read: (bytes: number) => void = () => {},
): AsyncGenerator<Buffer, void> {
  const body = await bodyOf(objects, file, signal)
  const hash = createHash('sha256')
  let bytes = 0
  const checked = tap((chunk) => {
    hash.update(chunk)
    bytes += chunk.length
    read(bytes)
  })
  const out = createGunzip({ chunkSize: 1 << 18 })
  const moving = pipeline(body, checked, out, { signal }).catch((error: unknown) => out.destroy(damage(file, error)))
  try {
    for await (const chunk of out) yield chunk
    await moving
    compare(file, hash)
  } catch (error) {
    if (signal.aborted) throw PipelineError.from(signal.reason)
    throw damage(file, error)
  }
}

/** Reads a file's bytes for nothing but their hash. Throws BACKUP_DAMAGED. */
export async function verifyFile(objects: ObjectStore, file: BackupFile, signal: AbortSignal): Promise<void> {
  const hash = createHash('sha256')
  for await (const chunk of await bodyOf(objects, file, signal)) {
    signal.throwIfAborted()
    hash.update(chunk)
  }
  compare(file, hash)
}

/** The bytes as they lie there. Throws BACKUP_DAMAGED when the file is missing or has another length. */
export async function bodyOf(objects: ObjectStore, file: BackupFile, signal: AbortSignal): Promise<Readable> {
  const { info, body } = await objects.get(file.key, { signal }).catch((thrown: unknown) => {
    const error = PipelineError.from(thrown)
    if (error.code !== 'OBJECT_NOT_FOUND') throw error
    throw new PipelineError('BACKUP_DAMAGED', `A file of the backup is missing: ${file.key}`, { cause: error })
  })
  if (info.bytes === file.bytes) return body
  body.destroy()
  throw new PipelineError(
    'BACKUP_DAMAGED',
    `A file of the backup has ${info.bytes} bytes instead of ${file.bytes}: ${file.key}`,
    { details: { expected: file.bytes, actual: info.bytes } },
  )
}

function compare(file: BackupFile, hash: Hash): void {
  const actual = hash.digest('hex')
  if (actual === file.sha256) return
  throw new PipelineError('BACKUP_DAMAGED', `A file of the backup was altered: ${file.key}`, {
    details: { expected: file.sha256, actual },
  })
}

function damage(file: BackupFile, thrown: unknown): PipelineError {
  if (thrown instanceof PipelineError) return thrown
  return new PipelineError('BACKUP_DAMAGED', `A file of the backup cannot be unpacked: ${file.key}`, { cause: thrown })
}

/** Lets bytes pass and sees them. */
export function tap(see: (chunk: Uint8Array) => void): Transform {
  return new Transform({
    highWaterMark: 1 << 18,
    transform(chunk: Uint8Array, _encoding, done) {
      see(chunk)
      done(null, chunk)
    },
  })
}
