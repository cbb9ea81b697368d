import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { PipelineError } from '../../../errors.ts'
import { abortError, cutShort, notFound } from '../gate.ts'
import type { GetOptions, ObjectInfo } from '../port.ts'
import { errno, orAbsent, storeError } from './errors.ts'
import { type FileVersion, fileVersion, type Layout, objectFile, objectPath } from './layout.ts'
import { readMetadata } from './metadata.ts'

const CHUNK_BYTES = 256 * 1024
/** How often a reader starts again when writers keep replacing the object between its two looks. */
const TRIES = 20

/** What is known of a key's object; undefined where there is none. */
export async function describe(layout: Layout, key: string): Promise<ObjectInfo | undefined> {
  const path = objectPath(layout, key)
  let version = await objectFile(layout, key, path)
  for (let attempt = 1; version !== undefined; attempt++) {
    const found = await readMetadata(layout, key, version.etag)
    if (found !== undefined || attempt === TRIES) return info(key, version, found)
    // None: the object never had any, or it has just been replaced and its metadata went with it.
    const again = await objectFile(layout, key, path)
    if (again?.etag === version.etag) return info(key, version, undefined)
    version = again
  }
  return undefined
}

function info(
  key: string,
  version: FileVersion,
  found: { contentType?: string; metadata: Record<string, string> } | undefined,
): ObjectInfo {
  return {
    key,
    bytes: version.bytes,
    etag: version.etag,
    lastModified: new Date(version.modifiedMs),
    ...(found?.contentType === undefined ? {} : { contentType: found.contentType }),
    metadata: found?.metadata ?? {},
  }
}

/** An object opened: what is known of it and its bytes, which a later put does not change. Throws OBJECT_NOT_FOUND. */
export async function openObject(
  layout: Layout,
  key: string,
  options: GetOptions,
): Promise<{ info: ObjectInfo; body: Readable }> {
  const path = objectPath(layout, key)
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    const known = await describe(layout, key)
    if (known === undefined) throw notFound(key)
    const handle = await orAbsent(openFile(path, key))
    if (handle === undefined) continue
    try {
      if (fileVersion(await handle.stat({ bigint: true })).etag === known.etag) {
        const { start, end } = checkRange(options.range, known)
        return { info: known, body: bytes(handle, key, start, end, options.signal) }
      }
    } catch (error) {
      await handle.close()
      throw error
    }
    await handle.close()
  }
  throw new PipelineError('STORE_UNAVAILABLE', `${JSON.stringify(key)} is being replaced all the time`, {
    retryable: true,
  })
}

async function openFile(path: string, key: string): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  } catch (error) {
    if (errno(error) !== 'ELOOP') throw error
    throw new PipelineError('OBJECT_KEY', `The object ${JSON.stringify(key)} is a symbolic link; none is followed`)
  }
}

/** First byte and the one behind the last. */
function checkRange(range: GetOptions['range'], { key, bytes: size }: ObjectInfo): { start: number; end: number } {
  if (range === undefined) return { start: 0, end: size }
  const { start, end = size - 1 } = range
  const valid = Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && start < size && end >= start
  if (!valid) {
    throw new PipelineError(
      'OBJECT_RANGE',
      `The range ${start} to ${range.end ?? 'the end'} is not in ${JSON.stringify(key)}, which has ${size} bytes`,
    )
  }
  return { start, end: Math.min(end + 1, size) }
}

/**
 * A stream over an open file that closes it in every case, whose errors are the port's own and which does not take a file
 * cut short for its end.
 */
function bytes(handle: FileHandle, key: string, start: number, end: number, signal: AbortSignal | undefined): Readable {
  let position = start
  const stream = new Readable({
    highWaterMark: CHUNK_BYTES,
    read() {
      const length = Math.min(CHUNK_BYTES, end - position)
      if (length === 0) {
        stream.push(null)
        return
      }
      handle.read(Buffer.allocUnsafeSlow(length), 0, length, position).then(
        ({ bytesRead, buffer }) => {
          position += bytesRead
          if (bytesRead > 0) stream.push(bytesRead === length ? buffer : buffer.subarray(0, bytesRead))
          else stream.destroy(cutShort(key, position, end))
        },
        (error: unknown) => stream.destroy(storeError(error, `reading ${JSON.stringify(key)}`)),
      )
    },
    destroy(error, done) {
      signal?.removeEventListener('abort', abort)
      handle.close().then(
        () => done(error),
        (closing: unknown) => done(error ?? storeError(closing, `closing ${JSON.stringify(key)}`)),
      )
    },
  })
  const abort = () => {
    if (signal !== undefined) stream.destroy(abortError(signal, `reading ${JSON.stringify(key)}`))
  }
  if (signal?.aborted) abort()
  else signal?.addEventListener('abort', abort, { once: true })
  return stream
}
