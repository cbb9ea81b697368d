import { createReadStream } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { StoredFile } from './files/store.ts'
import type { Misbehaviour } from './misbehave.ts'

/** A body with its headers: what a rule about bodies can spoil. */
export interface Body {
  status: number
  headers: Record<string, string>
  length: number
  stream: () => Readable
}

/** A body from bytes. */
export function bytesBody(status: number, headers: Record<string, string>, bytes: Buffer): Body {
  return { status, headers, length: bytes.length, stream: () => Readable.from([bytes]) }
}

/** What a body is sent over. */
export interface Outlet {
  request: IncomingMessage
  response: ServerResponse
  head(status: number, headers: Record<string, string>): void
}

/** Sends a body, spoilt by `rule` when there is one. Ends when the answer has ended or its connection is gone. */
export async function sendBody(outlet: Outlet, body: Body, rule?: Misbehaviour): Promise<void> {
  const { request, response } = outlet
  const declared = body.length + (rule?.kind === 'wrong-length' ? (rule.by ?? 1000) : 0)
  const headers: Record<string, string> = { ...body.headers, 'content-length': String(Math.max(0, declared)) }
  if (rule?.kind === 'wrong-length') headers.connection = 'close'
  outlet.head(body.status, headers)
  if (request.method === 'HEAD') {
    response.end()
    return
  }
  const cutAfter = rule?.kind === 'cut' ? (rule.after ?? Math.floor(body.length / 2)) : undefined
  const stallAfter = rule?.kind === 'slow' ? rule.stallAfter : undefined
  let left = cutAfter ?? (rule?.kind === 'wrong-length' ? declared : Number.POSITIVE_INFINITY)
  let sent = 0
  for await (const piece of body.stream()) {
    let chunk: Buffer = piece
    if (stallAfter !== undefined && sent < stallAfter && sent + chunk.length >= stallAfter) {
      await put(response, chunk.subarray(0, stallAfter - sent))
      chunk = chunk.subarray(stallAfter - sent)
      sent = stallAfter
      await pause(response, rule?.kind === 'slow' ? rule.stallMs : undefined)
    }
    if (chunk.length > left) {
      await put(response, chunk.subarray(0, left))
      left = 0
    } else if (rule?.kind === 'slow' && rule.bytesPerSecond !== undefined) {
      await trickle(response, chunk, rule.bytesPerSecond)
    } else {
      await put(response, chunk)
      left -= chunk.length
    }
    sent += chunk.length
    if (left <= 0 || response.destroyed) break
  }
  if (cutAfter !== undefined) {
    await flushed(response)
    response.destroy()
  } else if (rule?.kind === 'wrong-length') {
    // Ending properly would leave the client waiting for bytes that never come: the connection closes instead.
    await flushed(response)
    response.socket?.end()
  } else response.end()
}

/** Writes and waits until there is room again, or the client is gone. */
async function put(response: ServerResponse, chunk: Buffer): Promise<void> {
  if (chunk.length === 0 || response.destroyed || response.write(chunk)) return
  await either(response, (done) => {
    response.once('drain', done)
    return () => response.off('drain', done)
  })
}

/** Waits until what was written has left for the network. */
async function flushed(response: ServerResponse): Promise<void> {
  await either(response, (done) => {
    response.write('', () => done())
    return () => undefined
  })
}

/** Sends ten pieces a second. */
async function trickle(response: ServerResponse, chunk: Buffer, bytesPerSecond: number): Promise<void> {
  const piece = Math.max(1, Math.floor(bytesPerSecond / 10))
  for (let at = 0; at < chunk.length && !response.destroyed; at += piece) {
    await put(response, chunk.subarray(at, at + piece))
    await pause(response, 100)
  }
}

/** Waits for a time, or for ever when there is none; ends early when the client is gone. */
async function pause(response: ServerResponse, ms: number | undefined): Promise<void> {
  await either(response, (done) => {
    const timer = ms === undefined ? undefined : setTimeout(done, ms)
    return () => clearTimeout(timer)
  })
}

/** Waits for what `start` waits for, or for the end of the connection; then `start`'s clean-up runs. */
async function either(response: ServerResponse, start: (done: () => void) => () => void): Promise<void> {
  if (response.destroyed) return
  await new Promise<void>((resolve) => {
    const done = (): void => {
      response.off('close', done)
      stop()
      resolve()
    }
    response.once('close', done)
    const stop = start(done)
  })
}

/** What identifies a served file to a cache. */
export interface Stamp {
  /** `"<mtime>-<size>-<adler32 of the path>"`, as Werkzeug makes it: not a hash of the content. */
  etag: string
  lastModified: string
  /** Whole seconds. */
  seconds: number
}

/** The stamp of a file from its moment of modification (naive UTC with microseconds). */
export function stampOf(path: string, size: number, modified: string): Stamp {
  const [whole = '', micros = '0'] = modified.split('.')
  const seconds = Date.parse(`${whole}Z`) / 1000
  return {
    etag: `"${seconds + Number(micros) / 1_000_000}-${size}-${adler32(path)}"`,
    lastModified: new Date(seconds * 1000).toUTCString(),
    seconds,
  }
}

function adler32(text: string): number {
  let a = 1
  let b = 0
  for (const byte of Buffer.from(text, 'utf8')) {
    a = (a + byte) % 65_521
    b = (b + a) % 65_521
  }
  return ((b << 16) | a) >>> 0
}

/** Whether a conditional request is answered by 304: If-None-Match decides when there is one. */
export function unchanged(request: IncomingMessage, stamp: Stamp): boolean {
  const match = request.headers['if-none-match']
  if (match !== undefined) {
    return match === '*' || match.split(',').some((tag) => tag.trim().replace(/^W\//, '') === stamp.etag)
  }
  const since = Date.parse(request.headers['if-modified-since'] ?? '')
  return !Number.isNaN(since) && stamp.seconds * 1000 <= since
}

/** The wanted part of a file: all of it, a range, or none that exists. */
export function rangeOf(
  request: IncomingMessage,
  stamp: Stamp,
  size: number,
): { start: number; end: number } | 'all' | 'none' {
  const match = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? '')
  if (match === null || (match[1] === '' && match[2] === '')) return 'all'
  const condition = request.headers['if-range']
  if (condition !== undefined && condition !== stamp.etag && Date.parse(String(condition)) / 1000 !== stamp.seconds)
    return 'all'
  const [, from = '', to = ''] = match
  const start = from === '' ? Math.max(0, size - Number(to)) : Number(from)
  const end = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1)
  return start >= size || end < start ? 'none' : { start, end }
}

/** A file, or a part of it, as a body. */
export function fileBody(
  file: StoredFile,
  headers: Record<string, string>,
  part: { start: number; end: number } | 'all',
): Body {
  if (part === 'all') return { status: 200, headers, length: file.size, stream: () => createReadStream(file.path) }
  const { start, end } = part
  return {
    status: 206,
    headers: { ...headers, 'content-range': `bytes ${start}-${end}/${file.size}` },
    length: end - start + 1,
    stream: () => createReadStream(file.path, { start, end }),
  }
}
