import { withCors } from '../lib/api/access/cors.ts'
import { createApi } from '../lib/api/api.ts'
import { type ApiHandler, type ApiRequest, type ApiResponse, maxBody } from '../lib/api/http.ts'
import { problemResponse } from '../lib/api/problem.ts'
import { allRoutes } from '../lib/api/routes/index.ts'
import { PipelineError } from '../lib/errors.ts'
import type { Env } from '../lib/portable/runtime/settings.ts'
import { type Infer, parser, Type } from '../lib/schema.ts'
import { endAfter } from '../lib/stopped.ts'
import { tracedRequest } from '../lib/traces/sources/requests.ts'
import { accessOf } from './access.ts'
import { jsonLog, type LambdaContext } from './log.ts'

const Texts = Type.Optional(
  Type.Union([Type.Record(Type.String(), Type.Union([Type.String(), Type.Null()])), Type.Null()]),
)
const Lists = Type.Optional(
  Type.Union([Type.Record(Type.String(), Type.Union([Type.Array(Type.String()), Type.Null()])), Type.Null()]),
)
const Body = {
  headers: Texts,
  body: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  isBase64Encoded: Type.Optional(Type.Boolean()),
}

/** An event of a REST API (payload 1.0), as far as it is used. */
const RestEventSchema = Type.Object({
  ...Body,
  httpMethod: Type.String(),
  path: Type.String(),
  multiValueHeaders: Lists,
  queryStringParameters: Texts,
  multiValueQueryStringParameters: Lists,
  requestContext: Type.Object({
    stage: Type.Optional(Type.String()),
    identity: Type.Optional(Type.Object({ sourceIp: Type.Optional(Type.String()) })),
  }),
})
/** An event of an HTTP API or a function URL (payload 2.0). */
const HttpEventSchema = Type.Object({
  ...Body,
  version: Type.Literal('2.0'),
  rawPath: Type.String(),
  rawQueryString: Type.String(),
  requestContext: Type.Object({
    stage: Type.Optional(Type.String()),
    http: Type.Object({ method: Type.String(), sourceIp: Type.String() }),
  }),
})
const rests = parser(RestEventSchema, 'The event of a REST API', 'CALL_INVALID')
const https = parser(HttpEventSchema, 'The event of an HTTP API', 'CALL_INVALID')

/** What API Gateway takes. */
export interface GatewayAnswer {
  statusCode: number
  headers: Record<string, string>
  body: string
  isBase64Encoded: boolean
}

/** Lambda hands on 6 MB of JSON, and base64 makes four characters of three bytes. */
const maxAnswer = 4_400_000
/** A stream's answer is collected here; whoever wants more asks in parts. */
const spareMs = 2_000

/** What the function of the data API is made of. */
export interface RestHandlerOptions {
  env: Env
  product: string
  write?(line: string): void
}

/** The data API behind API Gateway: a request becomes {@link ApiRequest}, its answer is collected. Never rejects for what a caller sent. */
export function restHandler({ env, product, write }: RestHandlerOptions) {
  const log = jsonLog(write)
  const { stores, gate } = accessOf({ env, product, log })
  const api = createApi({
    ...{ routes: allRoutes, gate, log, traced: tracedRequest },
    context: async () => ({
      ...{ stores: await stores(), clock: { now: () => new Date() }, log },
      search: { collection: env.YSH_COLLECTION || 'documents' },
    }),
    info: {
      title: 'YSH data API',
      version: product.split('/')[1] ?? '0',
      description:
        'Data of the Brazilian electricity sector, each answer with its version, source, age and attribution.',
      root: env.YSH_API_ROOT ?? '',
    },
    limits: { deadlineMs: 25_000 },
  })
  const answering: ApiHandler = withCors(gate, (request) => api.handle(request))

  return async (event: unknown, context: LambdaContext): Promise<GatewayAnswer> => {
    const signal = endAfter(Math.max(context.getRemainingTimeInMillis() - spareMs, 1))
    try {
      const request = requestOf(event, signal)
      const response = await answering(request)
      return await answerOf(response, request.method === 'HEAD')
    } catch (thrown) {
      return answerOf(problemResponse(PipelineError.from(thrown)), false)
    }
  }
}

/** Throws CALL_INVALID, BODY_TOO_LARGE. */
export function requestOf(event: unknown, signal: AbortSignal): ApiRequest {
  const isHttp = typeof event === 'object' && event !== null && 'version' in event && event.version === '2.0'
  return isHttp ? ofHttp(https.parse(event), signal) : ofRest(rests.parse(event), signal)
}

function ofRest(event: Infer<typeof RestEventSchema>, signal: AbortSignal): ApiRequest {
  const query = new URLSearchParams()
  const several = event.multiValueQueryStringParameters
  for (const [name, values] of Object.entries(several ?? {}))
    for (const value of values ?? []) query.append(name, value)
  if (several === undefined || several === null) {
    for (const [name, value] of Object.entries(event.queryStringParameters ?? {})) query.append(name, value ?? '')
  }
  const headers = { ...small(event.headers) }
  for (const [name, values] of Object.entries(event.multiValueHeaders ?? {}))
    headers[name.toLowerCase()] = values?.join(', ')
  return {
    ...{ method: event.httpMethod, path: encoded(event.path), query, headers, signal },
    address: event.requestContext.identity?.sourceIp ?? '0.0.0.0',
    body: bodyOf(event),
  }
}

function ofHttp(event: Infer<typeof HttpEventSchema>, signal: AbortSignal): ApiRequest {
  const { stage, http } = event.requestContext
  // A named stage stands in front of the path; the usual one does not.
  const prefix = stage === undefined || stage === '$default' ? '' : `/${stage}`
  const path =
    prefix !== '' && event.rawPath.startsWith(`${prefix}/`) ? event.rawPath.slice(prefix.length) : event.rawPath
  return {
    ...{ method: http.method, path: encoded(path), query: new URLSearchParams(event.rawQueryString) },
    ...{ headers: small(event.headers), address: http.sourceIp, body: bodyOf(event), signal },
  }
}

/** API Gateway decodes the path; the API wants it as it was sent. What is encoded still stays so. */
function encoded(path: string): string {
  return path
    .split('/')
    .map((part) => (/%[0-9a-f]{2}/i.test(part) ? part : encodeURIComponent(part)))
    .join('/')
}

function small(headers: Record<string, string | null> | null | undefined): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value ?? undefined]),
  )
}

function bodyOf({ body, isBase64Encoded }: { body?: string | null; isBase64Encoded?: boolean }): Uint8Array {
  const bytes = Buffer.from(body ?? '', isBase64Encoded === true ? 'base64' : 'utf8')
  if (bytes.length > maxBody) throw new PipelineError('BODY_TOO_LARGE', `A body of more than ${maxBody} bytes`)
  return bytes
}

async function answerOf({ status, headers, body }: ApiResponse, headOnly: boolean): Promise<GatewayAnswer> {
  const parts: Buffer[] = []
  let bytes = 0
  const take = (part: string | Uint8Array) => {
    const block = Buffer.from(part)
    bytes += block.length
    parts.push(block)
  }
  if (typeof body === 'string' || body instanceof Uint8Array) take(body)
  else if (body !== undefined && !headOnly) {
    for await (const part of body) {
      take(part)
      if (bytes > maxAnswer) break // returns the iterator: nothing is read behind it
    }
  }
  if (bytes > maxAnswer) {
    const why = `The answer has more than ${maxAnswer} bytes, which API Gateway does not hand on: ask in pages, or for fewer columns`
    return answerOf(problemResponse(new PipelineError('API_ANSWER_LARGE', why)), headOnly)
  }
  const content = headOnly ? Buffer.alloc(0) : Buffer.concat(parts)
  const isText =
    headers['content-encoding'] === undefined && /^text\/|json|xml|ndjson|yaml/.test(headers['content-type'] ?? 'text/')
  return { statusCode: status, headers, body: content.toString(isText ? 'utf8' : 'base64'), isBase64Encoded: !isText }
}
