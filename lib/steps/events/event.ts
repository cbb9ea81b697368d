import { createHash } from 'node:crypto'
import { type Infer, Type } from '../../schema.ts'

/** What happened to an object: it is new, or an archived one can be read again. */
export const ObjectEventSchema = Type.Object({
  event: Type.Enum(['created', 'restored']),
  /** '' for a file of a watched folder. */
  bucket: Type.String(),
  key: Type.String(),
  versionId: Type.Union([Type.String(), Type.Null()]),
  /** Bytes, as the event says; null where it does not. */
  size: Type.Union([Type.Integer(), Type.Null()]),
  etag: Type.Union([Type.String(), Type.Null()]),
  /** Orders the events of one key (hexadecimal). */
  sequencer: Type.Union([Type.String(), Type.Null()]),
  /** ISO. */
  eventTime: Type.String(),
})
/** {@link ObjectEventSchema} as a type. */
export type ObjectEvent = Infer<typeof ObjectEventSchema>

/** Longest slot that shows its key; a longer one shows a hash. */
const maxShown = 300

/**
 * The slot of an event's run: the same event by whatever way and however often is one run. A version id tells puts apart by itself; without
 * one ETag and sequencer do (two puts of the same bytes are two events).
 */
export function slotOf({ event, bucket, key, versionId, etag, sequencer, eventTime }: ObjectEvent): string {
  const version = versionId ?? ([etag, sequencer].filter(Boolean).join(' ') || eventTime)
  const slot = `${event} s3://${bucket}/${key}#${version}`
  return slot.length <= maxShown ? slot : `${event} s3://${bucket}/#${createHash('sha256').update(slot).digest('hex')}`
}
