import { realpath } from 'node:fs/promises'
import { resolve } from 'node:path'
import { PipelineError } from '../../errors.ts'
import { openFolderObjects } from '../../stores/objects/folder.ts'
import type { ObjectStore } from '../../stores/objects/port.ts'
import { openS3Objects, type S3Objects } from '../../stores/objects/s3.ts'
import type { ArchiveConfig } from './step-schema.ts'

/** An archive, opened. */
export interface Place {
  objects: ObjectStore
  /** The same, where it is S3. */
  s3: S3Objects | undefined
}

/**
 * Opens the archive of a config. Throws ARCHIVE_PLACE when none is given, two are, or it is the object store itself (removing the local
 * copy would remove the only one), and what the stores throw.
 */
export async function openPlace(config: ArchiveConfig, local: ObjectStore, scratch: string): Promise<Place> {
  const { bucket, folder } = config
  if ((bucket === '') === (folder === '')) {
    throw new PipelineError('ARCHIVE_PLACE', 'An archive needs a bucket or a folder, and not both')
  }
  if (bucket === '') {
    const objects = await openFolderObjects({ folder: resolve(folder) })
    if (local.kind === 'folder' && (await realpath(objects.location)) === (await realpath(local.location))) {
      await objects.close()
      throw sameStore(local)
    }
    return { objects, s3: undefined }
  }
  const { prefix, region, endpoint, accessKeyId, secretAccessKey } = config
  const s3 = await openS3Objects({ bucket, prefix, region, endpoint, accessKeyId, secretAccessKey, scratch })
  // Whatever the endpoint: one server has many names.
  if (s3.location === local.location) {
    await s3.close()
    throw sameStore(local)
  }
  return { objects: s3, s3 }
}

function sameStore({ location }: ObjectStore): PipelineError {
  return new PipelineError(
    'ARCHIVE_PLACE',
    `${location} is the object store itself: choose another bucket, prefix or folder`,
  )
}
