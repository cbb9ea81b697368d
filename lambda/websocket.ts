import { gatewayPosts, type Posts } from '../lib/api/events/gateway/posts.ts'
import { GatewaySubscribers } from '../lib/api/events/gateway/subscribers.ts'
import { subProtocol } from '../lib/api/events/protocol.ts'
import { problemResponse } from '../lib/api/problem.ts'
import { PipelineError } from '../lib/errors.ts'
import type { Env } from '../lib/portable/runtime/settings.ts'
import { parser, Type } from '../lib/schema.ts'
import { endAfter } from '../lib/stopped.ts'
import { accessOf } from './access.ts'
import { jsonLog, type LambdaContext } from './log.ts'

/** An event of a WebSocket API, as far as it is used. Headers and query come with `$connect` only. */
const EventSchema = Type.Object({
  requestContext: Type.Object({
    routeKey: Type.String(),
    connectionId: Type.String({ minLength: 1, maxLength: 200 }),
    domainName: Type.Optional(Type.String()),
    stage: Type.Optional(Type.String()),
    identity: Type.Optional(Type.Object({ sourceIp: Type.Optional(Type.String()) })),
  }),
  headers: Type.Optional(
    Type.Union([Type.Record(Type.String(), Type.Union([Type.String(), Type.Null()])), Type.Null()]),
  ),
  queryStringParameters: Type.Optional(
    Type.Union([Type.Record(Type.String(), Type.Union([Type.String(), Type.Null()])), Type.Null()]),
  ),
  body: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  isBase64Encoded: Type.Optional(Type.Boolean()),
})
const events = parser(EventSchema, 'The event of a WebSocket API', 'CALL_INVALID')

/** What is needed at the end to note what was sent. */
const spareMs = 8_000

/** What API Gateway takes: of `$connect` the status decides, of the others nothing is told. */
export interface SocketAnswer {
  statusCode: number
  headers?: Record<string, string>
  body?: string
}

/** What the function of the API's events is made of. */
export interface WebsocketHandlerOptions {
  env: Env
  product: string
  write?(line: string): void
}

/**
 * Subscriptions behind an API Gateway WebSocket API: takes what connections say, answers by its management API, and keeps in PostgreSQL who listens
 * to what. Events go out after each call of `index.step` and `index.deliver`. Never rejects for what a subscriber sent.
 */
export function websocketHandler({ env, product, write }: WebsocketHandlerOptions) {
  const log = jsonLog(write)
  const access = accessOf({ env, product, log })
  const posts = new Map<string, Posts>()
  const open = async (endpoint: string): Promise<GatewaySubscribers> => {
    const mine = posts.get(endpoint) ?? gatewayPosts(endpoint)
    posts.set(endpoint, mine)
    return new GatewaySubscribers({ postgres: (await access.stores()).postgres, gate: access.gate, posts: mine, log })
  }

  const handler = async (event: unknown, context: LambdaContext): Promise<SocketAnswer> => {
    let isOpen = false
    try {
      const { requestContext, headers, queryStringParameters, body, isBase64Encoded } = events.parse(event)
      const { routeKey, connectionId: id, domainName = '', stage = '', identity } = requestContext
      isOpen = routeKey !== '$connect'
      // another name than the event's, where a domain of one's own leads to a stage
      const subscribers = await open(env.YSH_API_EVENTS_ENDPOINT || `https://${domainName}/${stage}`)
      const request = {
        headers: texts(headers),
        query: new URLSearchParams(
          Object.entries(queryStringParameters ?? {}).map(([name, value]): [string, string] => [name, value ?? '']),
        ),
        address: identity?.sourceIp ?? '0.0.0.0',
      }
      switch (routeKey) {
        case '$connect':
          await subscribers.connect(id, request)
          return { statusCode: 200, ...protocolOf(request.headers['sec-websocket-protocol']) }
        case '$disconnect':
          await subscribers.leave(id)
          return { statusCode: 200 }
        default: {
          const signal = endAfter(Math.max(context.getRemainingTimeInMillis() - spareMs, 1))
          await subscribers.hear(id, request, isBase64Encoded === true ? undefined : (body ?? ''), signal)
          return { statusCode: 200 }
        }
      }
    } catch (thrown) {
      const error = PipelineError.from(thrown)
      const { status, headers, body } = problemResponse(error)
      if (status >= 500) log.warn(`${error.code}: ${error.message}`, { code: error.code })
      // a status is for who wants to come; the others have been told by a message
      if (isOpen) return { statusCode: 200 }
      return { statusCode: status, headers, body: typeof body === 'string' ? body : '' }
    }
  }

  /** For tests; Lambda freezes or ends the process. */
  const close = async () => {
    for (const mine of posts.values()) mine.close()
    await access.close()
  }
  return Object.assign(handler, { close })
}

/** The one sub-protocol that is answered with, when it was offered. */
function protocolOf(offered = ''): Pick<SocketAnswer, 'headers'> {
  const isOffered = offered.split(',').some((one) => one.trim() === subProtocol)
  return isOffered ? { headers: { 'Sec-WebSocket-Protocol': subProtocol } } : {}
}

function texts(headers: Record<string, string | null> | null | undefined): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value ?? undefined]),
  )
}
