import { createHash, randomUUID } from 'node:crypto'
import { open, realpath, rm, stat } from 'node:fs/promises'
import { basename, join, relative, resolve, sep } from 'node:path'
import { PipelineError } from '../../errors.ts'
import { challengeError } from '../../net/blocked.ts'
import { retry } from '../../runs/retry.ts'
import type { Infer } from '../../schema.ts'
import { type Artifact, artifactHash, artifactKey, putArtifact } from '../../stores/objects/artifacts.ts'
import type { Queryable } from '../../stores/postgres/port.ts'
import { requestPolicy, retryNotice } from '../requests.ts'
import type { StepContext } from '../step.ts'
import type { PdfConfig, PdfInputSchema } from './step-schema.ts'

/** For fetching a document with all tries, in milliseconds. */
const totalMs = 1_800_000

/** A document, stored. */
export interface StoredDocument {
  source: string
  name: string
  /** When it was fetched, or said to be the same; of a document that has an address. */
  retrievedAt?: string
  file: { key: string; sha256: string; bytes: number }
}

type Context = Pick<StepContext, 'stores' | 'http' | 'signal' | 'log' | 'clock' | 'progress'>

/**
 * Brings a document into the object store, wherever it is. Throws PDF_NO_SOURCE, ARTIFACT_KEY, OBJECT_NOT_FOUND, PATH_REFUSED, PATH_NOT_FOUND,
 * PDF_TOO_LARGE, and what the HTTP client throws.
 */
export async function storeDocument(
  input: Infer<typeof PdfInputSchema>,
  config: PdfConfig,
  context: Context,
): Promise<StoredDocument> {
  const given = [input.artifact, input.path, input.url].filter((value) => value !== undefined && value !== '')
  if (given.length !== 1) {
    throw new PipelineError(
      'PDF_NO_SOURCE',
      `One of payload.artifact, payload.path, payload.url or a Buffer as payload is expected; ${given.length} are there`,
    )
  }
  if (input.artifact) return await stored(input.artifact, input, context)
  if (input.path) return await fromFolder(input.path, config, context)
  return await fetched(input.url ?? '', input.text, config, context)
}

async function stored(
  reference: string,
  { source, text }: Infer<typeof PdfInputSchema>,
  { stores }: Context,
): Promise<StoredDocument> {
  const key = /^[0-9a-f]{64}$/.test(reference) ? artifactKey(reference) : reference
  const known = await stores.objects.head(key)
  if (known === undefined) throw new PipelineError('OBJECT_NOT_FOUND', `The object store has no ${key}`)
  const sha256 = artifactHash(key)
  if (sha256 !== undefined)
    return { source: source || key, name: text ?? key, file: { key, sha256, bytes: known.bytes } }
  // an object that somebody else put there: it gets its place by its content
  const artifact = await stores.objects.withFile(key, (file) =>
    putArtifact(stores.objects, { file }, { contentType: 'application/pdf' }),
  )
  return { source: source || key, name: text ?? basename(key), file: referenceOf(artifact) }
}

/** A file of the allowed folder: what a link leads out of it is refused. */
async function fromFolder(
  path: string,
  { folder, maxBytes }: PdfConfig,
  { stores, signal }: Context,
): Promise<StoredDocument> {
  if (folder === '') throw new PipelineError('PATH_REFUSED', 'No folder is allowed in the node: files cannot be read')
  const root = await realpath(folder).catch((cause: unknown) => {
    throw new PipelineError('PATH_NOT_FOUND', `The allowed folder ${folder} is not there`, { cause })
  })
  const wanted = resolve(root, path)
  const file = await realpath(wanted).catch((cause: unknown) => {
    if (!inside(root, wanted)) throw refused(path)
    throw new PipelineError('PATH_NOT_FOUND', `${path} is not in the allowed folder`, { cause })
  })
  if (!inside(root, file)) throw refused(path)
  const { size } = await stat(file)
  if (size > maxBytes) throw new PipelineError('PDF_TOO_LARGE', `${path} has ${size} bytes; ${maxBytes} are allowed`)
  const artifact = await putArtifact(stores.objects, { file }, { contentType: 'application/pdf', signal })
  return { source: path, name: basename(file), file: referenceOf(artifact) }
}

const refused = (path: string) => new PipelineError('PATH_REFUSED', `${path} lies outside the allowed folder`)

function inside(root: string, file: string): boolean {
  const way = relative(root, file)
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && resolve(root, way) === file
}

async function fetched(
  url: string,
  text: string | undefined,
  config: PdfConfig,
  context: Context,
): Promise<StoredDocument> {
  const { stores, http, signal, log } = context
  const known = await knownSource(stores.postgres, url)
  const name = text || fileName(url)
  const kept = known === undefined ? undefined : await stores.objects.head(artifactKey(known.sha256))
  const target = join(stores.scratch, `${randomUUID()}.part`)
  const retrievedAt = context.clock.now().toISOString()
  try {
    const got = await retry(
      requestPolicy(config, totalMs),
      async ({ signal: each }) => {
        const response = await http.request({
          url,
          headers: { accept: 'application/pdf,*/*;q=0.5' },
          signal: each,
          robots: true,
          paceMs: config.paceMs,
          maxBytes: config.maxBytes,
          totalTimeoutMs: totalMs,
          ...(config.contact === '' ? {} : { contact: config.contact }),
          ...(kept === undefined || known === undefined ? {} : { known }),
          explain: challengeError,
        })
        if (response.status === 304) {
          response.body.resume()
          return undefined
        }
        return await receive(response, target)
      },
      {
        signal,
        budget: http.retryBudget(url),
        onRetry: retryNotice(log, url),
      },
    )
    if (got === undefined && known !== undefined && kept !== undefined) {
      const file = { key: artifactKey(known.sha256), sha256: known.sha256, bytes: kept.bytes }
      return { source: url, name, retrievedAt, file }
    }
    if (got === undefined)
      throw new PipelineError('HTTP_304', `${url} says "not modified" of a file that was never fetched`)
    const artifact = await putArtifact(
      stores.objects,
      { file: target, move: true },
      { sha256: got.sha256, contentType: 'application/pdf', signal },
    )
    await noteSource(stores.postgres, url, { ...got, at: context.clock.now() })
    return { source: url, name, retrievedAt, file: referenceOf(artifact) }
  } finally {
    await rm(target, { force: true })
  }
}

/** The last part of an address, as people write it. */
function fileName(url: string): string {
  const name = basename(URL.parse(url)?.pathname ?? url)
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}

async function receive(
  response: Awaited<ReturnType<Context['http']['request']>>,
  target: string,
): Promise<{ sha256: string; etag: string; lastModified: string }> {
  const hash = createHash('sha256')
  const out = await open(target, 'w')
  try {
    for await (const chunk of response.body) {
      await out.write(chunk)
      hash.update(chunk)
    }
  } finally {
    response.body.destroy()
    await out.close()
  }
  const { etag = '', 'last-modified': lastModified = '' } = response.headers
  return { sha256: hash.digest('hex'), etag, lastModified }
}

const referenceOf = ({ key, sha256, bytes }: Artifact) => ({ key, sha256, bytes })

async function knownSource(
  db: Queryable,
  url: string,
): Promise<{ sha256: string; etag: string; lastModified: string } | undefined> {
  const { rows } = await db.query<{ sha256: string; etag: string; lastModified: string }>(
    'select sha256, etag, last_modified as "lastModified" from pipeline.document_source where url = $1',
    [url],
  )
  const [row] = rows
  return row !== undefined && (row.etag !== '' || row.lastModified !== '') ? row : undefined
}

async function noteSource(
  db: Queryable,
  url: string,
  { sha256, etag, lastModified, at }: { sha256: string; etag: string; lastModified: string; at: Date },
): Promise<void> {
  await db.query(
    `insert into pipeline.document_source (url, sha256, etag, last_modified, checked_at) values ($1, $2, $3, $4, $5)
     on conflict (url) do update set sha256 = excluded.sha256, etag = excluded.etag, last_modified = excluded.last_modified,
       checked_at = excluded.checked_at`,
    [url, sha256, etag, lastModified, at.toISOString()],
  )
}
