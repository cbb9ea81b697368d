import { createHash } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { createGzip, gzipSync } from 'node:zlib'
import { challenges, scriptOnly, type Vendor } from './challenge.ts'
import { pages } from './pages.ts'

/** A way of answering wrong. */
export type Kind =
  | { kind: 'challenge'; vendor: Vendor }
  | { kind: 'script-only' }
  /** HTML without end, up to so many bytes; default 50 MiB. */
  | { kind: 'large'; bytes?: number }
  /** A small body that unpacks to so many bytes; default 200 MiB. */
  | { kind: 'gzip-bomb'; bytes?: number }
  /** The page, compressed: not wrong at all. */
  | { kind: 'gzip' }
  | { kind: 'redirect-loop' }
  | { kind: 'redirect'; to: string }
  /** `latin1`: ISO-8859-1 that says it is UTF-8; `utf-8`: the other way round. */
  | { kind: 'wrong-charset'; bytes: 'latin1' | 'utf-8' }
  /** So many bytes a second; 0: nothing after the headers. */
  | { kind: 'slow'; bytesPerSecond: number }
  | { kind: 'status'; status: number }
  /** 503, with Retry-After in seconds where given. */
  | { kind: 'unavailable'; retryAfter?: number }
  | { kind: 'empty' }
  /** The first bytes of a picture, declared as a page. */
  | { kind: 'binary' }
  /** The connection is destroyed in the middle of the page. */
  | { kind: 'cut' }

/** What goes wrong, on which paths, and how often; by default on all pages, until it is removed. */
export type Rule = Kind & { match?: string; times?: number }

/** A rule in force. */
export interface Force {
  /** How many answers it has spoilt. */
  readonly applied: number
  remove(): void
}

/** A request that arrived. */
export interface Logged {
  method: string
  path: string
  headers: IncomingHttpHeaders
  status: number
}

/** A running server of test pages. */
export interface PageServer {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string
  readonly requests: Logged[]
  /** Text of /robots.txt; undefined is 404. */
  robots: string | undefined
  /** Address of a test page; in ISO-8859-1 when asked for. */
  address(name: string, charset?: 'latin1'): string
  /** Puts other HTML in a page's place. */
  put(name: string, html: string): void
  /** Serves a PDF at a path, such as one that a page links to. */
  putDocument(path: string, bytes: Buffer): void
  misbehave(rule: Rule): Force
  /** All rules out of force, requests forgotten. */
  clear(): void
  close(): Promise<void>
}

/** A page as ISO-8859-1: what the set lacks becomes a character reference, the declaration says so. */
export function latin1(html: string): { bytes: Buffer; type: string } {
  const text = html
    .replace('<meta charset="utf-8">', '<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1">')
    .replace(/[^\0-\u00ff]/gu, (char) => `&#${char.codePointAt(0)};`)
  return { bytes: Buffer.from(text, 'latin1'), type: 'text/html; charset=ISO-8859-1' }
}

/** Serves the test pages over loopback, under the paths of their addresses. `?charset=latin1` gives the ISO-8859-1 twin. */
export async function startPages(options: { robots?: string } = {}): Promise<PageServer> {
  const html = new Map(pages().map((page) => [page.name, page.html]))
  const names = new Map(pages().map(({ name, page }) => [new URL(page.url).pathname, name]))
  const changed = new Map<string, Date>()
  const documents = new Map<string, Buffer>()
  const rules: { rule: Rule; applied: number }[] = []
  const requests: Logged[] = []
  const timers = new Set<NodeJS.Timeout>()

  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://pages')
    response.on('close', () =>
      requests.push({
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        status: response.statusCode,
      }),
    )
    if (pathname === '/robots.txt') {
      if (self.robots === undefined) send(response, 404, {}, 'Not found')
      else send(response, 200, { 'content-type': 'text/plain' }, self.robots)
      return
    }
    const document = documents.get(pathname)
    if (document !== undefined) {
      answer(request, response, { bytes: document, type: 'application/pdf' }, firstDay)
      return
    }
    const name = names.get(pathname)
    const body = name === undefined ? undefined : html.get(name)
    if (name === undefined || body === undefined) {
      send(response, 404, { 'content-type': 'text/html' }, '<h1>404</h1>')
      return
    }
    const page =
      searchParams.get('charset') === 'latin1'
        ? latin1(body)
        : { bytes: Buffer.from(body), type: 'text/html; charset=UTF-8' }
    const force = rules.find(
      ({ rule, applied }) =>
        applied < (rule.times ?? Number.POSITIVE_INFINITY) && (request.url ?? '').includes(rule.match ?? ''),
    )
    if (force === undefined) answer(request, response, page, changed.get(name) ?? firstDay)
    else {
      force.applied += 1
      spoil(force.rule, request, response, body, timers)
    }
  }

  const server = createServer(handle)
  await new Promise<void>((ready, fail) => {
    server.once('error', fail)
    server.listen(0, '127.0.0.1', ready)
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const self: PageServer = {
    url: `http://127.0.0.1:${port}`,
    requests,
    robots: options.robots,
    address(name, charset) {
      const [path] = [...names].find(([, each]) => each === name) ?? []
      if (path === undefined) throw new Error(`no test page ${name}`)
      return `${self.url}${path}${charset === undefined ? '' : `?charset=${charset}`}`
    },
    put(name, text) {
      html.set(name, text)
      changed.set(name, new Date(Math.floor(Date.now() / 1_000) * 1_000))
    },
    putDocument(path, bytes) {
      documents.set(path, bytes)
    },
    misbehave(rule) {
      const force = { rule, applied: 0 }
      rules.push(force)
      return {
        get applied() {
          return force.applied
        },
        remove: () => {
          const at = rules.indexOf(force)
          if (at >= 0) rules.splice(at, 1)
        },
      }
    },
    clear() {
      rules.length = 0
      requests.length = 0
    },
    async close() {
      for (const timer of timers) clearInterval(timer)
      server.closeAllConnections()
      await new Promise<void>((done) => server.close(() => done()))
    },
  }
  return self
}

const firstDay = new Date('2026-09-01T12:00:00Z')

function send(response: ServerResponse, status: number, headers: Record<string, string>, body: string | Buffer): void {
  response.writeHead(status, { ...headers, 'content-length': String(Buffer.byteLength(body)) }).end(body)
}

/** The page itself, or 304 to who has it. */
function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { bytes, type }: { bytes: Buffer; type: string },
  changed: Date,
): void {
  const etag = `"${createHash('sha256').update(bytes).digest('hex').slice(0, 20)}"`
  const headers = { 'content-type': type, etag, 'last-modified': changed.toUTCString(), 'cache-control': 'no-cache' }
  const { 'if-none-match': match, 'if-modified-since': since } = request.headers
  const held =
    match === undefined ? since !== undefined && new Date(since) >= changed : match.split(/,\s*/).includes(etag)
  if (held) response.writeHead(304, headers).end()
  else send(response, 200, headers, request.method === 'HEAD' ? '' : bytes)
}

const type = { 'content-type': 'text/html; charset=UTF-8' }
const mebi = 1_048_576

function spoil(
  rule: Rule,
  request: IncomingMessage,
  response: ServerResponse,
  html: string,
  timers: Set<NodeJS.Timeout>,
): void {
  switch (rule.kind) {
    case 'challenge': {
      const { status, headers, html: page } = challenges[rule.vendor]
      send(response, status, { ...type, ...headers }, page)
      break
    }
    case 'script-only':
      send(response, 200, type, scriptOnly)
      break
    case 'large':
      endless(response, rule.bytes ?? 50 * mebi)
      break
    case 'gzip-bomb':
      bomb(response, rule.bytes ?? 200 * mebi)
      break
    case 'gzip':
      send(response, 200, { ...type, 'content-encoding': 'gzip' }, gzipSync(html))
      break
    case 'redirect-loop': {
      const next = (request.url ?? '').endsWith('round') ? (request.url ?? '').slice(0, -6) : `${request.url}?round`
      send(response, 302, { location: next }, '')
      break
    }
    case 'redirect':
      send(response, 302, { location: rule.to }, '')
      break
    case 'wrong-charset':
      if (rule.bytes === 'latin1') send(response, 200, type, latin1(html.replace('<meta charset="utf-8">', '')).bytes)
      else send(response, 200, { 'content-type': 'text/html; charset=ISO-8859-1' }, html)
      break
    case 'slow':
      drip(response, Buffer.from(html), rule.bytesPerSecond, timers)
      break
    case 'status':
      send(response, rule.status, type, `<h1>${rule.status}</h1>`)
      break
    case 'unavailable': {
      const wait = rule.retryAfter === undefined ? {} : { 'retry-after': String(rule.retryAfter) }
      send(response, 503, { ...type, ...wait }, '<h1>Em manutenção</h1>')
      break
    }
    case 'empty':
      send(response, 200, type, '')
      break
    case 'binary':
      send(response, 200, type, Buffer.from('89504e470d0a1a0a0000000d49484452ff00fe01', 'hex'))
      break
    case 'cut': {
      response.writeHead(200, { ...type, 'content-length': String(Buffer.byteLength(html)) })
      response.write(html.slice(0, html.length / 2), () => response.destroy())
    }
  }
}

/** Rows without end, as fast as they are taken. */
function endless(response: ServerResponse, bytes: number): void {
  response.writeHead(200, type)
  const chunk = Buffer.from(`<table>${'<tr><td>linha</td><td>0,65313</td></tr>\n'.repeat(1_500)}</table>`)
  let left = bytes
  const more = (): void => {
    while (left > 0 && !response.destroyed) {
      left -= chunk.length
      if (!response.write(chunk)) {
        response.once('drain', more)
        return
      }
    }
    if (!response.destroyed) response.end()
  }
  more()
}

function bomb(response: ServerResponse, bytes: number): void {
  response.writeHead(200, { ...type, 'content-encoding': 'gzip' })
  const gzip = createGzip({ level: 1 })
  gzip.pipe(response)
  response.on('close', () => gzip.destroy())
  const chunk = Buffer.alloc(mebi, ' ')
  let left = bytes
  const more = (): void => {
    while (left > 0 && !gzip.destroyed) {
      left -= chunk.length
      if (!gzip.write(chunk)) {
        gzip.once('drain', more)
        return
      }
    }
    if (!gzip.destroyed) gzip.end()
  }
  more()
}

function drip(response: ServerResponse, bytes: Buffer, perSecond: number, timers: Set<NodeJS.Timeout>): void {
  response.writeHead(200, { ...type, 'content-length': String(bytes.length) })
  response.flushHeaders()
  let at = 0
  const step = Math.max(1, Math.floor(perSecond / 20))
  const timer = setInterval(() => {
    if (perSecond > 0) response.write(bytes.subarray(at, at + step))
    if (perSecond > 0) at += step
    if (at >= bytes.length || response.destroyed) {
      clearInterval(timer)
      timers.delete(timer)
      response.end()
    }
  }, 50)
  timers.add(timer)
}
