import { once } from 'node:events'
import { WebSocket } from 'ws'

/** What Node-RED tells open editors: debug messages, status, notifications. */
export interface Comms {
  /** Messages by topic, as text. */
  readonly got: Map<string, string>
  close(): void
}

/** Listens as an editor does that somebody has logged in to. */
export async function listenAsEditor(url: string, token: string): Promise<Comms> {
  const got = new Map<string, string>()
  const socket = new WebSocket(`${url.replace('http', 'ws')}/comms`)
  socket.on('message', (data: Buffer) => {
    const told: unknown = JSON.parse(data.toString('utf8'))
    for (const each of [told].flat()) {
      const { topic, data: said }: { topic?: string; data?: unknown } = Object(each)
      if (topic !== undefined) got.set(topic, `${got.get(topic) ?? ''}${JSON.stringify(said)}\n`)
    }
  })
  await once(socket, 'open', { signal: AbortSignal.timeout(30_000) })
  socket.send(JSON.stringify({ auth: token }))
  await once(socket, 'message', { signal: AbortSignal.timeout(30_000) })
  for (const subscribe of ['debug', 'status/#', 'notification/#']) socket.send(JSON.stringify({ subscribe }))
  return { got, close: () => socket.close() }
}
