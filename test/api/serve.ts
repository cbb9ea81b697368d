import { once } from 'node:events'
import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Caller, type Scope, scopes } from '../../lib/api/access/caller.ts'
import type { Gate } from '../../lib/api/access/gate.ts'
import type { Api } from '../../lib/api/api.ts'
import type { ApiRequest } from '../../lib/api/http.ts'
import { PipelineError } from '../../lib/errors.ts'

/** Lets in whoever names one of these keys; CORS for one origin. */
export function gateOf(keys: Record<string, readonly Scope[]> = { all: scopes }): Gate {
  return {
    async admit({ headers }, needs) {
      const key = headers['x-api-key'] ?? ''
      const allowed = keys[key]
      if (allowed === undefined) throw new PipelineError('API_UNKNOWN_CALLER', 'Send a key')
      if (needs !== undefined && !allowed.includes(needs)) throw new PipelineError('API_SCOPE', `${needs} is needed`)
      const caller: Caller = { id: `key:${key}`, name: key, scopes: new Set(allowed) }
      return { caller, headers: { 'ratelimit-remaining': '99' } }
    },
    admitAnyone: async () => {},
    cors({ headers, method }) {
      if (headers.origin !== 'https://page.example') return {}
      const preflight = method === 'OPTIONS' ? { 'access-control-allow-methods': 'GET' } : {}
      return { 'access-control-allow-origin': headers.origin, vary: 'origin', ...preflight }
    },
  }
}

/** A request without a server. */
export function requestOf(target: string, more: Partial<ApiRequest> = {}): ApiRequest {
  const [path = '', query = ''] = target.split('?', 2)
  return {
    ...{ method: 'GET', path, query: new URLSearchParams(query), address: '127.0.0.1', body: new Uint8Array() },
    signal: new AbortController().signal,
    ...more,
    headers: { 'x-api-key': 'all', ...more.headers },
  }
}

/** The API on a port of its own, as simple as it can be: Node-RED's way in has tests of its own. */
export async function serve(api: Api): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer(async (incoming, outgoing) => {
    const gone = new AbortController()
    outgoing.on('close', () => gone.abort())
    const { pathname, searchParams } = new URL(incoming.url ?? '', 'http://localhost')
    const headers = Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]))
    const {
      status,
      headers: answer,
      body,
    } = await api.handle({
      ...{ method: incoming.method ?? '', path: pathname, query: searchParams, headers, address: '127.0.0.1' },
      ...{ body: new Uint8Array(), signal: gone.signal },
    })
    outgoing.writeHead(status, answer)
    if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) outgoing.end(body)
    else
      await pipeline(Readable.from(body, { objectMode: false, highWaterMark: 65_536 }), outgoing).catch(() => undefined)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
