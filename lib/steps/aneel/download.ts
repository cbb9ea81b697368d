import { createHash, type Hash } from 'node:crypto'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { PipelineError } from '../../errors.ts'
import { failPoint } from '../../fail-point.ts'
import type { HttpClient, HttpResponse } from '../../net/http.ts'
import { type RetryPolicy, retry } from '../../runs/retry.ts'
import { needRoom, roomError } from '../../stores/room.ts'
import { sniffContainer } from '../dataset/load/source.ts'
import { requestPolicy } from '../requests.ts'
import type { Progress } from '../step.ts'
import type { Portal } from './fetch-schema.ts'

/** What the source said last time, for a conditional request. */
export interface Known {
  etag: string
  lastModified: string
}

/** A finished download, or the answer that there is nothing new. */
export type Download =
  | { outcome: 'not-modified' }
  | { outcome: 'downloaded'; file: string; bytes: number; sha256: string; etag: string; lastModified: string }

/** The largest file of the portal has 1.5 GB; more than this is no dataset. */
const mostBytes = 8 * 1024 ** 3

/** Surroundings of a download. */
export interface DownloadContext {
  http: HttpClient
  signal: AbortSignal
  progress(progress: Progress): void
  onRetry(notice: { attempt: number; error: PipelineError; delayMs: number }): void
}

/** The portal's retry policy, from its config. */
export const portalPolicy = (portal: Portal): RetryPolicy => requestPolicy(portal, portal.totalTimeoutMs)

interface Progressed {
  hash: Hash
  bytes: number
  etag: string
}

/**
 * Downloads a file to `file`, asking first whether it has changed. A connection that breaks goes on where it stopped when the
 * server allows it (`If-Range`), else from the start. The length is checked against Content-Length, the first bytes against
 * what a data file looks like. On any error the file is removed. Throws STORE_FULL before the first byte is written where a file of
 * known length does not fit, and STORE_READ_ONLY.
 */
export async function download(
  url: string,
  file: string,
  known: Known | undefined,
  portal: Portal,
  context: DownloadContext,
): Promise<Download> {
  let sofar: Progressed | undefined
  // Our own disk's fault: nothing that asking the host again would help with.
  let ours: PipelineError | undefined
  try {
    const got = await retry<Download | undefined>(
      portalPolicy(portal),
      async ({ signal }) => {
        const response = await ask(url, known, sofar, portal, context.http, signal)
        if (response.status === 304) {
          response.body.resume()
          return { outcome: 'not-modified' }
        }
        const resumed = response.status === 206 && sofar !== undefined
        if (!resumed || sofar === undefined) sofar = { hash: createHash('sha256'), bytes: 0, etag: '' }
        const progressed = sofar
        progressed.etag = response.headers.etag ?? ''
        ours = await receive(response, file, progressed, resumed, context)
        sofar = undefined
        if (ours !== undefined) return undefined
        return {
          outcome: 'downloaded',
          file,
          bytes: progressed.bytes,
          sha256: progressed.hash.digest('hex'),
          etag: response.headers.etag ?? '',
          lastModified: response.headers['last-modified'] ?? '',
        }
      },
      { signal: context.signal, onRetry: context.onRetry, budget: context.http.retryBudget(url) },
    )
    if (got === undefined) throw ours
    return got
  } catch (error) {
    await rm(file, { force: true })
    throw error
  }
}

async function ask(
  url: string,
  known: Known | undefined,
  sofar: Progressed | undefined,
  portal: Portal,
  http: HttpClient,
  signal: AbortSignal,
): Promise<HttpResponse> {
  const headers: Record<string, string> = {}
  // only a strong ETag proves that the rest belongs to the beginning
  const resume = sofar !== undefined && sofar.bytes > 0 && sofar.etag.startsWith('"')
  if (resume) {
    headers.range = `bytes=${sofar.bytes}-`
    headers['if-range'] = sofar.etag
  }
  const response = await http.request({
    url,
    headers,
    ...(known === undefined || resume ? {} : { known }),
    signal,
    accept: [304, 416],
    contact: portal.contact,
    maxBytes: mostBytes,
    connectTimeoutMs: portal.connectTimeoutMs,
    idleTimeoutMs: portal.idleTimeoutMs,
    totalTimeoutMs: portal.totalTimeoutMs,
  })
  if (response.status === 416) {
    response.body.destroy()
    const bytes = sofar?.bytes ?? 0
    if (sofar) sofar.etag = ''
    throw new PipelineError(
      'NET_LENGTH',
      `The server has no more than the ${bytes} bytes that arrived, though it had announced more`,
      {
        retryable: true,
        details: { bytes },
      },
    )
  }
  if (response.status === 206) {
    const start = /^bytes (\d+)-/.exec(response.headers['content-range'] ?? '')?.[1]
    if (!resume || Number(start) !== sofar.bytes) {
      response.body.destroy()
      if (sofar) sofar.etag = ''
      throw new PipelineError('NET_RANGE', 'The server answered with another part of the file than was asked for', {
        retryable: true,
      })
    }
  }
  return response
}

/** Writes the body to the file. Resolves with what our own disk has against it, if anything. */
async function receive(
  response: HttpResponse,
  file: string,
  progressed: Progressed,
  resumed: boolean,
  context: DownloadContext,
): Promise<PipelineError | undefined> {
  const length = response.headers['content-length']
  const expected = length === undefined ? undefined : Number(length) + (resumed ? progressed.bytes : 0)
  const left = expected === undefined ? 0 : expected - progressed.bytes
  let out: FileHandle | undefined
  let judged = resumed
  try {
    await needRoom(dirname(file), left, 'downloading')
    out = await open(file, resumed ? 'r+' : 'w')
    for await (const chunk of response.body) {
      if (!judged && chunk.length > 0) {
        sniffContainer(chunk)
        judged = true
      }
      await out.write(chunk, 0, chunk.length, progressed.bytes)
      progressed.hash.update(chunk)
      progressed.bytes += chunk.length
      failPoint('download')
      context.progress({
        phase: 'download',
        done: progressed.bytes,
        unit: 'bytes',
        ...(expected === undefined ? {} : { total: expected }),
      })
    }
    if (progressed.bytes === 0) sniffContainer(new Uint8Array(0))
    if (expected !== undefined && progressed.bytes !== expected) {
      throw new PipelineError('NET_LENGTH', `${progressed.bytes} bytes arrived, the server had announced ${expected}`, {
        retryable: true,
        details: { bytes: progressed.bytes, expected },
      })
    }
    await out.sync()
    return undefined
  } catch (error) {
    const full = error instanceof PipelineError && error.code === 'STORE_FULL' ? error : undefined
    const own = full ?? (await roomError(error, 'downloading', dirname(file), left))
    if (own === undefined) throw error
    return own
  } finally {
    response.body.destroy()
    await out?.close()
  }
}
