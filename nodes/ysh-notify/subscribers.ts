import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocketServer } from 'ws'
import { PipelineError } from '../../lib/errors.ts'
import { closeCodes, ServerSocket, type SocketLimits } from '../../lib/net/server-socket.ts'
import type { RunEngine } from '../../lib/runs/engine.ts'
import { parser, Type } from '../../lib/schema.ts'
import { reveal } from '../../lib/secrets/reveal.ts'
import { feedChannel, newestOf, readFeed } from '../../lib/steps/notify/feed.ts'
import type { Logger } from '../../lib/steps/step.ts'
import type { Red } from '../kit/red.ts'
import { onUpgrade } from '../kit/upgrade.ts'

/** Most subscribers of a node, those who have not shown their token yet among them. */
const maxSubscribers = 200
/** Entries read at once for a subscriber. */
const page = 20
/** Other processes' entries are seen at the latest after this. */
const lookMs = 5_000

const hellos = parser(
  Type.Object({ token: Type.String({ maxLength: 1_000 }), after: Type.Optional(Type.Integer({ minimum: 0 })) }),
  'The first message',
)

/** What {@link openSubscribers} needs. */
export interface SubscribersOptions {
  red: Pick<Red, 'server' | 'settings'>
  /** The engine, as soon as there is one. */
  engine(signal: AbortSignal): Promise<RunEngine>
  /** Name of the feed and last part of the address. */
  feed: string
  id: string
  /** What subscribers show, or a reference to it. */
  token: string
  log: Logger
  /** How patient it is with its subscribers. */
  limits?: SocketLimits
}

/**
 * Serves a feed by WebSocket on Node-RED's own server, at `<httpNodeRoot>/ysh/feed/<id>`. A subscriber first sends `{ token, after? }`; it gets
 * what came after that number, or only what comes from now on. Each is read for at its own pace, page by page from the table, so that a slow
 * one costs no memory and is cut after a while. `wake` says that there may be something new.
 */
export function openSubscribers(options: SubscribersOptions): { wake(): void; close(): void } {
  const { red, feed, id, token, log } = options
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 4_096, perMessageDeflate: false })
  const readers = new Set<ServerSocket>()
  const ended = new AbortController()
  let news = Promise.withResolvers<void>()
  const wake = () => {
    news.resolve()
    news = Promise.withResolvers()
  }
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (sockets.clients.size >= maxSubscribers) {
      socket.on('error', () => socket.destroy())
      socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n')
      return
    }
    sockets.handleUpgrade(request, socket, head, (client) => {
      const reader = new ServerSocket(client, options.limits)
      readers.add(reader)
      client.once('close', () => readers.delete(reader))
      serve(reader).catch((thrown: unknown) => {
        const error = PipelineError.from(thrown)
        if (reader.signal.aborted) return
        if (error.code !== 'SUBSCRIBER_SLOW') log.warn('A subscriber could not be served', { error })
        reader.close(error.code === 'SUBSCRIBER_SLOW' ? closeCodes.policy : closeCodes.later, error.code)
      })
    })
  }
  const deaf = onUpgrade(red, (path) => path === `/ysh/feed/${id}`, upgrade)
  options
    .engine(ended.signal)
    .then((engine) => engine.heard(feedChannel, wake, ended.signal))
    .catch((error: unknown) => {
      // every few seconds subscribers are looked after anyway
      if (!ended.signal.aborted) log.debug('The stores are not open yet', { error: PipelineError.from(error) })
    })

  async function serve(reader: ServerSocket): Promise<void> {
    const { signal } = reader
    const hello = readHello(await reader.first())
    if (hello === undefined || token === '' || !same(hello.token, await reveal(token, signal))) {
      reader.close(closeCodes.policy, 'token')
      return
    }
    reader.listen(() => undefined) // it has nothing more to say, but may
    const engine = await options.engine(AbortSignal.any([signal, ended.signal]))
    let after = hello.after ?? (await engine.read((q) => newestOf(q, feed)))
    reader.send(JSON.stringify({ subscribed: true, after }))
    for (;;) {
      const next = news.promise
      const entries = await engine.read((q) => readFeed(q, feed, after, page))
      for (const entry of entries) {
        if (!reader.send(JSON.stringify(entry))) await reader.drained()
        after = entry.seq
      }
      if (entries.length < page) await Promise.race([next, sleep(lookMs, undefined, { signal })])
      signal.throwIfAborted()
    }
  }

  return {
    wake,
    close() {
      ended.abort()
      deaf()
      for (const reader of readers) reader.close(closeCodes.away, 'the node closes')
    },
  }
}

function readHello(text: string | undefined) {
  try {
    const given: unknown = JSON.parse(text ?? '')
    return hellos.problems(given).length > 0 ? undefined : hellos.parse(given)
  } catch {
    return undefined
  }
}

/** Compared by their hashes, so that neither length nor content shows in the time it takes. */
function same(a: string, b: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(a), hash(b))
}
