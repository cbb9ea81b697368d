import { PipelineError } from '../../errors.ts'
import { artifactHash, artifactKey, fileHash, putArtifact, verifyArtifact } from '../../stores/objects/artifacts.ts'
import { checksumOf } from '../../stores/objects/s3/write.ts'
import type { StepContext } from '../step.ts'
import { type Copy, knownCopy, noteCopy, noteRemoval } from './catalogue.ts'
import type { Place } from './place.ts'
import type { ArchiveConfig, ArchivedItem } from './step-schema.ts'

type Context = Pick<StepContext, 'stores' | 'signal' | 'clock' | 'run' | 'log'>

/** A copy in an archive as it was found. */
interface Found {
  bytes: number
  class: string
  verified: Copy['verified']
}

/**
 * Puts one file into the archive, under its SHA-256, unless the right copy is there; notes it, and removes the local copy where that is
 * asked for and the other is proved. Throws OBJECT_NOT_FOUND, ARCHIVE_MISMATCH (retryable), ARTIFACT_MISMATCH, and what the stores throw.
 */
export async function keepFile(
  localKey: string,
  source: string,
  place: Place,
  config: ArchiveConfig,
  context: Context,
): Promise<ArchivedItem> {
  const { stores, signal, clock, run } = context
  const { location } = place.objects
  const local = await stores.objects.head(localKey)
  if (local === undefined) return await goneFile(localKey, place, context)
  const kept = await stores.objects.withFile(
    localKey,
    async (file) => {
      const sha256 = artifactHash(localKey) ?? (await fileHash(file, signal))
      const before = await foundCopy(place, sha256, file, local.bytes, signal)
      if (before !== undefined) return { sha256, found: before, isNew: false }
      const known = await place.objects.head(artifactKey(sha256))
      await putArtifact(
        place.objects,
        { file },
        {
          ...{ sha256, signal, replace: known !== undefined },
          ...(local.contentType === undefined ? {} : { contentType: local.contentType }),
          ...(place.s3 === undefined || config.rule !== 'none' ? {} : { storageClass: config.storageClass }),
        },
      )
      const found = await foundCopy(place, sha256, file, local.bytes, signal)
      if (found !== undefined) return { sha256, found, isNew: true }
      throw new PipelineError('ARCHIVE_MISMATCH', `The copy of ${localKey} in ${location} is not what was sent`, {
        retryable: true,
      })
    },
    { signal },
  )
  const { sha256, found, isNew } = kept
  const key = artifactKey(sha256)
  const copy = { place: location, key, sha256, localKey, source, run: run.id, at: clock.now(), ...found }
  await noteCopy(stores.postgres, copy)
  const localRemoved = config.removeLocal && (await removed(copy, context))
  return {
    ...{ key: localKey, sha256, bytes: found.bytes, class: found.class, verified: found.verified, localRemoved },
    ...{ outcome: isNew ? 'archived' : 'unchanged', until: null },
  }
}

async function removed({ place, key, localKey, verified }: Copy, { stores, clock, log }: Context): Promise<boolean> {
  if (verified === 'length') {
    log.warn(`${localKey} stays in the object store: the server keeps no SHA-256, and its class cannot be read`)
    return false
  }
  await stores.objects.delete(localKey)
  await noteRemoval(stores.postgres, place, key, clock.now())
  return true
}

/** The object store has it no more: an earlier try may have removed it after archiving. */
async function goneFile(localKey: string, { objects, s3 }: Place, { stores }: Context): Promise<ArchivedItem> {
  const known = await knownCopy(stores.postgres, objects.location, localKey)
  const there = known && (await objects.head(artifactKey(known.sha256)))
  if (known === undefined || there?.bytes !== known.bytes) {
    throw new PipelineError(
      'OBJECT_NOT_FOUND',
      `Neither the object store nor the archive ${objects.location} has ${localKey}`,
    )
  }
  const storageClass = (await s3?.describe(artifactKey(known.sha256)))?.storageClass
  return {
    ...{ key: localKey, outcome: 'unchanged', localRemoved: true, until: null },
    ...{ ...known, class: storageClass ?? known.class },
  }
}

/** The copy in the archive, if it is the right one; its proof costs a read where S3 has no SHA-256 of it. */
async function foundCopy(
  { objects, s3 }: Place,
  sha256: string,
  file: string,
  bytes: number,
  signal: AbortSignal,
): Promise<Found | undefined> {
  const key = artifactKey(sha256)
  if (s3 === undefined) {
    const known = await objects.head(key)
    if (known?.bytes !== bytes) return undefined
    return (await readsRight(objects, sha256, signal)) ? { bytes, class: 'folder', verified: 'read' } : undefined
  }
  const known = await s3.describe(key, signal)
  if (known?.info.bytes !== bytes) return undefined
  const found = { bytes, class: known.storageClass }
  if (known.sha256 !== undefined) {
    return known.sha256 === (await checksumOf(file, signal)) ? { ...found, verified: 'sha256' } : undefined
  }
  if (needsRestore(known.storageClass)) return { ...found, verified: 'length' }
  return (await readsRight(objects, sha256, signal)) ? { ...found, verified: 'read' } : undefined
}

async function readsRight(objects: Place['objects'], sha256: string, signal: AbortSignal): Promise<boolean> {
  try {
    await verifyArtifact(objects, sha256, { signal })
    return true
  } catch (error) {
    if (error instanceof PipelineError && error.code === 'ARTIFACT_CORRUPT') return false
    throw error
  }
}

/** Whether files of a class have to be restored before they can be read. */
export function needsRestore(storageClass: string): boolean {
  return storageClass === 'GLACIER' || storageClass === 'DEEP_ARCHIVE'
}
