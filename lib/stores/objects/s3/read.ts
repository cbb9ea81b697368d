import { Readable } from 'node:stream'
import { PipelineError } from '../../../errors.ts'
import { awsError, awsFailure } from '../../aws/errors.ts'
import { abortError, cutShort, notFound } from '../gate.ts'
import type { GetOptions, ObjectInfo } from '../port.ts'
import type { S3Connection } from './connection.ts'
import { decodeMetadata, noContentType } from './metadata.ts'

/** How long a body may be silent while somebody waits for it, in milliseconds. */
const silentMs = 60_000

/** What S3 says of an object beside its bytes. */
export interface S3Description {
  info: ObjectInfo
  /** `STANDARD` where it says nothing. */
  storageClass: string
  /** Present once a restore was asked for: under way, or readable until then. */
  restore?: { ongoing: boolean; until?: Date }
  /** SHA-256 as S3 keeps it: base64, of parts `<of their hashes>-<count>`; undefined where the server keeps none. */
  sha256?: string
}

interface Answer {
  ContentLength?: number | undefined
  ContentType?: string | undefined
  ETag?: string | undefined
  LastModified?: Date | undefined
  Metadata?: Record<string, string> | undefined
}

/** The port's view of an answer. Times are whole seconds, as the headers have them. */
export function infoOf(key: string, answer: Answer, bytes = answer.ContentLength ?? 0): ObjectInfo {
  return {
    key,
    bytes,
    etag: answer.ETag ?? '',
    lastModified: wholeSeconds(answer.LastModified),
    ...(answer.ContentType === undefined || answer.ContentType === noContentType
      ? {}
      : { contentType: answer.ContentType }),
    metadata: decodeMetadata(answer.Metadata),
  }
}

/** S3's lists have more of a time than its headers do. */
export function wholeSeconds(time: Date | undefined): Date {
  return new Date(Math.floor((time?.getTime() ?? 0) / 1000) * 1000)
}

/** What S3 knows of an object; undefined where there is none. */
export async function describeObject(
  { client, sdk, bucket, send }: S3Connection,
  key: string,
  full: string,
  signal?: AbortSignal,
): Promise<S3Description | undefined> {
  try {
    const answer = await send(`looking for ${JSON.stringify(key)}`, signal, (options) =>
      client.send(new sdk.HeadObjectCommand({ Bucket: bucket, Key: full, ChecksumMode: 'ENABLED' }), options),
    )
    const restore = restoreOf(answer.Restore)
    return {
      info: infoOf(key, answer),
      storageClass: answer.StorageClass ?? 'STANDARD',
      ...(restore === undefined ? {} : { restore }),
      ...(answer.ChecksumSHA256 === undefined ? {} : { sha256: answer.ChecksumSHA256 }),
    }
  } catch (error) {
    const { name, status } = awsFailure(error)
    // A HEAD has no body to say which thing is missing; the bucket was there when the store was opened.
    if (status === 404 && name !== 'NoSuchBucket') return undefined
    throw error
  }
}

/** The header `x-amz-restore`: `ongoing-request="false", expiry-date="Fri, 21 Dec 2012 00:00:00 GMT"`. */
export function restoreOf(header: string | undefined): S3Description['restore'] {
  const ongoing = /ongoing-request="(true|false)"/.exec(header ?? '')?.[1]
  if (ongoing === undefined) return undefined
  const expiry = Date.parse(/expiry-date="([^"]+)"/.exec(header ?? '')?.[1] ?? '')
  return { ongoing: ongoing === 'true', ...(Number.isNaN(expiry) ? {} : { until: new Date(expiry) }) }
}

/** An object opened, in the version asked for where the bucket keeps versions. Throws OBJECT_NOT_FOUND, OBJECT_RANGE, OBJECT_ARCHIVED. */
export async function openS3Object(
  { client, sdk, bucket, send }: S3Connection,
  key: string,
  full: string,
  { range, signal, versionId }: GetOptions & { versionId?: string },
): Promise<{ info: ObjectInfo; body: Readable }> {
  const doing = `reading ${JSON.stringify(key)}`
  const Range = range === undefined ? undefined : rangeHeader(key, range)
  try {
    const answer = await send(doing, signal, (options) =>
      client.send(
        new sdk.GetObjectCommand({
          Bucket: bucket,
          Key: full,
          ...(Range === undefined ? {} : { Range }),
          ...(versionId === undefined ? {} : { VersionId: versionId }),
        }),
        options,
      ),
    )
    const { Body, ContentLength = 0, ContentRange } = answer
    if (!(Body instanceof Readable))
      throw new PipelineError('STORE_UNAVAILABLE', `${doing}: no body came`, { retryable: true })
    const whole = Number(/\/(\d+)$/.exec(ContentRange ?? '')?.[1] ?? ContentLength)
    return { info: infoOf(key, answer, whole), body: counted(Body, key, ContentLength, doing, signal) }
  } catch (error) {
    const { name, status } = awsFailure(error)
    if (name === 'NoSuchKey' || (status === 404 && name !== 'NoSuchBucket')) throw notFound(key)
    if (status === 416) throw wrongRange(key, range)
    throw awsError(error, doing)
  }
}

function rangeHeader(key: string, range: NonNullable<GetOptions['range']>): string {
  const { start, end = start } = range
  const valid = Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && end >= start
  if (!valid) throw wrongRange(key, range)
  return `bytes=${start}-${range.end ?? ''}`
}

function wrongRange(key: string, range: GetOptions['range']): PipelineError {
  return new PipelineError(
    'OBJECT_RANGE',
    `The range ${range?.start} to ${range?.end ?? 'the end'} is not in ${JSON.stringify(key)}`,
  )
}

/** A body whose errors are the port's own, that does not hang, and that does not take a cut connection for the end. */
function counted(
  body: Readable,
  key: string,
  expected: number,
  doing: string,
  signal: AbortSignal | undefined,
): Readable {
  async function* bytes(): AsyncGenerator<Uint8Array, void, void> {
    let seen = 0
    const chunks = body.iterator()
    try {
      for (;;) {
        const silent = setTimeout(() => body.destroy(new Error(`silent for ${silentMs / 1000} s`)), silentMs)
        const { done, value } = await chunks.next().finally(() => clearTimeout(silent))
        if (done) break
        seen += value.length
        yield value
      }
    } catch (error) {
      throw signal?.aborted ? abortError(signal, doing) : awsError(error, doing)
    }
    if (seen !== expected) throw cutShort(key, seen, expected)
  }
  const stream = Readable.from(bytes(), { objectMode: false, highWaterMark: 256 * 1024 })
  const abort = () => {
    if (signal !== undefined) stream.destroy(abortError(signal, doing))
  }
  // A generator that waits for a chunk cannot be ended from outside: its source can.
  stream.once('close', () => {
    signal?.removeEventListener('abort', abort)
    body.destroy()
  })
  body.on('error', () => {}) // heard by the iterator; without it the end of a stream nobody reads would end the process
  if (signal?.aborted) abort()
  else signal?.addEventListener('abort', abort, { once: true })
  return stream
}
