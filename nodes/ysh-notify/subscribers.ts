import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { type WebSocket, WebSocketServer } from 'ws'
import { PipelineError } from '../../lib/errors.ts'
import type { RunEngine } from '../../lib/runs/engine.ts'
import { parser, Type } from '../../lib/schema.ts'
import { feedChannel, newestOf, readFeed } from '../../lib/steps/notify/feed.ts'
import type { Logger } from '../../lib/steps/step.ts'
import type { Red } from '../kit/red.ts'
import { onUpgrade } from '../kit/upgrade.ts'

/** Most subscribers of a node, those who have not shown their token yet among them. */
const maxSubscribers = 200
/** Time to show the token. */
const helloMs = 5_000
/** A reader that does not take a message for so long is cut. */
const slowMs = 10_000
/** Entries read at once for a subscriber. */
const page = 20
/** Other processes' entries are seen at the latest after this. */
const lookMs = 5_000
const pingMs = 30_000

/** Close codes of RFC 6455 that we use. */
const closing = { policy: 1008, later: 1013, away: 1001 } as const

const hellos = parser(
  Type.Object({ token: Type.String({ maxLength: 1_000 }), after: Type.Optional(Type.Integer({ minimum: 0 })) }),
  'The first message',
)

/** What {@link openSubscribers} needs. */
export interface SubscribersOptions {
  red: Red
  /** The engine, as soon as there is one. */
  engine(signal: AbortSignal): Promise<RunEngine>
  /** Name of the feed and last part of the address. */
  feed: string
  id: string
  token: string
  log: Logger
}

/**
 * Serves a feed by WebSocket on Node-RED's own server, at `<httpNodeRoot>/ysh/feed/<id>`. A subscriber first sends `{ token, after? }`; it gets
 * what came after that number, or only what comes from now on. Each is read for at its own pace, page by page from the table, so that a slow
 * one costs no memory and is cut after a while. `wake` says that there may be something new.
 */
export function openSubscribers(options: SubscribersOptions): { wake(): void; close(): void } {
  const { red, feed, id, token, log } = options
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 4_096, perMessageDeflate: false })
  const ended = new AbortController()
  let news = Promise.withResolvers<void>()
  const wake = () => {
    news.resolve()
    news = Promise.withResolvers()
  }
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (sockets.clients.size >= maxSubscribers) {
      socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n')
      return
    }
    sockets.handleUpgrade(request, socket, head, (client) => {
      serve(client).catch((thrown: unknown) => {
        const error = PipelineError.from(thrown)
        if (!ended.signal.aborted && error.code !== 'STOPPED') log.warn('A subscriber could not be served', { error })
        client.terminate()
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

  async function serve(client: WebSocket): Promise<void> {
    const gone = new AbortController()
    const signal = AbortSignal.any([gone.signal, ended.signal])
    client.on('error', () => client.terminate())
    client.once('close', () => gone.abort())
    const hello = await firstMessage(client, signal)
    if (hello === undefined || token === '' || !same(hello.token, token)) {
      client.close(closing.policy, 'token')
      return
    }
    keepAlive(client, signal)
    const engine = await options.engine(signal)
    let after = hello.after ?? (await engine.read((q) => newestOf(q, feed)))
    if (!(await send(client, JSON.stringify({ subscribed: true, after })))) return client.terminate()
    for (;;) {
      const next = news.promise
      const entries = await engine.read((q) => readFeed(q, feed, after, page))
      for (const entry of entries) {
        if (!(await send(client, JSON.stringify(entry)))) {
          client.terminate()
          return
        }
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
      for (const client of sockets.clients) client.close(closing.away)
      setTimeout(() => {
        for (const client of sockets.clients) client.terminate()
      }, 1_000).unref()
    },
  }
}

/** Sends; false when the reader does not take it in time, or has gone. */
function send(client: WebSocket, text: string): Promise<boolean> {
  return new Promise((resolve) => {
    const late = setTimeout(() => resolve(false), slowMs)
    client.send(text, (error) => {
      clearTimeout(late)
      resolve(error === undefined || error === null)
    })
  })
}

async function firstMessage(client: WebSocket, signal: AbortSignal) {
  const { promise, resolve } = Promise.withResolvers<unknown>()
  const late = setTimeout(() => resolve(undefined), helloMs)
  client.once('message', (data: Buffer) => {
    try {
      resolve(JSON.parse(data.toString('utf8')))
    } catch {
      resolve(undefined)
    }
  })
  signal.addEventListener('abort', () => resolve(undefined), { once: true })
  const given = await promise
  clearTimeout(late)
  return hellos.problems(given).length > 0 ? undefined : hellos.parse(given)
}

/** Pings, and cuts whoever does not answer until the next one. */
function keepAlive(client: WebSocket, signal: AbortSignal): void {
  let alive = true
  client.on('pong', () => {
    alive = true
  })
  const timer = setInterval(() => {
    if (!alive) client.terminate()
    alive = false
    client.ping()
  }, pingMs)
  signal.addEventListener('abort', () => clearInterval(timer), { once: true })
}

/** Compared by their hashes, so that neither length nor content shows in the time it takes. */
function same(a: string, b: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(a), hash(b))
}
