import { createHash } from 'node:crypto'
import { pipeline } from 'node:stream/promises'
import { PipelineError } from '../errors.ts'
import { artifactHash } from '../stores/objects/artifacts.ts'
import type { ListedObject, ObjectStore } from '../stores/objects/port.ts'
import { tap } from './files.ts'
import { type ObjectEntry, paired } from './object-list.ts'
import { blobKey, writing } from './repository.ts'

/** What {@link copyObjects} counts. */
export interface ObjectCounts {
  objects: number
  bytes: number
  /** Of those, what had to be copied. */
  copied: number
  copiedBytes: number
}

/** How objects are taken. */
export interface ObjectOptions {
  signal: AbortSignal
  counts: ObjectCounts
  /** Only what they are, without their bytes. */
  listOnly: boolean
  /** Entries of `before` that are not there any more stay in the list. */
  keepGone: boolean
  progress(): void
}

/**
 * Copies the objects of a store into the repository, each content once, and gives the list of them in the order of their keys. What is as it was in
 * the list `before` (key, length, ETag) and lies in the repository is not read again. Throws BACKUP_FULL and what the stores throw.
 */
export async function* copyObjects(
  from: ObjectStore,
  to: ObjectStore,
  before: AsyncIterator<ObjectEntry>,
  { signal, counts, listOnly, keepGone, progress }: ObjectOptions,
): AsyncGenerator<ObjectEntry> {
  for await (const [listed, known] of paired(everything(from), before)) {
    signal.throwIfAborted()
    const entry =
      listed === undefined
        ? keepGone
          ? known
          : undefined
        : known !== undefined && (await isUnchanged(listed, known, to, listOnly))
          ? known
          : listOnly
            ? await describe(from, listed)
            : await copy(from, to, listed, signal, counts)
    if (entry === undefined) continue
    counts.objects += 1
    counts.bytes += entry.bytes
    progress()
    yield entry
  }
}

async function* everything(objects: ObjectStore): AsyncGenerator<ListedObject> {
  let after: string | undefined
  do {
    const page = await objects.list('', after === undefined ? {} : { after })
    yield* page.objects
    after = page.next
  } while (after !== undefined)
}

async function isUnchanged(
  listed: ListedObject,
  known: ObjectEntry,
  to: ObjectStore,
  listOnly: boolean,
): Promise<boolean> {
  if (listed.bytes !== known.bytes || listed.etag !== known.etag) return false
  if (listOnly) return true
  return known.sha256 !== '' && (await to.head(blobKey(known.sha256)))?.bytes === known.bytes
}

async function describe(from: ObjectStore, { key }: ListedObject): Promise<ObjectEntry | undefined> {
  const info = await from.head(key)
  if (info === undefined) return undefined
  const { bytes, etag, contentType, metadata } = info
  return { key, bytes, etag, sha256: artifactHash(key) ?? '', ...(contentType ? { contentType } : {}), metadata }
}

/** Copies one object; undefined when it has gone meanwhile. */
async function copy(
  from: ObjectStore,
  to: ObjectStore,
  { key }: ListedObject,
  signal: AbortSignal,
  counts: ObjectCounts,
): Promise<ObjectEntry | undefined> {
  const named = artifactHash(key)
  try {
    const { info, body } = await from.get(key, { signal })
    const { bytes, etag, contentType, metadata } = info
    const entry = (sha256: string): ObjectEntry => ({
      ...{ key, bytes, etag, sha256, metadata },
      ...(contentType === undefined ? {} : { contentType }),
    })
    if (named !== undefined && (await to.head(blobKey(named)))?.bytes === bytes) {
      body.destroy()
      return entry(named)
    }
    // Without a name that tells, it is read once for its hash and once for its bytes.
    const sha256 = named ?? (await hashOf(body, signal))
    if (named === undefined && (await to.head(blobKey(sha256)))?.bytes === bytes) return entry(sha256)
    await putChecked(to, sha256, bytes, named === undefined ? (await from.get(key, { signal })).body : body, signal)
    counts.copied += 1
    counts.copiedBytes += bytes
    return entry(sha256)
  } catch (thrown) {
    const error = PipelineError.from(thrown)
    if (error.code === 'OBJECT_NOT_FOUND') return undefined
    throw error
  }
}

async function hashOf(body: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of body) {
    signal.throwIfAborted()
    hash.update(chunk)
  }
  return hash.digest('hex')
}

/** Puts bytes under their hash; when they have another one, nothing is left and BACKUP_OBJECT is thrown. */
async function putChecked(
  to: ObjectStore,
  sha256: string,
  bytes: number,
  body: NodeJS.ReadableStream,
  signal: AbortSignal,
): Promise<void> {
  const key = blobKey(sha256)
  const hash = createHash('sha256')
  const through = tap((chunk) => hash.update(chunk))
  const moving = pipeline(body, through, { signal })
  const [moved, put] = await Promise.allSettled([moving, to.put(key, through, { signal })])
  if (put.status === 'rejected') throw writing(put.reason, to.location)
  if (moved.status === 'rejected') throw moved.reason
  if (hash.digest('hex') === sha256 && put.value.bytes === bytes) return
  await to.delete(key)
  throw new PipelineError('BACKUP_OBJECT', `An object is damaged, or changed while it was copied: ${sha256}`)
}
