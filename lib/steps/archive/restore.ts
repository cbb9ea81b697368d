import { PipelineError } from '../../errors.ts'
import { awsError, awsFailure } from '../../stores/aws/errors.ts'
import { artifactHash, artifactKey, putArtifact } from '../../stores/objects/artifacts.ts'
import type { S3Description } from '../../stores/objects/s3/read.ts'
import type { S3Objects } from '../../stores/objects/s3.ts'
import type { StepContext } from '../step.ts'
import { knownCopy, noteRestore } from './catalogue.ts'
import { needsRestore } from './keep.ts'
import type { Place } from './place.ts'
import type { ArchiveConfig, ArchivedItem } from './step-schema.ts'

type Context = Pick<StepContext, 'stores' | 'signal' | 'clock'>
type State = { outcome: 'requested' | 'in progress' | 'restored'; until: Date | undefined; requestedAt?: Date }

/**
 * Asks for a file of the archive, or how far that is; a readable one is copied into the object store. Throws OBJECT_NOT_FOUND,
 * ARTIFACT_MISMATCH (the archive's copy is damaged), and what S3 refuses.
 */
export async function restoreFile(
  localKey: string,
  place: Place,
  config: ArchiveConfig,
  { stores, signal, clock }: Context,
): Promise<ArchivedItem> {
  const { objects, s3 } = place
  const known = await knownCopy(stores.postgres, objects.location, localKey)
  const sha256 = known?.sha256 ?? artifactHash(localKey)
  const key = sha256 === undefined ? undefined : artifactKey(sha256)
  const info = key === undefined ? undefined : await objects.head(key)
  if (sha256 === undefined || key === undefined || info === undefined) {
    throw new PipelineError('OBJECT_NOT_FOUND', `The archive ${objects.location} has no ${localKey}`)
  }
  const described = await s3?.describe(key, signal)
  const state: State =
    s3 === undefined || described === undefined || !needsRestore(described.storageClass)
      ? { outcome: 'restored', until: undefined }
      : await askedFor(s3, key, described, config, clock.now(), signal)
  const back = state.outcome === 'restored' && config.bringBack
  if (back) {
    const { body } = await objects.get(key, { signal })
    await putArtifact(stores.objects, body, {
      ...{ sha256, signal },
      ...(info.contentType === undefined ? {} : { contentType: info.contentType }),
    })
  }
  const { requestedAt, until, outcome } = state
  await noteRestore(stores.postgres, objects.location, key, { requestedAt, until, back })
  return {
    // where it now is
    key: back ? key : localKey,
    ...{ sha256, bytes: info.bytes, outcome, class: described?.storageClass ?? 'folder', localRemoved: false },
    ...{ verified: back ? 'read' : (known?.verified ?? 'length'), until: until?.toISOString() ?? null },
  }
}

async function askedFor(
  { connection, fullKey }: S3Objects,
  key: string,
  { restore }: S3Description,
  { restoreDays, tier }: ArchiveConfig,
  now: Date,
  signal: AbortSignal,
): Promise<State> {
  if (restore?.ongoing === true) return { outcome: 'in progress', until: undefined }
  if (restore !== undefined && (restore.until === undefined || restore.until > now)) {
    return { outcome: 'restored', until: restore.until }
  }
  const { client, sdk, bucket, send } = connection
  try {
    await send(`asking for ${key}`, signal, (options) =>
      client.send(
        new sdk.RestoreObjectCommand({
          Bucket: bucket,
          Key: fullKey(key),
          RestoreRequest: { Days: restoreDays, GlacierJobParameters: { Tier: tier } },
        }),
        options,
      ),
    )
    return { outcome: 'requested', until: undefined, requestedAt: now }
  } catch (error) {
    // somebody else was faster
    if (awsFailure(error).name === 'RestoreAlreadyInProgress') return { outcome: 'in progress', until: undefined }
    throw awsError(error, `Asking for ${key}`)
  }
}
