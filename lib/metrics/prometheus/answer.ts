import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Access } from './access.ts'
import type { Exposition } from './exposition.ts'

const plain = {
  'content-type': 'text/plain; charset=utf-8',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
}
const words: Readonly<Record<number, string>> = {
  401: 'The metrics need their bearer token (YSH_METRICS_TOKEN, or that of the node ysh-metrics)\n',
  403: 'The metrics answer this machine only; the node ysh-metrics, or the worker, can be set to ask for a token instead\n',
  404: 'There is nothing here\n',
  405: 'GET or HEAD\n',
  500: 'The metrics could not be put together; the log says why\n',
}

/** What answers a scrape. */
export interface Answering {
  access: Access
  scrape(openMetrics: boolean): Promise<Exposition>
  /** Told of what should never happen. */
  trouble(error: unknown): void
}

/** Answers one request; `path` is what stands below the metrics' own path. */
export function answerScrape(
  { access, scrape, trouble }: Answering,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): void {
  const refuse = (status: number, headers: Record<string, string> = {}) => {
    response.writeHead(status, { ...plain, ...headers }).end(words[status])
  }
  response.removeHeader('x-powered-by')
  const answer = async () => {
    const allowed = await access(request)
    if (allowed === 401) return refuse(401, { 'www-authenticate': 'Bearer realm="metrics"' })
    if (allowed === 403) return refuse(403)
    if (path !== '' && path !== '/') return refuse(404)
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(405, { allow: 'GET, HEAD' })
    const { contentType, text } = await scrape(/application\/openmetrics-text/.test(request.headers.accept ?? ''))
    const length = Buffer.byteLength(text)
    response.writeHead(200, { ...plain, 'content-type': contentType, 'content-length': length })
    response.end(request.method === 'HEAD' ? undefined : text)
  }
  answer().catch((error: unknown) => {
    trouble(error)
    refuse(500)
  })
}

/** A server that listens; see {@link listenAt}. */
export type Listening = Server

/** A server of its own for the metrics; without `host` everybody may connect. Rejects when the port is taken. */
export async function listenAt(
  { port, host, path }: { port: number; host?: string; path: string },
  answering: Answering,
): Promise<Listening> {
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 10_000 }, (request, response) => {
    const asked = URL.parse(request.url ?? '/', 'http://localhost')?.pathname ?? '/'
    answerScrape(
      answering,
      request,
      response,
      asked.startsWith(path) ? asked.slice(path.length) : asked.slice(1) || 'x',
    )
  })
  server.maxConnections = 50
  const listening = Promise.withResolvers<void>()
  server.once('error', listening.reject)
  server.listen(port, host, listening.resolve)
  await listening.promise
  server.on('error', answering.trouble)
  return server
}
