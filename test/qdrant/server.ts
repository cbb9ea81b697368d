import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import { QdrantApi } from './api-schemas.ts'
import { type Body, Engine, Refusal } from './engine.ts'

/** An answer of the test's own in place of the engine's; `hang` for none at all. */
export type Instead = { status: number; body: unknown; headers?: Record<string, string> } | 'hang' | undefined

/**
 * A double of Qdrant: no Qdrant, but an HTTP server that holds every request and every answer against Qdrant's API description and works in
 * memory. What it does not know it refuses with 501.
 */
export interface QdrantDouble {
  url: string
  engine: Engine
  /** Where a request or an answer of the engine did not fit the API's description. */
  violations: string[]
  /** Names of the operations, in the order in which they came. */
  operations: string[]
  /** Looked at before the engine. */
  instead: ((operation: string, request: IncomingMessage) => Instead) | undefined
  stop(): Promise<void>
}

let api: QdrantApi | undefined

/** Starts a double on a free port of 127.0.0.1. */
export async function startQdrantDouble({ apiKey }: { apiKey?: string } = {}): Promise<QdrantDouble> {
  api ??= new QdrantApi()
  const known = api
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      double.violations.push(`the double failed: ${String(error)}`)
      response.destroy()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const double: QdrantDouble = {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    engine: new Engine(),
    violations: [],
    operations: [],
    instead: undefined,
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const send = (status: number, body: unknown, headers: Record<string, string> = {}): void => {
      if (typeof body === 'string') response.writeHead(status, headers).end(body)
      else response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
    }
    const refuse = (status: number, error: string) => send(status, { status: { error }, time: 0.001 })
    const { pathname } = new URL(request.url ?? '/', double.url)
    const found = known.find(request.method ?? '', pathname)
    if (found === undefined) {
      double.violations.push(`no such operation: ${request.method} ${pathname}`)
      return send(404, '')
    }
    const { operation, parts } = found
    double.operations.push(operation.name)
    // Unread bodies of a hanging request must not hold its connection back.
    const body: unknown = request.headers['content-length'] === undefined ? undefined : await json(request)
    const instead = double.instead?.(operation.name, request)
    if (instead === 'hang') return
    if (instead !== undefined) return send(instead.status, instead.body, instead.headers)
    if (apiKey !== undefined && request.headers['api-key'] !== apiKey) {
      return send(401, `Invalid API key or JWT: ${request.headers['api-key']}`)
    }
    const wrong = operation.request(body)
    if (wrong.length > 0) {
      double.violations.push(`${operation.name}: ${wrong.join('; ')}`)
      return refuse(400, `Format error in JSON body: ${wrong[0]}`)
    }
    try {
      const given: Body = Object(body)
      const result = double.engine.run(operation.name, decodeURIComponent(parts[0] ?? ''), given)
      const answer = { result, status: 'ok', time: 0.001 }
      const odd = operation.response(JSON.parse(JSON.stringify(answer)))
      if (odd.length > 0) double.violations.push(`answer of ${operation.name}: ${odd.join('; ')}`)
      send(200, answer)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      if (error.status === 501) double.violations.push(error.message)
      refuse(error.status, error.message)
    }
  }

  return double
}
