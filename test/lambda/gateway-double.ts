import { createServer } from 'node:http'
import type { Told } from '../api/events/serving.ts'

/** The management API of an API Gateway WebSocket API. */
export interface GatewayDouble {
  /** `http://HOST/STAGE`, as YSH_API_EVENTS_ENDPOINT. */
  endpoint: string
  /** What came for a connection, in order. */
  told(id: string): Told[]
  /** Connections that were ended from our side. */
  ended: string[]
  /** A connection has gone: 410 from here on. */
  go(id: string): void
  /** The buffer of a connection is full: so many posts get 429. */
  fill(id: string, times: number): void
  /** Each answer comes so much later, in milliseconds. */
  slow(ms: number): void
  close(): Promise<void>
}

/** Starts one on loopback. A request without a signature for `execute-api`, or for another path, is refused as AWS does. */
export async function startGateway(): Promise<GatewayDouble> {
  const told = new Map<string, Told[]>()
  const gone = new Set<string>()
  const full = new Map<string, number>()
  const ended: string[] = []
  let later = 0
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(Buffer.from(part))
    const body = Buffer.concat(parts)
    if (later > 0) await new Promise((resolve) => setTimeout(resolve, later))
    const answer = (status: number, type?: string) => {
      const headers = {
        'content-type': 'application/json',
        ...(type === undefined ? {} : { 'x-amzn-errortype': type }),
      }
      response.writeHead(status, headers)
      response.end(type === undefined ? '' : JSON.stringify({ message: type }))
    }
    const isSigned = /^AWS4-HMAC-SHA256 .*\/execute-api\/aws4_request/.test(request.headers.authorization ?? '')
    const [, name] = /^\/prod\/@connections\/([^/]+)$/.exec(new URL(request.url ?? '', 'http://x').pathname) ?? []
    if (!isSigned || name === undefined) return answer(403, 'ForbiddenException')
    const id = decodeURIComponent(name)
    if (gone.has(id)) return answer(410, 'GoneException')
    if (request.method === 'DELETE') {
      ended.push(id)
      gone.add(id)
      return answer(204)
    }
    if (request.method !== 'POST') return answer(403, 'ForbiddenException')
    if (body.length > 128 * 1024) return answer(413, 'PayloadTooLargeException')
    const left = full.get(id) ?? 0
    if (left > 0) {
      full.set(id, left - 1)
      return answer(429, 'LimitExceededException')
    }
    told.set(id, [...(told.get(id) ?? []), JSON.parse(body.toString())])
    answer(200)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    endpoint: `http://127.0.0.1:${port}/prod`,
    told: (id) => told.get(id) ?? [],
    ended,
    go: (id) => void gone.add(id),
    fill: (id, times) => void full.set(id, times),
    slow: (ms) => {
      later = ms
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
