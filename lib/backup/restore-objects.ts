import { createHash } from 'node:crypto'
import { pipeline } from 'node:stream/promises'
import { PipelineError } from '../errors.ts'
import { artifactHash } from '../stores/objects/artifacts.ts'
import type { ObjectStore } from '../stores/objects/port.ts'
import type { BackupProgress } from './backup.ts'
import { bodyOf, tap, verifyFile } from './files.ts'
import type { Manifest } from './manifest.ts'
import { type ObjectEntry, readList } from './object-list.ts'
import { blobKey } from './repository.ts'

/** Names in a message. */
const shown = 5

/** Reads every object of a backup and compares it with its hash. Throws BACKUP_DAMAGED. */
export async function verifyObjects(
  manifest: Manifest,
  from: ObjectStore,
  signal: AbortSignal,
  checked: () => void,
): Promise<void> {
  for await (const { sha256, bytes } of readList(from, manifest.objects.list, signal)) {
    await verifyFile(from, { key: blobKey(sha256), bytes, sha256 }, signal)
    checked()
  }
}

/**
 * Puts the objects of a backup into a store, and leaves alone what is there already; of those that are only listed it makes sure that they are there.
 * Nothing is put when one would replace another. Resolves with their number. Throws BACKUP_NOT_EMPTY, BACKUP_OBJECTS_MISSING, BACKUP_DAMAGED.
 */
export async function putObjects(
  manifest: Manifest,
  from: ObjectStore,
  to: ObjectStore,
  options: { replace: boolean; signal: AbortSignal; progress(progress: BackupProgress): void },
): Promise<number> {
  const { replace, signal, progress } = options
  if (manifest.objects.kept === 'none') return 0
  const copied = manifest.objects.kept === 'copied'
  const wrong: string[] = []
  for await (const entry of readList(from, manifest.objects.list, signal)) {
    signal.throwIfAborted()
    const there = await to.head(entry.key)
    if (copied ? there !== undefined && there.bytes !== entry.bytes && !replace : there?.bytes !== entry.bytes) {
      wrong.push(entry.key)
    }
    if (wrong.length > shown) break
  }
  if (wrong.length > 0) throw refusal(copied, wrong, to.location, manifest)
  let done = 0
  for await (const entry of readList(from, manifest.objects.list, signal)) {
    if (copied) await putOne(entry, from, to, signal)
    done += 1
    progress({ phase: 'objects', done })
  }
  return done
}

function refusal(copied: boolean, keys: readonly string[], location: string, manifest: Manifest): PipelineError {
  const names = `${keys.slice(0, shown).join(', ')}${keys.length > shown ? ' and more' : ''}`
  if (copied) {
    return new PipelineError(
      'BACKUP_NOT_EMPTY',
      `${location} has other objects of the same names: ${names}. Restore into an empty place, or say --replace`,
    )
  }
  return new PipelineError(
    'BACKUP_OBJECTS_MISSING',
    `The backup only lists the objects of ${manifest.objects.location}, and ${location} does not have them as they were: ${names}. Bring them back first (versions of the bucket, replica), or say --without-objects`,
  )
}

async function putOne(entry: ObjectEntry, from: ObjectStore, to: ObjectStore, signal: AbortSignal): Promise<void> {
  const { key, bytes, sha256, contentType, metadata } = entry
  const there = await to.head(key)
  // Its name says what is in it; of any other as long nobody knows.
  if (there?.bytes === bytes && artifactHash(key) === sha256) return
  const blob = { key: blobKey(sha256), bytes, sha256 }
  const hash = createHash('sha256')
  const through = tap((chunk) => hash.update(chunk))
  const moving = pipeline(await bodyOf(from, blob, signal), through, { signal })
  const put = to.put(key, through, { metadata, signal, ...(contentType === undefined ? {} : { contentType }) })
  const [moved, stored] = await Promise.allSettled([moving, put])
  if (stored.status === 'rejected') throw stored.reason
  if (moved.status === 'rejected') throw moved.reason
  if (hash.digest('hex') === sha256) return
  await to.delete(key)
  throw new PipelineError('BACKUP_DAMAGED', `An object of the backup was altered: ${blob.key}`)
}
