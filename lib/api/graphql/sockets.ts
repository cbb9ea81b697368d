import type { WebSocket } from 'ws'
import { PipelineError } from '../../errors.ts'
import { GraphQLError, makeServer, subscribe } from '../../vendor/graphql.ts'
import type { Caller } from '../access/caller.ts'
import type { Gate } from '../access/gate.ts'
import type { ApiEvent, EventHub, Topic } from '../events/hub.ts'
import type { ApiRequest } from '../http.ts'
import type { ApiContext } from '../route.ts'
import { type Asking, type Graphql, isErrors } from './graphql.ts'
import { overTopic } from './topic.ts'

/** What subscriptions need. */
export interface SocketsOptions {
  graphql: Graphql
  gate: Gate
  context(signal: AbortSignal): ApiContext | Promise<ApiContext>
  hub(signal: AbortSignal): EventHub | Promise<EventHub>
  limits?: Partial<SocketLimits>
  /** Hears of who comes and goes. Must not throw. */
  changed?(change: SocketChange): void
}

/** A subscriber came or went. */
export interface SocketChange {
  what: 'came' | 'went'
  caller: string
  /** Subscribers that are left. */
  subscribers: number
  /** Of one who went: the close code of the connection. */
  code?: number
}

/** Bounds of WebSockets. */
export interface SocketLimits {
  sockets: number
  /** Of one caller. */
  socketsEach: number
  /** Of one socket. */
  subscriptions: number
  /** Messages from a client in a minute. */
  messagesPerMinute: number
  /** A reader who does not take a message for so long is cut. */
  slowMs: number
  /** Pings, and whether the key or token still holds. */
  lookMs: number
}

/** Most bytes of a message from a client; for the `ws` server. */
export const maxMessage = 64 * 1024

/** Close codes beside those of graphql-ws: of the application, as in `/ws`. */
export const closing = {
  unknown: 4401,
  forbidden: 4403,
  slow: 4408,
  many: 4429,
  away: 1001,
  later: 1013,
  fault: 1011,
} as const

const usual: SocketLimits = {
  ...{ sockets: 1_000, socketsEach: 50, subscriptions: 20, messagesPerMinute: 120 },
  ...{ slowMs: 10_000, lookMs: 30_000 },
}

/** One connection. */
interface Extra {
  client: WebSocket
  request: ApiRequest
  signal: AbortSignal
  caller?: Caller
  /** Why we ended it, when the client cannot be told. */
  cut?: number
  /** What the caller showed, as headers. */
  shown?: ApiRequest['headers']
}

/** Subscriptions over WebSockets, by the protocol `graphql-transport-ws`. */
export interface Sockets {
  /** Serves an open connection that speaks the protocol. */
  serve(client: WebSocket, request: ApiRequest): void
  readonly subscribers: number
  /** Ends all connections: the service goes away. */
  close(): void
}

/** Makes {@link Sockets}. */
export function createSockets(options: SocketsOptions): Sockets {
  const { graphql, gate } = options
  const limits = { ...usual, ...options.limits }
  const connections = new Set<Extra>()
  const ended = new AbortController()

  /** Who connects, by the key or token in the first message, or in the headers of the connection. */
  async function admit(extra: Extra, params: Readonly<Record<string, unknown>> | undefined): Promise<object | false> {
    try {
      extra.shown = headersOf(extra.request.headers, params)
      const { caller } = await gate.admit({ ...extra.request, headers: extra.shown }, 'events')
      const others = [...connections].filter((other) => other.caller?.id === caller.id)
      if (others.length >= limits.socketsEach) return refuse(extra, closing.many, 'API_BUSY')
      extra.caller = caller
      options.changed?.({ what: 'came', caller: caller.id, subscribers: connections.size })
      const hub = await options.hub(extra.signal)
      return { position: await hub.newest() }
    } catch (thrown) {
      const { code } = PipelineError.from(thrown)
      const unknown = code === 'API_UNKNOWN_CALLER'
      const forbidden = code === 'API_SCOPE' || code === 'API_LOOPBACK_ONLY'
      return refuse(extra, unknown ? closing.unknown : forbidden ? closing.forbidden : closing.later, code)
    }
  }

  async function asking(extra: Extra): Promise<Asking> {
    const context = await options.context(extra.signal)
    const { caller, request, signal } = extra
    if (caller === undefined) throw new PipelineError('API_UNKNOWN_CALLER', 'The connection has shown no key')
    return { caller, context, request: { ...request, signal }, events: events(extra) }
  }

  function events({ signal }: Extra): (topic: Topic, from: { after?: number }) => AsyncIterable<ApiEvent> {
    return (topic, from) =>
      overTopic(signal, async (until) => (await options.hub(until)).subscribe([topic], { ...from, signal: until }))
  }

  const server = makeServer<Record<string, unknown>, Extra>({
    connectionInitWaitTimeout: 5_000,
    onConnect: async ({ extra, connectionParams }) => {
      const answer = await admit(extra, connectionParams)
      return answer === false ? false : { ...answer }
    },
    onSubscribe: async ({ extra, subscriptions }, _id, payload) => {
      if (Object.keys(subscriptions).length > limits.subscriptions) {
        const words = `A connection has at most ${limits.subscriptions} subscriptions`
        return [new GraphQLError(words, { extensions: { code: 'GRAPHQL_LIMIT', retryable: false } })]
      }
      try {
        // each one counts, and a key may have been revoked
        await gate.admit({ ...extra.request, headers: extra.shown ?? {} }, 'events')
        const given = await asking(extra)
        const prepared = await graphql.prepare(payload, given)
        return isErrors(prepared) ? prepared.map((error) => graphql.shown(error, given)) : prepared
      } catch (thrown) {
        return [await shownTo(extra, thrown)]
      }
    },
    subscribe,
    onError: ({ extra }, _id, _payload, errors) => Promise.all(errors.map((error) => formatted(extra, error))),
    onNext: async ({ extra }, _id, _payload, _args, { data, errors = [] }) => ({
      data: data ?? null,
      ...(errors.length === 0 ? {} : { errors: await Promise.all(errors.map((error) => formatted(extra, error))) }),
    }),
  })

  async function formatted(extra: Extra, error: GraphQLError) {
    return (await shownTo(extra, error)).toJSON()
  }

  async function shownTo(extra: Extra, thrown: unknown): Promise<GraphQLError> {
    if (thrown instanceof GraphQLError && typeof thrown.extensions.code === 'string') return thrown
    const located = thrown instanceof GraphQLError ? thrown : new GraphQLError('', { originalError: errorOf(thrown) })
    return graphql.shown(located, await asking(extra))
  }

  function serve(client: WebSocket, request: ApiRequest): void {
    client.on('error', () => client.terminate())
    if (ended.signal.aborted || connections.size >= limits.sockets) {
      client.close(ended.signal.aborted ? closing.away : closing.later, 'API_BUSY')
      return
    }
    const gone = new AbortController()
    const extra: Extra = { client, request, signal: AbortSignal.any([gone.signal, ended.signal]) }
    connections.add(extra)
    let messages = 0
    let alive = true
    client.on('pong', () => {
      alive = true
    })
    const minute = setInterval(() => {
      messages = 0
    }, 60_000)
    const look = setInterval(() => {
      if (!alive) return client.terminate()
      alive = false
      client.ping()
      if (extra.caller !== undefined) void stillAdmitted(extra)
    }, limits.lookMs)
    const closed = server.opened(
      {
        protocol: client.protocol,
        send: (text) => send(extra, text, limits.slowMs),
        close: (code, reason) => client.close(code, reason),
        onMessage: (take) =>
          client.on('message', (data: Buffer) => {
            messages += 1
            if (messages > limits.messagesPerMinute) return client.close(closing.many, 'API_RATE')
            // an exception here is one of ours, or of a client that has gone
            take(data.toString('utf8')).catch(() => client.close(closing.fault))
          }),
      },
      extra,
    )
    client.once('close', (code, reason) => {
      clearInterval(minute)
      clearInterval(look)
      connections.delete(extra)
      gone.abort()
      closed(code, reason.toString('utf8')).catch(() => undefined)
      if (extra.caller === undefined) return
      const { size: subscribers } = connections
      options.changed?.({ what: 'went', caller: extra.caller.id, subscribers, code: extra.cut ?? code })
    })
  }

  /** Ends a connection whose key was revoked or whose token is over; a store that is away just now ends nothing. */
  async function stillAdmitted(extra: Extra): Promise<void> {
    try {
      await gate.admit({ ...extra.request, headers: extra.shown ?? {} }, 'events')
    } catch (thrown) {
      const { code } = PipelineError.from(thrown)
      if (code === 'API_UNKNOWN_CALLER') extra.client.close(closing.unknown, code)
      if (code === 'API_SCOPE') extra.client.close(closing.forbidden, code)
    }
  }

  return {
    serve,
    get subscribers() {
      return connections.size
    },
    close() {
      ended.abort(new PipelineError('STOPPED', 'The API has been closed'))
      for (const { client } of connections) client.close(closing.away)
      setTimeout(() => {
        for (const { client } of connections) client.terminate()
      }, 1_000).unref()
    },
  }
}

function refuse({ client }: Extra, code: number, reason: string): false {
  client.close(code, reason)
  return false
}

/** The key or token of the connection's parameters as a header: browsers can set none. */
function headersOf(
  headers: ApiRequest['headers'],
  params: Readonly<Record<string, unknown>> | undefined,
): ApiRequest['headers'] {
  const { key, token, authorization, Authorization } = params ?? {}
  const given = [key, token, authorization, Authorization].find((value) => typeof value === 'string')
  if (typeof given !== 'string') return headers
  const { 'x-api-key': _other, ...rest } = headers
  return { ...rest, authorization: /^bearer /i.test(given) ? given : `Bearer ${given}` }
}

/** Resolves when the bytes have left this process, so that a slow reader holds back its own source; cuts it after a while. */
function send(extra: Extra, text: string, slowMs: number): Promise<void> {
  return new Promise((resolve) => {
    const late = setTimeout(() => {
      extra.cut = closing.slow
      // it would not take the close either
      extra.client.terminate()
    }, slowMs)
    extra.client.send(text, () => {
      clearTimeout(late)
      // whether it is gone shows by its close
      resolve()
    })
  })
}

function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}
