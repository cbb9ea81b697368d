import { createHash, randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable, Transform, type TransformCallback, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { PipelineError } from '../../errors.ts'
import type { GetOptions, ObjectInfo, ObjectSource, ObjectStore } from './port.ts'

/** Where an artifact is: content-addressed, written once, never changed. */
export interface Artifact {
  /** 64 lower-case hex digits. */
  sha256: string
  bytes: number
  key: string
  /** False when the same content was there before. */
  stored: boolean
}

/** Options of {@link putArtifact}. */
export interface PutArtifactOptions {
  /** Kept by whoever stores the content first, like `metadata`. */
  contentType?: string
  metadata?: Record<string, string>
  /**
   * What the caller has already computed. Believed for a file to be moved (it is not read again); checked while copying
   * everything else, ARTIFACT_MISMATCH if wrong.
   */
  sha256?: string
  /** A folder on this machine, needed for a stream whose SHA-256 is not yet known: it is kept there until it is. */
  scratch?: string
  /** See {@link PutOptions}. */
  storageClass?: string
  /** Also writes what is there already, when that copy is known to be wrong. */
  replace?: boolean
  signal?: AbortSignal
}

/** The key of an artifact, `artifacts/sha256/ab/cd/<sha256>`; throws ARTIFACT_KEY unless given 64 lower-case hex digits. */
export function artifactKey(sha256: string): string {
  if (!/^[0-9a-f]{64}$/.test(sha256)) {
    throw new PipelineError(
      'ARTIFACT_KEY',
      `An artifact has a SHA-256 of 64 lower-case hex digits, not ${JSON.stringify(sha256)}`,
    )
  }
  return `artifacts/sha256/${sha256.slice(0, 2)}/${sha256.slice(2, 4)}/${sha256}`
}

/**
 * Stores content under its own SHA-256, once: content that is there already is not written again (a stream is then
 * destroyed unread if its SHA-256 was given, a file with `move` is removed all the same). A stored copy of another length
 * is damaged and replaced. Errors: those of {@link ObjectStore.put}, ARTIFACT_MISMATCH, ARTIFACT_KEY.
 */
export async function putArtifact(
  objects: ObjectStore,
  source: ObjectSource,
  options: PutArtifactOptions = {},
): Promise<Artifact> {
  try {
    if (source instanceof Uint8Array) {
      const actual = createHash('sha256').update(source).digest('hex')
      if (options.sha256 !== undefined && options.sha256 !== actual) throw mismatch(options.sha256, actual)
      return await store(objects, source, actual, source.byteLength, options)
    }
    if (!(source instanceof Readable)) return await putFile(objects, source, options)
    source.on('error', () => {}) // heard below; without a listener from the start it would end the process
    if (options.sha256 !== undefined) return await store(objects, source, options.sha256, undefined, options)
    return await putUnknown(objects, source, options)
  } finally {
    if (source instanceof Readable) source.destroy()
  }
}

async function putFile(
  objects: ObjectStore,
  source: { file: string; move?: boolean },
  options: PutArtifactOptions,
): Promise<Artifact> {
  const { size } = await stat(source.file).catch((error: unknown) => {
    throw new PipelineError('OBJECT_SOURCE', `Cannot read ${source.file}, which was to be stored`, { cause: error })
  })
  const sha256 = options.sha256 ?? (await fileHash(source.file, options.signal))
  const artifact = await store(objects, source, sha256, size, options)
  if (!artifact.stored && source.move === true) await rm(source.file, { force: true })
  return artifact
}

/** SHA-256 of a file, in hexadecimal. */
export async function fileHash(file: string, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash('sha256')
  const sink = new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      hash.update(chunk)
      done()
    },
  })
  await flow(createReadStream(file, { highWaterMark: 1 << 20 }), sink, signal)
  return hash.digest('hex')
}

/** A stream of unknown content: into a scratch file first, because the key is known only at its end. */
async function putUnknown(objects: ObjectStore, source: Readable, options: PutArtifactOptions): Promise<Artifact> {
  if (options.scratch === undefined) {
    throw new PipelineError(
      'ARTIFACT_SCRATCH',
      'A stream needs its sha256 or a scratch folder to be stored as an artifact',
    )
  }
  if (source.errored !== null) throw PipelineError.from(source.errored, 'OBJECT_SOURCE')
  if (source.readableEnded || source.destroyed) {
    throw new PipelineError('OBJECT_SOURCE', 'The stream to be stored has already been read or destroyed')
  }
  await mkdir(options.scratch, { recursive: true })
  const file = join(options.scratch, `${randomUUID()}.part`)
  const hash = createHash('sha256')
  const through = tap((chunk) => hash.update(chunk))
  try {
    await flow(source, through, options.signal, createWriteStream(file, { flags: 'wx' }))
    return await putFile(objects, { file, move: true }, { ...options, sha256: hash.digest('hex') })
  } finally {
    await rm(file, { force: true })
  }
}

async function flow(
  from: Readable,
  through: Transform | Writable,
  signal: AbortSignal | undefined,
  to?: Writable,
): Promise<void> {
  const options = signal === undefined ? {} : { signal }
  try {
    if (to === undefined) await pipeline(from, through, options)
    else await pipeline([from, through, to], options)
  } catch (error) {
    if (signal?.reason instanceof PipelineError) throw signal.reason
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') {
      throw new PipelineError('STORE_FULL', 'No room left in the scratch folder', { retryable: true, cause: error })
    }
    throw PipelineError.from(error, 'OBJECT_SOURCE')
  }
}

async function store(
  objects: ObjectStore,
  source: ObjectSource,
  sha256: string,
  bytes: number | undefined,
  options: PutArtifactOptions,
): Promise<Artifact> {
  const key = artifactKey(sha256)
  const known = await objects.head(key)
  const whole = options.replace !== true && known !== undefined && (bytes === undefined || known.bytes === bytes)
  if (whole) return { sha256, bytes: known.bytes, key, stored: false }
  const { contentType, metadata, signal, storageClass } = options
  try {
    const info = await objects.put(key, checked(source, sha256), {
      ...(contentType === undefined ? {} : { contentType }),
      ...(metadata === undefined ? {} : { metadata }),
      ...(storageClass === undefined ? {} : { storageClass }),
      ...(signal === undefined ? {} : { signal }),
      ifAbsent: known === undefined,
    })
    return { sha256, bytes: info.bytes, key, stored: true }
  } catch (error) {
    if (!(error instanceof PipelineError) || error.code !== 'OBJECT_EXISTS') throw error
    const winner = await objects.head(key)
    if (winner === undefined) throw error
    return { sha256, bytes: winner.bytes, key, stored: false }
  }
}

/** The source, hashed on its way and failing at its end if it is not what it claims. Bytes and moved files pass as they are. */
function checked(source: ObjectSource, sha256: string): ObjectSource {
  if (source instanceof Uint8Array) return source
  if (!(source instanceof Readable)) {
    return source.move === true
      ? source
      : verified(createReadStream(source.file, { highWaterMark: 1 << 20 }), sha256, mismatch)
  }
  if (source.errored !== null || source.destroyed || source.readableEnded) return source // the store says why
  return verified(source, sha256, mismatch)
}

function verified(
  from: Readable,
  sha256: string,
  wrong: (expected: string, actual: string) => PipelineError,
): Readable {
  const hash = createHash('sha256')
  const through = tap(
    (chunk) => hash.update(chunk),
    (done) => {
      const actual = hash.digest('hex')
      done(actual === sha256 ? null : wrong(sha256, actual))
    },
  )
  // Each end fails with the other, so that whoever reads `through` has the error; nothing is left to say here.
  pipeline(from, through).catch(() => {})
  return through
}

function tap(see: (chunk: Uint8Array) => void, flush: (done: TransformCallback) => void = (done) => done()): Transform {
  return new Transform({
    highWaterMark: 1 << 20,
    transform(chunk: Uint8Array, _encoding, done) {
      see(chunk)
      done(null, chunk)
    },
    flush,
  })
}

/** The SHA-256 in the key of an artifact; undefined for any other key. */
export function artifactHash(key: string): string | undefined {
  const sha256 = /([0-9a-f]{64})$/.exec(key)?.[1]
  return sha256 !== undefined && key === artifactKey(sha256) ? sha256 : undefined
}

function mismatch(expected: string, actual: string): PipelineError {
  return new PipelineError('ARTIFACT_MISMATCH', `The content should have the SHA-256 ${expected}, but has ${actual}`, {
    details: { expected, actual },
  })
}

/**
 * An artifact's bytes. With `verify` they are hashed on their way and the stream fails with ARTIFACT_CORRUPT at its end if
 * the stored copy is damaged (not for a range). Throws OBJECT_NOT_FOUND.
 */
export async function getArtifact(
  objects: ObjectStore,
  sha256: string,
  options: GetOptions & { verify?: boolean } = {},
): Promise<{ info: ObjectInfo; body: Readable }> {
  const { verify = false, ...rest } = options
  const found = await objects.get(artifactKey(sha256), rest)
  return verify && options.range === undefined
    ? { info: found.info, body: verified(found.body, sha256, corrupt) }
    : found
}

/** Reads an artifact and compares it with its name. Throws ARTIFACT_CORRUPT, OBJECT_NOT_FOUND. */
export async function verifyArtifact(
  objects: ObjectStore,
  sha256: string,
  options: { signal?: AbortSignal } = {},
): Promise<ObjectInfo> {
  const { info, body } = await getArtifact(objects, sha256, { ...options, verify: true })
  for await (const _chunk of body);
  return info
}

function corrupt(expected: string, actual: string): PipelineError {
  return new PipelineError(
    'ARTIFACT_CORRUPT',
    `The stored artifact ${expected} is damaged: its bytes have the SHA-256 ${actual}`,
    {
      details: { expected, actual },
    },
  )
}
