import { PipelineError } from '../../errors.ts'
import { parser, Type } from '../../schema.ts'
import type { ObjectEvent } from './event.ts'

/** Which events are wanted. */
export interface EventFilter {
  /** Events of any other bucket are refused. */
  buckets: readonly string[]
  prefix: string
  suffix: string
  /** Which kinds start runs. */
  kinds: readonly ObjectEvent['event'][]
}

/** What a message told of. */
export interface ParsedEvents {
  events: ObjectEvent[]
  /** Tests, deletions, other kinds, keys that the filter leaves out, empty objects. */
  ignored: number
}

/** SQS around SNS around S3, and one more. */
const maxDepth = 4
const maxRecords = 1_000

const text = Type.Union([Type.String(), Type.Null()])
const s3Record = parser(
  Type.Object({
    eventSource: Type.String({ pattern: '^(aws:s3|aws:s3:.*|.*:s3)$' }),
    eventName: Type.String({ maxLength: 200 }),
    eventTime: Type.String({ format: 'date-time' }),
    s3: Type.Object({
      bucket: Type.Object({ name: Type.String({ minLength: 1, maxLength: 255 }) }),
      object: Type.Object({
        key: Type.String({ minLength: 1, maxLength: 6_200 }),
        size: Type.Optional(Type.Union([Type.Integer({ minimum: 0 }), Type.Null()])),
        eTag: Type.Optional(text),
        versionId: Type.Optional(text),
        sequencer: Type.Optional(text),
      }),
    }),
  }),
  'A record of S3',
  'EVENT_INVALID',
)
const bridgeEvent = parser(
  Type.Object({
    source: Type.Literal('aws.s3'),
    'detail-type': Type.String({ maxLength: 200 }),
    time: Type.String({ format: 'date-time' }),
    detail: Type.Object({
      bucket: Type.Object({ name: Type.String({ minLength: 1, maxLength: 255 }) }),
      object: Type.Object({
        key: Type.String({ minLength: 1, maxLength: 1_024 }),
        size: Type.Optional(Type.Union([Type.Integer({ minimum: 0 }), Type.Null()])),
        etag: Type.Optional(text),
        'version-id': Type.Optional(text),
        sequencer: Type.Optional(text),
      }),
    }),
  }),
  'An event of EventBridge',
  'EVENT_INVALID',
)

const bridgeKinds = new Map<string, ObjectEvent['event']>([
  ['Object Created', 'created'],
  ['Object Restore Completed', 'restored'],
])

/**
 * The events in a message: S3 notifications, events of EventBridge, either of them wrapped by SNS or in the records of SQS. Nothing in it is
 * trusted. Throws EVENT_INVALID for a message of another form, EVENT_BUCKET for a bucket that is not configured; both for good.
 */
export function parseEvents(message: string, filter: EventFilter): ParsedEvents {
  const parsed: ParsedEvents = { events: [], ignored: 0 }
  let records = 0
  const count = (more: number) => {
    records += more
    if (records > maxRecords) throw invalid(`more than ${maxRecords} records`)
  }
  const take = (event: ObjectEvent | undefined) => {
    if (event !== undefined && wanted(event, filter)) parsed.events.push(event)
    else parsed.ignored += 1
  }
  const open = (body: unknown, depth: number): void => {
    if (depth > maxDepth) throw invalid('a message in a message in a message …')
    const value = typeof body === 'string' ? json(body) : body
    if (!isObject(value)) throw invalid('no JSON object')
    if (value.Event === 's3:TestEvent') {
      parsed.ignored += 1
    } else if (value.Type === 'Notification' && typeof value.Message === 'string') {
      open(value.Message, depth + 1)
    } else if ('detail-type' in value) {
      count(1)
      take(fromBridge(value))
    } else if (Array.isArray(value.Records)) {
      count(value.Records.length)
      for (const record of value.Records) {
        if (isObject(record) && record.eventSource === 'aws:sqs' && typeof record.body === 'string') {
          open(record.body, depth + 1)
        } else if (isObject(record) && isObject(record.Sns) && typeof record.Sns.Message === 'string') {
          open(record.Sns.Message, depth + 1)
        } else take(fromS3(record))
      }
    } else throw invalid('neither records of S3, nor an event of EventBridge, nor a notification of SNS')
  }
  open(message, 0)
  return parsed
}

function fromS3(record: unknown): ObjectEvent | undefined {
  const { eventName, eventTime, s3 } = s3Record.parse(record)
  const name = eventName.replace(/^s3:/, '')
  const event = name.startsWith('ObjectCreated:')
    ? 'created'
    : name === 'ObjectRestore:Completed'
      ? 'restored'
      : undefined
  if (event === undefined) return undefined
  const { key, size = null, eTag = null, versionId = null, sequencer = null } = s3.object
  return checked({
    ...{ event, bucket: s3.bucket.name, key: decodedKey(key), size, etag: eTag, sequencer, eventTime },
    versionId: version(versionId),
  })
}

function fromBridge(value: unknown): ObjectEvent | undefined {
  const { detail, time, 'detail-type': type } = bridgeEvent.parse(value)
  const event = bridgeKinds.get(type)
  if (event === undefined) return undefined
  const { key, size = null, etag = null, 'version-id': versionId = null, sequencer = null } = detail.object
  return checked({
    ...{ event, bucket: detail.bucket.name, key, size, etag, sequencer, eventTime: time },
    versionId: version(versionId),
  })
}

/** S3's own notifications write keys as forms do: `+` is a blank, the rest percent-encoded. */
function decodedKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '))
  } catch {
    throw invalid(`the key ${shown(key)} is not URL-encoded`)
  }
}

/** Objects from before versioning have the version "null". */
const version = (id: string | null) => (id === '' || id === 'null' ? null : id)

function checked(event: ObjectEvent): ObjectEvent {
  const { key, versionId, etag, sequencer } = event
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a NUL is what is looked for
  if (Buffer.byteLength(key) > 1_024 || !key.isWellFormed() || /\u0000/.test(key))
    throw invalid(`the key ${shown(key)}`)
  for (const value of [versionId, etag, sequencer]) {
    if (value !== null && !/^[\x21-\x7e]{1,1024}$/.test(value))
      throw invalid(`version, ETag or sequencer of ${shown(key)}`)
  }
  return event
}

function wanted({ event, bucket, key, size }: ObjectEvent, { buckets, prefix, suffix, kinds }: EventFilter): boolean {
  if (!buckets.includes(bucket)) {
    throw new PipelineError('EVENT_BUCKET', `An event of the bucket ${shown(bucket)}, which is not configured here`)
  }
  const matches = key.startsWith(prefix) && key.toLowerCase().endsWith(suffix.toLowerCase())
  return kinds.includes(event) && matches && size !== 0 && !key.endsWith('/')
}

function json(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    throw invalid('no JSON')
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const shown = (value: string) => JSON.stringify(value.slice(0, 100))

function invalid(what: string): PipelineError {
  return new PipelineError('EVENT_INVALID', `A message that is no event of S3: ${what}`)
}
