import { PipelineError } from '../errors.ts'
import { meter } from '../metrics/meter.ts'
import { parser } from '../schema.ts'
import type { Logger } from '../steps/step.ts'
import { Absences } from './absences.ts'
import type { Caller } from './access/caller.ts'
import type { Gate } from './access/gate.ts'
import { finish } from './finish.ts'
import type { ApiRequest, ApiResponse } from './http.ts'
import { documentOf, type Info } from './openapi/document.ts'
import { openApiRoutes } from './openapi/routes.ts'
import { type Parameters, parameters } from './parameters.ts'
import { problemOf, problemResponse } from './problem.ts'
import type { AnyRoute, ApiContext } from './route.ts'
import { createRouter } from './router.ts'
import { drop, isStream, watched } from './stream.ts'

/** What an API is made of. */
export interface ApiOptions {
  routes: readonly AnyRoute[]
  gate: Gate
  /** What the routes work on; asked for each request, so that it may wait for stores that are opening. */
  context(signal: AbortSignal): ApiContext | Promise<ApiContext>
  info: Info
  /** How its requests are counted; `rest` when left out. */
  surface?: 'rest' | 'graphql'
  /** Gets what callers must not see. */
  log: Logger
  limits?: Partial<ApiLimits>
  /** Has each request answered within a trace; left out, it just is. */
  traced?(
    request: ApiRequest,
    answer: (
      tell: (told: { status: number; route: string | undefined; code: string | undefined }) => void,
    ) => Promise<ApiResponse>,
  ): Promise<ApiResponse>
  /** Hears of each request when it has been answered to its end. Must not throw. */
  answered?(record: Answered): void
}

/** Bounds of an API. */
export interface ApiLimits {
  /** Until an answer begins, in milliseconds. */
  deadlineMs: number
  /** A streamed answer whose reader takes nothing for so long is broken off. */
  stallMs: number
  /** Streamed answers at the same time: each holds a connection to the database. One more is refused with API_BUSY. */
  streams: number
}

/** A request and how it went. No secrets. */
export interface Answered {
  method: string
  /** Id of the route; undefined where there was none. */
  route?: string
  status: number
  ms: number
  /** Of the body as it was sent. */
  bytes: number
  /** Id of the caller; undefined for nobody known. */
  caller?: string
  /** Of an error. */
  code?: string
}

/** The API, wherever it is mounted; CORS and its preflights are the mount's business (`withCors`). */
export interface Api {
  /** Never rejects: errors become problem+json. */
  handle(request: ApiRequest): Promise<ApiResponse>
  /** The OpenAPI document of the declared routes, without what is held. */
  openapi(): object
}

interface Prepared {
  params: Parameters<unknown>
  query: Parameters<unknown>
}

/** What is found out about a request on its way. */
interface Trace {
  route?: AnyRoute
  caller?: Caller
  code?: string
  headers: Record<string, string>
  /** Whether it has a place among the streams. */
  reserved: boolean
}

const nobody: Caller = { id: 'anonymous', name: 'anonymous', scopes: new Set() }

/** Makes an {@link Api}. `/openapi.json` and `/docs` are added to the routes. */
export function createApi(options: ApiOptions): Api {
  const { gate, log, info, traced = (_, answer) => answer(() => undefined) } = options
  const limits: ApiLimits = { deadlineMs: 30_000, stallMs: 60_000, streams: 8, ...options.limits }
  const routes: readonly AnyRoute[] = [...options.routes, ...openApiRoutes(info, () => options.routes)]
  const router = createRouter(routes)
  const prepared = new Map(routes.map((route) => [route, prepare(route)]))
  const absences = new Absences()
  let streams = 0

  async function answer(request: ApiRequest, trace: Trace): Promise<ApiResponse> {
    const method = request.method === 'HEAD' ? 'GET' : request.method
    if (method === 'OPTIONS') return optionsOf(request)
    const match = await found(method, request)
    const { route } = match
    trace.route = route
    if (route.scope === undefined) await gate.admitAnyone(request)
    else {
      const admitted = await gate.admit(request, route.scope === 'any' ? undefined : route.scope)
      trace.caller = admitted.caller
      trace.headers = admitted.headers
    }
    const read = prepared.get(route) ?? prepare(route)
    const params = read.params.read(Object.entries(match.params))
    const query = read.query.read(request.query)
    return withDeadline(request, async (raw) => {
      const context = await options.context(raw.signal)
      const result = await route.handle(
        { params, query, caller: trace.caller ?? nobody, raw, reserve: () => reserve(trace) },
        context,
      )
      return 'status' in result ? result : jsonResponse(route, result)
    })
  }

  async function found(method: string, request: ApiRequest) {
    try {
      return router.find(method, request.path)
    } catch (thrown) {
      // who may not ask at all does not hear what there is
      await gate.admitAnyone(request)
      throw thrown
    }
  }

  async function optionsOf(request: ApiRequest): Promise<ApiResponse> {
    await gate.admitAnyone(request)
    const allow = router.allow(request.path)
    if (allow === undefined) return problemResponse(new PipelineError('API_NO_ROUTE', 'There is nothing at this path'))
    return { status: 204, headers: { allow, 'cache-control': 'no-store' } }
  }

  async function withDeadline(
    request: ApiRequest,
    work: (raw: ApiRequest) => Promise<ApiResponse>,
  ): Promise<ApiResponse> {
    const late = new AbortController()
    const signal = AbortSignal.any([request.signal, late.signal])
    const over = Promise.withResolvers<never>()
    const stop = () => over.reject(signal.reason)
    const seconds = limits.deadlineMs / 1_000
    const timer = setTimeout(() => {
      late.abort(new PipelineError('API_TIMEOUT', `No answer within ${seconds} s: ask for less`, { retryable: true }))
    }, limits.deadlineMs)
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    const working = work({ ...request, signal })
    try {
      return await Promise.race([working, over.promise])
    } catch (thrown) {
      // what comes after all is let go of
      working.then(({ body }) => drop(body)).catch(() => undefined)
      throw thrown
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
      over.promise.catch(() => undefined)
    }
  }

  /** An error as an answer; what the caller must not see goes into the log. */
  function failed(request: ApiRequest, thrown: unknown, trace: Trace): ApiResponse {
    const error = PipelineError.from(thrown)
    const found = problemOf(error)
    trace.code = found.code
    if (request.signal.aborted) return problemResponse(error, found)
    const problem = absences.told(error, found, (id, untold) => {
      const where = { id, route: trace.route?.id, caller: trace.caller?.id }
      const more = untold === 0 ? {} : { sameBefore: untold }
      log[found.status === 500 ? 'error' : 'warn'](`API: ${error.message}`, {
        ...{ ...where, code: error.code, ...more, error },
      })
    })
    return problemResponse(error, problem)
  }

  /** A place among the streams. Throws API_BUSY. */
  function reserve(trace: Trace): void {
    if (trace.reserved) return
    if (streams >= limits.streams) {
      throw new PipelineError('API_BUSY', `${limits.streams} long answers are under way: wait until one is over`, {
        ...{ retryable: true, retryAfterMs: 5_000 },
      })
    }
    streams += 1
    trace.reserved = true
  }

  function release(trace: Trace): void {
    if (trace.reserved) streams -= 1
    trace.reserved = false
  }

  /** A stream is counted, and given up when nobody reads it. */
  function bounded(response: ApiResponse, request: ApiRequest, trace: Trace): ApiResponse {
    const { body } = response
    if (!isStream(body) || request.method === 'HEAD') {
      release(trace)
      return response
    }
    try {
      reserve(trace)
    } catch (thrown) {
      drop(body).catch(() => undefined)
      throw thrown
    }
    const ended = (_bytes: number, thrown?: unknown) => {
      release(trace)
      if (thrown === undefined || request.signal.aborted) return
      const error = PipelineError.from(thrown)
      trace.code = error.code
      log.error(`API: an answer was broken off: ${error.message}`, { route: trace.route?.id, error })
    }
    return { ...response, body: watched(body, { stallMs: limits.stallMs, signal: request.signal, ended }) }
  }

  async function respond(request: ApiRequest, trace: Trace): Promise<ApiResponse> {
    const finished = (response: ApiResponse) => {
      // a route may hand out headers that it keeps
      const headers = { ...response.headers, ...trace.headers }
      return finish(request, { ...response, headers }, { isPublic: trace.route?.scope === undefined })
    }
    try {
      return await finished(bounded(await answer(request, trace), request, trace))
    } catch (thrown) {
      release(trace)
      return finished(failed(request, thrown, trace))
    }
  }

  return {
    async handle(request) {
      const began = performance.now()
      const trace: Trace = { headers: {}, reserved: false }
      const response = await traced(request, async (tell) => {
        const given = await respond(request, trace)
        tell({ status: given.status, route: trace.route?.path, code: trace.code })
        return given
      })
      const record = (bytes: number) => {
        const ms = performance.now() - began
        count(options.surface ?? 'rest', { status: response.status, ms, ...trace })
        options.answered?.({
          ...{ method: request.method, status: response.status, ms, bytes },
          ...(trace.route === undefined ? {} : { route: trace.route.id }),
          ...(trace.caller === undefined ? {} : { caller: trace.caller.id }),
          ...(trace.code === undefined ? {} : { code: trace.code }),
        })
      }
      if (!isStream(response.body)) record(Buffer.byteLength(response.body ?? ''))
      else {
        // the inner watch has given up long before
        const stallMs = limits.stallMs * 2
        response.body = watched(response.body, { stallMs, signal: request.signal, ended: record })
      }
      return response
    },
    openapi: () => documentOf(info, routes, []),
  }
}

function count(
  surface: 'rest' | 'graphql',
  { status, ms, route, code }: { status: number; ms: number; route?: AnyRoute; code?: string },
): void {
  meter.add('api.requests.count', { surface, status: `${Math.floor(status / 100)}xx` })
  meter.add('api.requests.route', { route: route?.id ?? 'none' })
  meter.observe('api.request.duration', { surface }, ms / 1_000)
  if (status < 500) return
  meter.add('pipeline.errors.count', { where: 'api' })
  meter.add('pipeline.errors.code', { code: code ?? `HTTP_${status}` })
}

function prepare(route: AnyRoute): Prepared {
  return {
    params: parameters(route.params, parser(route.params, 'The path', 'API_PARAMETER')),
    query: parameters(route.query, parser(route.query, 'The query', 'API_PARAMETER')),
  }
}

function jsonResponse(route: AnyRoute, answer: Exclude<Awaited<ReturnType<AnyRoute['handle']>>, ApiResponse>) {
  const { json, modified, maxAgeSeconds = 0, headers } = answer
  const keep = route.scope === undefined ? 'public' : 'private'
  return {
    status: 200,
    headers: {
      'content-type': 'application/json',
      'cache-control': maxAgeSeconds > 0 ? `${keep}, max-age=${maxAgeSeconds}` : `${keep}, no-cache`,
      ...(modified === undefined ? {} : { 'last-modified': modified.toUTCString() }),
      ...headers,
    },
    body: JSON.stringify(json),
  }
}
