import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type ClientOptions, WebSocket } from 'ws'
import type { Scope } from '../../../lib/api/access/caller.ts'
import type { Gate } from '../../../lib/api/access/gate.ts'
import type { EventHub } from '../../../lib/api/events/hub.ts'
import { EventServer, type EventServerOptions, type SubscriberNotice } from '../../../lib/api/events/server.ts'
import { PipelineError } from '../../../lib/errors.ts'
import { memoryLog } from '../../runs/surroundings.ts'

/** A key of the double of a gate. */
export interface Key {
  id: string
  scopes: Scope[]
  expires?: Date
}

/** A gate that knows some keys, as `Authorization: Bearer`; what is deleted from them is revoked. */
export function gateOf(keys: Map<string, Key>): Gate & { asked: number } {
  return {
    asked: 0,
    async admit({ headers }, needs) {
      this.asked += 1
      const key = keys.get((headers.authorization ?? '').replace('Bearer ', ''))
      if (key === undefined) throw new PipelineError('API_UNKNOWN_CALLER', 'Who is that?')
      if (needs !== undefined && !key.scopes.includes(needs)) throw new PipelineError('API_SCOPE', `needs ${needs}`)
      const caller = { id: `key:${key.id}`, name: key.id, scopes: new Set(key.scopes) }
      return { caller: { ...caller, ...(key.expires === undefined ? {} : { expires: key.expires }) }, headers: {} }
    },
    admitAnyone: async () => undefined,
    cors: () => ({}),
  }
}

/** Serves the events of a hub at `/ws` of a server of its own. */
export async function serve(hub: EventHub, gate: Gate, more: Partial<EventServerOptions> = {}, port = 0) {
  const notices: SubscriberNotice[] = []
  const events = new EventServer({
    hub: async () => hub,
    gate,
    log: memoryLog(),
    maxSubscribers: 2_000,
    maxPerCaller: 2_000,
    notice: (notice) => notices.push(notice),
    ...more,
  })
  const http = createServer((_, response) => response.end())
  http.on('upgrade', (incoming, socket, head) => {
    const headers = Object.fromEntries(
      Object.entries(incoming.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
    )
    const address = incoming.socket.remoteAddress ?? ''
    events.upgrade({ headers, address, query: new URLSearchParams() }, incoming, socket, head)
  })
  await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve))
  const { port: taken } = addressOf(http.address())
  return {
    url: `ws://127.0.0.1:${taken}/ws`,
    events,
    notices,
    async close() {
      await events.close()
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
    },
  }
}

function addressOf(address: AddressInfo | string | null): AddressInfo {
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address
}

/** A message of the server. */
export interface Told {
  type: string
  position?: number
  code?: string
  topic?: { type: string; subject: string }
  [more: string]: unknown
}

/** A subscriber; `first` is sent as soon as it is connected. */
export function connect(url: string, first?: unknown, protocols: string[] = [], options: ClientOptions = {}) {
  const client = new WebSocket(url, protocols, options)
  const got: Told[] = []
  const closed = Promise.withResolvers<{ code: number; reason: string }>()
  const seen = {
    client,
    got,
    code: 0,
    closed: closed.promise,
    send: (message: unknown) => client.send(typeof message === 'string' ? message : JSON.stringify(message)),
    events: () => got.filter(({ type }) => type === 'event'),
    last: () => got.findLast(({ position }) => position !== undefined)?.position ?? 0,
  }
  client.on('open', () => {
    if (first !== undefined) seen.send(first)
  })
  client.on('message', (data) => got.push(JSON.parse(data.toString())))
  client.on('error', () => undefined)
  client.on('close', (code, reason) => {
    seen.code = code
    closed.resolve({ code, reason: reason.toString() })
  })
  return seen
}
