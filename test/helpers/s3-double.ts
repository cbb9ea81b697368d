import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'

/** An object as the double keeps it. */
interface Kept {
  bytes: Buffer
  etag: string
  modified: Date
  headers: Record<string, string>
  storageClass: string
  sha256: string | undefined
  /** Undefined: never asked for. */
  restore?: { ongoing: boolean; until: Date }
}

/** A refusal that the double gives instead of doing what it is asked. */
export interface Refusal {
  status: number
  code: string
  message?: string
}

/** A double of S3 for what emulators leave out: conditional puts, storage classes, restore, lifecycle rules, byte order of lists. */
export interface S3Double {
  readonly endpoint: string
  /** Requests so far, `PUT /bucket/key?x`. */
  readonly requests: string[]
  readonly objects: Map<string, Kept>
  readonly uploads: Map<string, unknown>
  /** The rules of a bucket, as XML. */
  readonly lifecycle: Map<string, string>
  /** Asked before each request; an answer is what the client gets, `cut` closes the connection. */
  refuse: (line: string) => Refusal | 'cut' | undefined
  /** Ends the restore of an object. */
  restored(path: string, until?: Date): void
  close(): Promise<void>
}

const archived = new Set(['GLACIER', 'DEEP_ARCHIVE'])
const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
const base64 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('base64')

/** Starts the double with these buckets. Paths in `objects` are `bucket/key`. */
export async function startS3Double(...buckets: string[]): Promise<S3Double> {
  const objects = new Map<string, Kept>()
  const uploads = new Map<string, { path: string; headers: Record<string, string>; parts: Map<number, Buffer> }>()
  const lifecycle = new Map<string, string>()
  const requests: string[] = []
  const double = {
    refuse: (_line: string): Refusal | 'cut' | undefined => undefined,
  }

  function put(path: string, bytes: Buffer, sent: Record<string, string>, sha256: string | undefined, etag?: string) {
    const { 'x-amz-storage-class': storageClass = 'STANDARD', ...headers } = sent
    const kept: Kept = {
      ...{ bytes, headers, storageClass, sha256, modified: new Date() },
      etag: `"${etag ?? createHash('md5').update(bytes).digest('hex')}"`,
    }
    objects.set(path, kept)
    return kept
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // not by URL, which would resolve the `..` that a key may have
    const [pathname = '/', search = ''] = (request.url ?? '/').split('?')
    const path = decodeURIComponent(pathname.slice(1))
    const query = new URLSearchParams(search)
    const { method = '' } = request
    const line = `${method} ${request.url}`
    const body = await buffer(request)
    requests.push(line)
    const xml = (status: number, text: string) => {
      response.writeHead(status, { 'content-type': 'application/xml' })
      response.end(method === 'HEAD' ? undefined : `<?xml version="1.0" encoding="UTF-8"?>${text}`)
    }
    const refuse = ({ status, code, message = code }: Refusal) =>
      xml(status, `<Error><Code>${code}</Code><Message>${escaped(message)}</Message></Error>`)
    const refusal = double.refuse(line)
    if (refusal === 'cut') return void request.socket.destroy()
    if (refusal !== undefined) return refuse(refusal)
    if (request.headers.authorization === undefined) return refuse({ status: 403, code: 'AccessDenied' })

    const [bucket = ''] = path.split('/')
    if (!buckets.includes(bucket)) return refuse({ status: 404, code: 'NoSuchBucket' })
    const key = path.slice(bucket.length + 1)
    if (key === '') {
      if (query.has('lifecycle')) return rules(method, bucket, body, xml, refuse)
      if (method === 'HEAD') return xml(200, '')
      return list(bucket, query, xml)
    }
    const sent = Object.fromEntries(
      Object.entries(request.headers).flatMap(([name, value]) =>
        /^(content-type|x-amz-meta-.*|x-amz-storage-class)$/.test(name) && typeof value === 'string'
          ? [[name, value]]
          : [],
      ),
    )
    const given = request.headers['x-amz-checksum-sha256']
    if (typeof given === 'string' && given !== base64(body)) return refuse({ status: 400, code: 'BadDigest' })
    const taken = request.headers['if-none-match'] === '*' && objects.has(path)
    const uploadId = query.get('uploadId') ?? ''

    if (method === 'POST' && query.has('uploads')) {
      const id = randomUUID()
      uploads.set(id, { path, headers: sent, parts: new Map() })
      return xml(200, `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`)
    }
    if (uploadId !== '') {
      const upload = uploads.get(uploadId)
      if (upload === undefined) return refuse({ status: 404, code: 'NoSuchUpload' })
      if (method === 'PUT') {
        upload.parts.set(Number(query.get('partNumber')), body)
        response.writeHead(200, { etag: `"${createHash('md5').update(body).digest('hex')}"` })
        return void response.end()
      }
      if (method === 'DELETE') {
        uploads.delete(uploadId)
        response.writeHead(204)
        return void response.end()
      }
      if (taken) return refuse({ status: 412, code: 'PreconditionFailed' })
      const parts = [...upload.parts].toSorted(([a], [b]) => a - b).map(([, bytes]) => bytes)
      if (parts.slice(0, -1).some((part) => part.length < 5 * 1024 * 1024)) {
        return refuse({ status: 400, code: 'EntityTooSmall' })
      }
      const hashes = Buffer.concat(parts.map((part) => createHash('sha256').update(part).digest()))
      const md5s = Buffer.concat(parts.map((part) => createHash('md5').update(part).digest()))
      const etag = `${createHash('md5').update(md5s).digest('hex')}-${parts.length}`
      put(path, Buffer.concat(parts), upload.headers, `${base64(hashes)}-${parts.length}`, etag)
      uploads.delete(uploadId)
      return xml(200, `<CompleteMultipartUploadResult><ETag>"${etag}"</ETag></CompleteMultipartUploadResult>`)
    }
    if (method === 'PUT') {
      if (taken) return refuse({ status: 412, code: 'PreconditionFailed' })
      const { etag } = put(path, body, sent, typeof given === 'string' ? given : undefined)
      response.writeHead(200, { etag })
      return void response.end()
    }
    if (method === 'DELETE') {
      objects.delete(path)
      response.writeHead(204)
      return void response.end()
    }
    const kept = objects.get(path)
    if (kept === undefined) return refuse({ status: 404, code: 'NoSuchKey' })
    if (method === 'POST' && query.has('restore')) return restore(kept, refuse, xml)
    read(request, response, kept, refuse)
  }

  function restore(kept: Kept, refuse: (refusal: Refusal) => void, xml: (status: number, text: string) => void) {
    if (!archived.has(kept.storageClass)) return refuse({ status: 403, code: 'InvalidObjectState' })
    if (kept.restore?.ongoing === true) return refuse({ status: 409, code: 'RestoreAlreadyInProgress' })
    const again = kept.restore !== undefined
    kept.restore ??= { ongoing: true, until: new Date(0) }
    xml(again ? 200 : 202, '')
  }

  function read(request: IncomingMessage, response: ServerResponse, kept: Kept, refuse: (refusal: Refusal) => void) {
    const readable = !archived.has(kept.storageClass) || kept.restore?.ongoing === false
    if (request.method === 'GET' && !readable) return refuse({ status: 403, code: 'InvalidObjectState' })
    const headers: Record<string, string> = {
      ...kept.headers,
      etag: kept.etag,
      'last-modified': kept.modified.toUTCString(),
      'accept-ranges': 'bytes',
      ...(kept.storageClass === 'STANDARD' ? {} : { 'x-amz-storage-class': kept.storageClass }),
      ...(kept.sha256 !== undefined && request.headers['x-amz-checksum-mode'] === 'ENABLED'
        ? { 'x-amz-checksum-sha256': kept.sha256 }
        : {}),
      ...(kept.restore === undefined
        ? {}
        : {
            'x-amz-restore': kept.restore.ongoing
              ? 'ongoing-request="true"'
              : `ongoing-request="false", expiry-date="${kept.restore.until.toUTCString()}"`,
          }),
    }
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
    let { bytes } = kept
    if (range !== null) {
      const start = Number(range[1])
      if (start >= bytes.length) return refuse({ status: 416, code: 'InvalidRange' })
      const end = range[2] === '' ? bytes.length - 1 : Math.min(Number(range[2]), bytes.length - 1)
      headers['content-range'] = `bytes ${start}-${end}/${bytes.length}`
      bytes = bytes.subarray(start, end + 1)
    }
    response.writeHead(range === null ? 200 : 206, { ...headers, 'content-length': String(bytes.length) })
    response.end(request.method === 'HEAD' ? undefined : bytes)
  }

  function rules(
    method: string,
    bucket: string,
    body: Buffer,
    xml: (status: number, text: string) => void,
    refuse: (refusal: Refusal) => void,
  ) {
    if (method === 'PUT') {
      lifecycle.set(bucket, body.toString())
      return xml(200, '')
    }
    const known = lifecycle.get(bucket)
    if (known === undefined) return refuse({ status: 404, code: 'NoSuchLifecycleConfiguration' })
    xml(200, known.replace(/^<\?xml[^>]*\?>/, ''))
  }

  function list(bucket: string, query: URLSearchParams, xml: (status: number, text: string) => void) {
    const prefix = query.get('prefix') ?? ''
    const after = query.get('start-after') ?? ''
    const most = Number(query.get('max-keys') ?? 1000)
    const coded = (key: string) =>
      query.get('encoding-type') === 'url'
        ? encodeURIComponent(key).replaceAll('%2F', '/').replaceAll('%20', '+')
        : escaped(key)
    const order = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))
    const keys = [...objects.keys()]
      .filter((path) => path.startsWith(`${bucket}/${prefix}`))
      .map((path) => path.slice(bucket.length + 1))
      .filter((key) => order(key, after) > 0)
      .sort(order)
    const contents = keys.slice(0, most).map((key) => {
      const { bytes, etag, modified, storageClass } = objects.get(`${bucket}/${key}`) ?? { bytes: '', etag: '' }
      return `<Contents><Key>${coded(key)}</Key><Size>${bytes.length}</Size><ETag>${etag}</ETag><LastModified>${modified?.toISOString()}</LastModified><StorageClass>${storageClass}</StorageClass></Contents>`
    })
    const more = keys.length > most
    xml(
      200,
      `<ListBucketResult><EncodingType>${query.get('encoding-type') ?? ''}</EncodingType><IsTruncated>${more}</IsTruncated>${contents.join('')}</ListBucketResult>`,
    )
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return Object.assign(double, {
    endpoint: `http://127.0.0.1:${address.port}`,
    requests,
    objects,
    uploads,
    lifecycle,
    restored(path: string, until = new Date(Date.now() + 86_400_000)) {
      const kept = objects.get(path)
      if (kept === undefined) throw new Error(`no ${path}`)
      kept.restore = { ongoing: false, until }
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  })
}
