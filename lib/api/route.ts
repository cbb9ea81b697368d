import type { OllamaConfig } from '../models/ollama-config.ts'
import { type Infer, type Schema, Type } from '../schema.ts'
import type { Clock, Logger } from '../steps/step.ts'
import type { Stores } from '../stores/stores.ts'
import type { Caller, Scope } from './access/caller.ts'
import type { ApiRequest, ApiResponse } from './http.ts'

/** What the API's answers are made from. */
export interface ApiContext {
  stores: Stores
  clock: Clock
  log: Logger
  /** What of a search is settled here: the collection where a caller names none (left out: its usual name), the server of its model. */
  search?: { collection: string; ollama?: OllamaConfig }
}

/** A route: declared once; matching, checks, the OpenAPI document and its page come from this. */
export interface Route<P extends Schema = Schema, Q extends Schema = Schema, A extends Schema = Schema> {
  method: 'GET' | 'POST'
  /** `/datasets/{name}`; placeholders are properties of `params`. */
  path: `/${string}`
  /** Name in OpenAPI, and of the method in generated clients: `listDatasets`. */
  id: string
  /** Left out: anybody may ask (the OpenAPI document). `any`: a known caller, whose scopes the route looks at itself. */
  scope?: Scope | 'any'
  summary: string
  description?: string
  params: P
  /**
   * Texts are turned into the types of their schemas: integer, number, boolean, array (with commas, or several times), text. Unknown names
   * are refused; with `additionalProperties: true` they are the route's own business, in `raw.query`.
   */
  query: Q
  /** The JSON answer; for OpenAPI and checked in tests. */
  answer: A
  handle(request: RouteRequest<Infer<P>, Infer<Q>>, context: ApiContext): Promise<Answer<Infer<A>> | ApiResponse>
  /** What OpenAPI says of single things behind the path, such as one path for each dataset; asked for each served document. */
  paths?(context: ApiContext, signal: AbortSignal): Promise<readonly ConcretePath[]>
  /** Other media types of the answer than JSON, for OpenAPI. */
  formats?: readonly string[]
}

/** A path of the OpenAPI document that stands for a route with its placeholders filled in. */
export interface ConcretePath {
  path: `/${string}`
  id: string
  summary: string
  description?: string
  query: Schema
  answer: Schema
}

/** A request that has been checked. */
export interface RouteRequest<P, Q> {
  params: P
  query: Q
  caller: Caller
  /** Its signal also aborts when the answer takes too long to begin. */
  raw: ApiRequest
  /** To be called before a stream opens what it holds, such as a connection. Throws API_BUSY. Streams are counted in any case, but only when they are there. */
  reserve?(): void
}

/** Any route, whatever its types. */
export type AnyRoute = Route

/** A small JSON answer; ETag, 304 and compression are the frame's business. An {@link ApiResponse} goes out as it is. */
export interface Answer<T> {
  json: T
  /** When what it says was last published, for Last-Modified. */
  modified?: Date
  /** Seconds during which it may be kept without asking again; 0 when left out. */
  maxAgeSeconds?: number
  headers?: Record<string, string>
}

/** Declares a route; only there to let TypeScript infer the types from the schemas. */
export function defineRoute<const P extends Schema, const Q extends Schema, const A extends Schema>(
  route: Route<P, Q, A>,
): Route<P, Q, A> {
  return route
}

/** For routes without parameters. */
export const None = Type.Object({}, { additionalProperties: false })
