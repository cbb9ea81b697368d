import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { StorageClass } from '@aws-sdk/client-s3'
import { PipelineError } from '../../errors.ts'
import type { AwsOptions } from '../aws/config.ts'
import { awsError } from '../aws/errors.ts'
import { alreadyThere, openGate } from './gate.ts'
import { checkKey, checkMetadata, checkPrefix, pageLimit } from './key.ts'
import type { GetOptions, ListedObject, ObjectPage, ObjectSource, ObjectStore, PutOptions } from './port.ts'
import { connectS3, type S3Connection } from './s3/connection.ts'
import { encodeMetadata, noContentType } from './s3/metadata.ts'
import { describeObject, openS3Object, type S3Description, wholeSeconds } from './s3/read.ts'
import { sendObject } from './s3/write.ts'

/** Configuration of {@link openS3Objects}. */
export interface S3ObjectsOptions extends AwsOptions {
  bucket: string
  /** Before every key, such as `pipeline/`; a slash is put at its end. */
  prefix?: string
  /** Where `withFile` puts its copies; by default the machine's temporary folder. */
  scratch?: string
}

/** The object port on a bucket, and what only S3 has. */
export interface S3Objects extends ObjectStore {
  readonly kind: 's3'
  readonly connection: S3Connection
  /** The key in the bucket. Throws OBJECT_KEY. */
  fullKey(key: string): string
  /** What S3 says of an object, its class and whether it can be read. */
  describe(key: string, signal?: AbortSignal): Promise<S3Description | undefined>
}

/**
 * The object port on a bucket of S3, or of a server that speaks its language (`endpoint`). Large objects go in parts of 8 MiB, a
 * few of them in memory; every part carries its SHA-256, and what S3 then says of the whole is compared. A part left behind by a killed
 * process stays until a lifecycle rule of the bucket removes it (`AbortIncompleteMultipartUpload`).
 *
 * `ifAbsent` needs a server that knows `If-None-Match` on writes, as S3 does; when the answer to such a put is lost, its second try finds
 * the first one there and says OBJECT_EXISTS. Throws AWS_MISSING, STORE_CONFIG, STORE_DENIED,
 * STORE_UNAVAILABLE.
 */
export async function openS3Objects(options: S3ObjectsOptions): Promise<S3Objects> {
  const prefix = prefixOf(options.prefix)
  const connection = await connectS3(options.bucket, options)
  const { client, sdk, bucket, send } = connection
  const gate = openGate(awsError)
  const { guarded, tracked } = gate
  const fullKey = (key: string) => {
    checkKey(key)
    const full = prefix + key
    if (Buffer.byteLength(full) > 1024) {
      throw new PipelineError('OBJECT_KEY', `A key has at most 1024 bytes with the prefix ${prefix}`)
    }
    return full
  }
  try {
    await send(`opening the bucket ${bucket}`, undefined, (each) =>
      client.send(new sdk.HeadBucketCommand({ Bucket: bucket }), each),
    )
  } catch (error) {
    client.destroy()
    const problem = awsError(error, `Opening the bucket ${bucket}`)
    throw problem.details?.status === 404
      ? new PipelineError('STORE_CONFIG', `There is no bucket ${bucket}`, { details: problem.details })
      : problem
  }

  async function put(key: string, source: ObjectSource, options: PutOptions, signal: AbortSignal) {
    const full = fullKey(key)
    const { contentType, metadata = {}, ifAbsent = false } = options
    checkMetadata(contentType, metadata)
    const storageClass = classOf(options.storageClass, connection)
    const encoded = encodeMetadata(metadata)
    // Spares sending what would be refused at its end.
    if (ifAbsent && (await describeObject(connection, key, full, signal)) !== undefined) throw alreadyThere(key)
    const sent = await sendObject(connection, source, {
      ...{ key, full, ifAbsent, signal, metadata: encoded },
      contentType: contentType ?? noContentType,
      ...(storageClass === undefined ? {} : { storageClass }),
    })
    const kept = await describeObject(connection, key, full, signal)
    if (kept === undefined) {
      throw new PipelineError('STORE_UNAVAILABLE', `${JSON.stringify(key)} is gone right after it was stored`, {
        retryable: true,
      })
    }
    const foreign = kept.sha256 !== undefined && kept.sha256 !== sent.sha256
    // With ifAbsent nobody else can have replaced it meanwhile; without, the newer one is right.
    if (ifAbsent && (foreign || kept.info.bytes !== sent.bytes)) {
      throw new PipelineError('OBJECT_CORRUPT', `${JSON.stringify(key)} is not what was sent`)
    }
    if (isFile(source) && source.move === true) await rm(source.file, { force: true })
    return {
      ...{
        key,
        bytes: sent.bytes,
        etag: kept.info.etag,
        lastModified: kept.info.lastModified,
        metadata: { ...metadata },
      },
      ...(contentType === undefined ? {} : { contentType }),
    }
  }

  async function list(start: string, { after = '', limit }: { after?: string; limit?: number }): Promise<ObjectPage> {
    const most = pageLimit(limit)
    checkPrefix(start)
    const answer = await send(`listing ${JSON.stringify(start)}`, undefined, (each) =>
      client.send(
        new sdk.ListObjectsV2Command({
          Bucket: bucket,
          Prefix: prefix + start,
          MaxKeys: most,
          EncodingType: 'url',
          ...(after === '' ? {} : { StartAfter: prefix + after }),
        }),
        each,
      ),
    )
    const decode = (key: string) => (answer.EncodingType === 'url' ? decodeURIComponent(key.replaceAll('+', ' ')) : key)
    const objects: ListedObject[] = []
    let last: string | undefined
    for (const { Key = '', Size = 0, ETag = '', LastModified } of answer.Contents ?? []) {
      last = decode(Key).slice(prefix.length)
      if (!isKey(last)) continue // a console's folder, or a stranger's object
      objects.push({ key: last, bytes: Size, etag: ETag, lastModified: wholeSeconds(LastModified) })
    }
    return answer.IsTruncated === true && last !== undefined ? { objects, next: last } : { objects }
  }

  const open = (key: string, options: GetOptions) =>
    guarded(`reading ${JSON.stringify(key)}`, () => openS3Object(connection, key, fullKey(key), options))
  const describe = (key: string, signal?: AbortSignal) =>
    guarded(`looking for ${JSON.stringify(key)}`, async () => describeObject(connection, key, fullKey(key), signal))

  return {
    kind: 's3',
    location: `s3://${bucket}${prefix === '' ? '' : `/${prefix.slice(0, -1)}`}`,
    connection,
    fullKey,
    describe,
    put: (key, source, options = {}) =>
      gate.putting(`storing ${JSON.stringify(key)}`, source, options.signal, (signal) =>
        put(key, source, options, signal),
      ),
    get: (key, options = {}) => open(key, options),
    head: async (key) => (await describe(key))?.info,
    list: (start, options = {}) => guarded(`listing ${JSON.stringify(start)}`, () => list(start, options)),
    delete: (key) =>
      tracked(
        guarded(`deleting ${JSON.stringify(key)}`, async () => {
          const full = fullKey(key)
          await send(`deleting ${JSON.stringify(key)}`, undefined, (each) =>
            client.send(new sdk.DeleteObjectCommand({ Bucket: bucket, Key: full }), each),
          )
        }),
      ),
    async withFile(key, work, { signal } = {}) {
      const { body } = await open(key, signal === undefined ? {} : { signal })
      const folder = options.scratch ?? tmpdir()
      const file = join(folder, `${randomUUID()}.part`)
      try {
        await mkdir(folder, { recursive: true })
        await pipeline(body, createWriteStream(file, { flags: 'wx' })).catch((error: unknown) => {
          if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') {
            throw new PipelineError('STORE_FULL', 'No room left in the scratch folder', {
              retryable: true,
              cause: error,
            })
          }
          throw PipelineError.from(error, 'STORE_UNAVAILABLE')
        })
        return await work(file)
      } finally {
        body.destroy()
        await rm(file, { force: true })
      }
    },
    async close() {
      await gate.close()
      client.destroy()
    },
  }
}

function prefixOf(given: string | undefined): string {
  const prefix = (given ?? '').replace(/^\/+|\/+$/g, '')
  if (prefix === '') return ''
  try {
    checkKey(prefix)
  } catch (error) {
    throw new PipelineError('STORE_CONFIG', `The prefix is no beginning of a key: ${PipelineError.from(error).message}`)
  }
  return `${prefix}/`
}

function classOf(given: string | undefined, { sdk }: S3Connection): StorageClass | undefined {
  if (given === undefined || given === '') return undefined
  const known = Object.values(sdk.StorageClass).find((each) => each === given)
  if (known !== undefined) return known
  throw new PipelineError('STORE_CONFIG', `${given} is no storage class of S3`)
}

function isKey(key: string): boolean {
  try {
    return checkKey(key).length > 0
  } catch {
    return false
  }
}

function isFile(source: ObjectSource): source is { file: string; move?: boolean } {
  return !(source instanceof Uint8Array) && !(source instanceof Readable)
}
