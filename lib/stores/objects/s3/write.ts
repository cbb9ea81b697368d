import { createHash } from 'node:crypto'
import type { StorageClass } from '@aws-sdk/client-s3'
import { PipelineError } from '../../../errors.ts'
import { awsFailure } from '../../aws/errors.ts'
import { abortError, alreadyThere } from '../gate.ts'
import type { ObjectSource } from '../port.ts'
import type { S3Connection } from './connection.ts'
import { pieces } from './source.ts'

/** A part, and the most that goes in one request; S3 takes 10,000 parts of an object, hence 78 GiB. */
export const partBytes = 8 * 1024 * 1024
const maxParts = 10_000
/** Parts on their way at once; one more is being read meanwhile. */
const abreast = 2
/** How often a conditional put is repeated that met another one. */
const conflictTries = 5

/** An object about to be written. */
export interface S3Write {
  key: string
  full: string
  contentType: string
  metadata: Record<string, string>
  ifAbsent: boolean
  storageClass?: StorageClass
  signal: AbortSignal
}

/** What was sent. */
export interface Sent {
  bytes: number
  /** SHA-256 as S3 keeps it, see `S3Description.sha256`. */
  sha256: string
}

/** Sends an object: in one request, or in parts whose upload is called off when anything fails. Throws OBJECT_EXISTS, OBJECT_LIMIT. */
export async function sendObject(connection: S3Connection, source: ObjectSource, write: S3Write): Promise<Sent> {
  const parts = pieces(source, partBytes, write.signal)
  try {
    const first = await parts.next()
    const head = first.value ?? Buffer.alloc(0)
    if (head.length < partBytes) return await sendWhole(connection, head, write)
    return await sendParts(connection, head, parts, write)
  } catch (error) {
    throw write.signal.aborted ? abortError(write.signal, 'storing an object') : error
  } finally {
    await parts.return()
  }
}

/** What S3 keeps as the SHA-256 of a file that {@link sendObject} sent. Throws OBJECT_SOURCE. */
export async function checksumOf(file: string, signal: AbortSignal): Promise<string> {
  const hashes: Buffer[] = []
  for await (const piece of pieces({ file }, partBytes, signal)) {
    const hash = createHash('sha256').update(piece).digest()
    if (piece.length < partBytes && hashes.length === 0) return hash.toString('base64')
    hashes.push(hash)
  }
  return `${base64(Buffer.concat(hashes))}-${hashes.length}`
}

const base64 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('base64')

function described({ bucket }: S3Connection, { full, contentType, metadata, storageClass }: S3Write) {
  return {
    Bucket: bucket,
    Key: full,
    ContentType: contentType,
    Metadata: metadata,
    ...(storageClass === undefined ? {} : { StorageClass: storageClass }),
  }
}

async function sendWhole(connection: S3Connection, bytes: Buffer, write: S3Write): Promise<Sent> {
  const { client, sdk, send } = connection
  const sha256 = base64(bytes)
  for (let attempt = 1; ; attempt += 1) {
    try {
      await send(`storing ${JSON.stringify(write.key)}`, write.signal, (options) =>
        client.send(
          new sdk.PutObjectCommand({
            ...described(connection, write),
            Body: bytes,
            ContentLength: bytes.length,
            ChecksumSHA256: sha256,
            ...(write.ifAbsent ? { IfNoneMatch: '*' } : {}),
          }),
          options,
        ),
      )
      return { bytes: bytes.length, sha256 }
    } catch (error) {
      const { name, status } = awsFailure(error)
      if (status === 412) throw alreadyThere(write.key)
      if (name !== 'ConditionalRequestConflict' || attempt === conflictTries) throw error
    }
  }
}

async function sendParts(
  connection: S3Connection,
  first: Buffer,
  rest: AsyncGenerator<Buffer, void, void>,
  write: S3Write,
): Promise<Sent> {
  const { client, sdk, send, bucket } = connection
  const doing = `storing ${JSON.stringify(write.key)}`
  const { UploadId } = await send(doing, write.signal, (options) =>
    client.send(
      new sdk.CreateMultipartUploadCommand({ ...described(connection, write), ChecksumAlgorithm: 'SHA256' }),
      options,
    ),
  )
  if (UploadId === undefined) {
    throw new PipelineError('STORE_UNAVAILABLE', `${doing}: the upload got no id`, { retryable: true })
  }
  const upload = { Bucket: bucket, Key: write.full, UploadId }
  const failed = new AbortController()
  const signal = AbortSignal.any([write.signal, failed.signal])
  const sent: { PartNumber: number; ETag: string | undefined; ChecksumSHA256: string }[] = []
  const underWay = new Set<Promise<void>>()
  let bytes = 0
  let failure: { error: unknown } | undefined
  const sendPart = async (body: Buffer, PartNumber: number) => {
    const ChecksumSHA256 = base64(body)
    const { ETag } = await send(doing, signal, (options) =>
      client.send(
        new sdk.UploadPartCommand({ ...upload, PartNumber, Body: body, ContentLength: body.length, ChecksumSHA256 }),
        options,
      ),
    )
    sent.push({ PartNumber, ETag, ChecksumSHA256 })
  }
  const start = (body: Buffer) => {
    if (failure !== undefined) throw failure.error
    bytes += body.length
    const number = Math.ceil(bytes / partBytes)
    if (number > maxParts) {
      throw new PipelineError('OBJECT_LIMIT', `An object has at most ${maxParts} parts of ${partBytes} bytes`)
    }
    const work = sendPart(body, number).finally(() => underWay.delete(work))
    work.catch((error: unknown) => {
      failure ??= { error } // a part that fails while the source is being read is seen with the next one
    })
    underWay.add(work)
  }
  try {
    start(first)
    for await (const body of rest) {
      start(body)
      if (underWay.size >= abreast) await Promise.race(underWay)
    }
    await Promise.all(underWay)
    if (failure !== undefined) throw failure.error
    const Parts = sent.toSorted((a, b) => a.PartNumber - b.PartNumber)
    await send(doing, signal, (options) =>
      client.send(
        new sdk.CompleteMultipartUploadCommand({
          ...upload,
          MultipartUpload: {
            Parts: Parts.map(({ ETag, ...part }) => ({ ...part, ...(ETag === undefined ? {} : { ETag }) })),
          },
          ...(write.ifAbsent ? { IfNoneMatch: '*' } : {}),
        }),
        options,
      ),
    )
    const hashes = Parts.map(({ ChecksumSHA256 }) => Buffer.from(ChecksumSHA256, 'base64'))
    return { bytes, sha256: `${base64(Buffer.concat(hashes))}-${Parts.length}` }
  } catch (error) {
    failed.abort()
    await Promise.allSettled(underWay)
    // Without the outer signal: parts that stay behind are paid for. What this misses a lifecycle rule of the bucket removes.
    await send(doing, undefined, (options) => client.send(new sdk.AbortMultipartUploadCommand(upload), options)).catch(
      () => undefined,
    )
    throw awsFailure(error).status === 412 ? alreadyThere(write.key) : error
  }
}
