import { PipelineError } from '../../errors.ts'
import type { Infer } from '../../schema.ts'
import { putArtifact } from '../../stores/objects/artifacts.ts'
import { connectS3 } from '../../stores/objects/s3/connection.ts'
import { openS3Object } from '../../stores/objects/s3/read.ts'
import { defineStep } from '../step.ts'
import { type ObjectEvent, ObjectEventSchema } from './event.ts'
import { TakeConfigSchema, TakenSchema } from './take-schema.ts'

/**
 * Copies the object of an event into the object store, under its SHA-256: the version that the event tells of, where the bucket keeps
 * versions, else what the key holds now. Throws OBJECT_NOT_FOUND (deleted meanwhile), OBJECT_ARCHIVED, EVENT_TOO_LARGE, AWS_MISSING and
 * what S3 says.
 */
export const takeObject = defineStep({
  name: 'take-object',
  version: 1,
  config: TakeConfigSchema,
  input: ObjectEventSchema,
  output: TakenSchema,
  async run(event, { maxBytes, ...aws }, { stores, signal }) {
    const { bucket, key, versionId } = event
    const connection = await connectS3(bucket, aws)
    try {
      const { info, body } = await openS3Object(connection, key, key, {
        signal,
        ...(versionId === null ? {} : { versionId }),
      })
      if (info.bytes > maxBytes) {
        body.destroy()
        throw new PipelineError(
          'EVENT_TOO_LARGE',
          `${sourceOf(event)} has ${info.bytes} bytes; ${maxBytes} are allowed`,
        )
      }
      const { contentType } = info
      const artifact = await putArtifact(stores.objects, body, {
        ...{ scratch: stores.scratch, signal },
        ...(contentType === undefined ? {} : { contentType }),
      })
      return taken({ ...event, size: artifact.bytes }, artifact)
    } finally {
      connection.client.destroy()
    }
  },
})

/** What goes out for an event, with the copy that there is of its object. */
export function taken(
  event: ObjectEvent,
  copy: { key: string; sha256: string } | undefined,
): Infer<typeof TakenSchema> {
  const text = event.key.slice(event.key.lastIndexOf('/') + 1)
  return { ...event, source: sourceOf(event), text, artifact: copy?.key ?? null, sha256: copy?.sha256 ?? null }
}

function sourceOf({ bucket, key }: ObjectEvent): string {
  return bucket === '' ? key : `s3://${bucket}/${key}`
}
