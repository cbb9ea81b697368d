import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { resolve } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { PipelineError } from '../errors.ts'
import { parser, Type } from '../schema.ts'
import type { AwsOptions } from '../stores/aws/config.ts'
import { openFolderObjects } from '../stores/objects/folder.ts'
import type { ObjectStore } from '../stores/objects/port.ts'
import { openS3Objects } from '../stores/objects/s3.ts'
import { ownerGone, ownerName } from '../stores/owner.ts'
import { type Manifest, readManifest } from './manifest.ts'

/** Where backups lie: `backups/<id>/…`, and in `blobs/` the objects that they share. */
export interface Repository {
  objects: ObjectStore
  /** Ids of whole backups, the oldest first. */
  list(): Promise<string[]>
  /** Throws BACKUP_MISSING, BACKUP_DAMAGED, BACKUP_NEWER. */
  manifest(id: string): Promise<Manifest>
  close(): Promise<void>
}

/** How a place for backups is reached. */
export type PlaceOptions = AwsOptions & {
  scratch?: string /** Makes no folder: what is only read has to be there. */
  existing?: boolean
}

/** Key of a backup's manifest. */
export const manifestKey = (id: string) => `backups/${id}/manifest.json`
/** Key of a shared object. */
export const blobKey = (sha256: string) => `blobs/${sha256.slice(0, 2)}/${sha256.slice(2, 4)}/${sha256}`
const lockKey = 'lock.json'
/** A lock whose holder has given no sign of life for so long is anybody's. */
const staleMs = 600_000
const beatMs = 60_000

/** The id of a new backup: after all that are there, also where two begin within a moment or the clock went back. */
export function newId(now: Date, ids: readonly string[]): string {
  const newest = ids.reduce((latest, id) => Math.max(latest, takenAt(id) ?? 0), 0)
  const at = new Date(Math.max(now.getTime(), newest + 1)).toISOString()
  return `${at.slice(0, 23).replace('T', '-').replace(/[:.]/g, '')}-${randomUUID().slice(0, 8)}`
}

/** When a backup of this id was begun, in epoch milliseconds; undefined for a name of another make. */
export function takenAt(id: string): number | undefined {
  const [, date, ...parts] = /^(\d{4}-\d{2}-\d{2})-(\d{2})(\d{2})(\d{2})(\d{3})?-/.exec(id) ?? []
  const [hours, minutes, seconds, milliseconds = '000'] = parts
  const at = Date.parse(`${date}T${hours}:${minutes}:${seconds}.${milliseconds}Z`)
  return Number.isNaN(at) ? undefined : at
}

/** An object store by its address: a folder, or `s3://bucket/prefix`. Throws BACKUP_PLACE, BACKUP_MISSING, and what the stores throw. */
export async function openPlace(
  address: string,
  { scratch, existing, ...aws }: PlaceOptions = {},
): Promise<ObjectStore> {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(address)) {
    const folder = resolve(address)
    if (existing === true && !existsSync(folder))
      throw new PipelineError('BACKUP_MISSING', `There is no folder ${folder}`)
    return openFolderObjects({ folder })
  }
  const [, bucket, prefix = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(address) ?? []
  if (bucket === undefined) {
    throw new PipelineError('BACKUP_PLACE', `Expected a folder or s3://bucket/prefix, not ${address}`)
  }
  return openS3Objects({ ...aws, bucket, prefix, scratch: scratch ?? tmpdir() })
}

/** Opens a place of backups; one that was never used is empty. Throws what {@link openPlace} throws. */
export async function openRepository(address: string, options: PlaceOptions = {}): Promise<Repository> {
  const objects = await openPlace(address, options)
  return {
    objects,
    async list() {
      const ids: string[] = []
      for await (const key of keysUnder(objects, 'backups/')) {
        const id = /^backups\/([^/]+)\/manifest\.json$/.exec(key)?.[1]
        if (id !== undefined) ids.push(id)
      }
      return ids
    },
    async manifest(id) {
      const key = manifestKey(id)
      if (!/^[0-9a-z-]{1,60}$/.test(id) || (await objects.head(key)) === undefined) {
        throw new PipelineError('BACKUP_MISSING', `There is no backup ${id} in ${objects.location}`)
      }
      return readManifest(await buffer((await objects.get(key)).body))
    },
    close: () => objects.close(),
  }
}

/** The newest backup, or the one of this id. Throws BACKUP_MISSING, BACKUP_DAMAGED, BACKUP_NEWER. */
export async function chosen(repository: Repository, id?: string): Promise<Manifest> {
  const wanted = id ?? (await repository.list()).at(-1)
  if (wanted === undefined) {
    throw new PipelineError('BACKUP_MISSING', `There is no whole backup in ${repository.objects.location}`)
  }
  return repository.manifest(wanted)
}

/** All keys that start so, in their order. */
export async function* keysUnder(objects: ObjectStore, prefix: string): AsyncGenerator<string> {
  let after: string | undefined
  do {
    const page = await objects.list(prefix, after === undefined ? {} : { after })
    yield* page.objects.map(({ key }) => key)
    after = page.next
  } while (after !== undefined)
}

const locks = parser(Type.Object({ owner: Type.String(), token: Type.String() }), 'The lock', 'BACKUP_BUSY')

/**
 * Does `work` while nobody else writes into the repository. Throws BACKUP_BUSY. The signal that `work` gets aborts when the lock was lost.
 */
export async function locked<T>(
  { objects }: Repository,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const token = randomUUID()
  const content = Buffer.from(JSON.stringify({ owner: ownerName(), token }))
  await takeLock(objects, content)
  const lost = new AbortController()
  const holds = async () => {
    if ((await holderOf(objects))?.token === token) return
    throw new PipelineError('BACKUP_BUSY', 'Another process has taken the lock of the backups')
  }
  const beat = setInterval(() => {
    holds()
      .then(() => objects.put(lockKey, content))
      .catch((error: unknown) => lost.abort(PipelineError.from(error)))
  }, beatMs).unref()
  try {
    return await work(AbortSignal.any([signal, lost.signal]))
  } finally {
    clearInterval(beat)
    // Not ours any more: whoever has it needs it.
    await holds()
      .then(() => objects.delete(lockKey))
      .catch(() => undefined)
  }
}

/** Who has the lock; undefined where nobody can tell. */
async function holderOf(objects: ObjectStore): Promise<{ owner: string; token: string } | undefined> {
  try {
    const { body } = await objects.get(lockKey)
    return locks.parse(JSON.parse((await buffer(body)).toString()))
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined
    const error = PipelineError.from(thrown)
    if (error.code === 'OBJECT_NOT_FOUND' || error.code === 'BACKUP_BUSY') return undefined
    throw error
  }
}

async function takeLock(objects: ObjectStore, content: Buffer): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await objects.put(lockKey, content, { ifAbsent: true })
      return
    } catch (thrown) {
      const error = PipelineError.from(thrown)
      if (error.code !== 'OBJECT_EXISTS') throw writing(error, objects.location)
      const found = await objects.head(lockKey)
      const age = found === undefined ? staleMs + 1 : Date.now() - found.lastModified.getTime()
      // Of a process on this machine everybody can tell at once that it has died.
      const gone = ownerGone((await holderOf(objects))?.owner ?? '') === true
      if ((age < staleMs && !gone) || attempt === 3) {
        throw new PipelineError(
          'BACKUP_BUSY',
          `Another backup is being written to ${objects.location} (its last sign of life is ${Math.round(age / 1000)} s old)`,
          { retryable: true, retryAfterMs: staleMs },
        )
      }
      await objects.delete(lockKey)
    }
  }
}

/** What went wrong while a backup was written, with what to do about it. */
export function writing(thrown: unknown, location: string): PipelineError {
  const error = PipelineError.from(thrown)
  if (error.code !== 'STORE_FULL') return error
  return new PipelineError('BACKUP_FULL', `There is no room left in ${location}: ${error.message}`, { cause: error })
}
