import { randomUUID } from 'node:crypto'
import type { PipelineError } from '../errors.ts'
import type { ApiResponse } from './http.ts'

/** What a code means for whoever asked. */
interface Kind {
  status: number
  title: string
  /** The error's own words go out: they name what the caller did, and nothing of what is inside. */
  told: boolean
}

const kind = (status: number, title: string, told: boolean): Kind => ({ status, title, told })
const group = (of: Kind, ...codes: string[]) => codes.map((code): [string, Kind] => [code, of])

const kinds: ReadonlyMap<string, Kind> = new Map([
  ...group(kind(400, 'The request cannot be understood', true), 'API_PATH', 'API_BODY'),
  ...group(
    kind(400, 'A parameter is wrong', true),
    ...['API_PARAMETER', 'QUERY_COLUMN', 'QUERY_CONDITION', 'QUERY_VALUE', 'QUERY_AFTER', 'QUERY_AS_OF'],
    ...['FILTER_INVALID', 'INDEX_INPUT', 'VECTOR_FILTER'],
  ),
  ...group(kind(400, 'The GraphQL request is wrong', true), 'GRAPHQL_SYNTAX', 'GRAPHQL_INVALID', 'GRAPHQL_LIMIT'),
  ...group(kind(406, 'GraphQL cannot show this', true), 'GRAPHQL_ANSWER'),
  ...group(kind(401, 'Nobody known asks', true), 'API_UNKNOWN_CALLER'),
  ...group(kind(403, 'The caller may not do this', true), 'API_SCOPE', 'API_LOOPBACK_ONLY', 'API_ORIGIN'),
  ...group(
    kind(404, 'There is no such thing', true),
    ...['API_NO_ROUTE', 'API_NOT_FOUND', 'NO_COPY', 'UNKNOWN_DATASET', 'COLLECTION_UNKNOWN', 'RUN_UNKNOWN'],
    'DISTRIBUTOR_UNKNOWN',
  ),
  ...group(kind(405, 'The path is not for this method', true), 'API_METHOD'),
  ...group(kind(406, 'There is no such format', true), 'API_FORMAT'),
  ...group(kind(410, 'This is not kept', true), 'AS_OF_NOT_KEPT', 'EVENTS_GONE'),
  ...group(kind(400, 'The request was cut off', true), 'NET_CUT'),
  ...group(kind(408, 'The request did not come in time', true), 'NET_TIMEOUT'),
  ...group(kind(413, 'The body is too large', true), 'BODY_TOO_LARGE'),
  ...group(kind(413, 'The answer is too large', true), 'API_ANSWER_LARGE'),
  ...group(kind(429, 'Too many requests', true), 'API_RATE', 'EVENTS_FULL'),
  ...group(kind(503, 'Too much is asked at once', true), 'API_BUSY'),
  ...group(
    kind(503, 'What is needed for this does not answer just now', false),
    ...[
      'STORE_UNAVAILABLE',
      'STORE_BUSY',
      'STORE_CLOSED',
      'STORE_LOCKED',
      'STORE_FULL',
      'STORE_READ_ONLY',
      'STOPPED',
      'CACHE_REFUSED',
    ],
    ...['MODEL_UNAVAILABLE', 'MODEL_MISSING', 'MODEL_BUSY', 'NOT_DEPLOYED'],
    'API_ISSUER_UNAVAILABLE',
  ),
  ...group(kind(504, 'It took too long', true), 'API_TIMEOUT'),
  ...group(kind(504, 'It took too long', false), 'STORE_TIMEOUT', 'MODEL_TIMEOUT', 'TIMEOUT'),
])

const unknown = kind(500, 'Something went wrong here', false)
/** All statuses that a problem can have, in order. */
export const problemStatuses: readonly number[] = [
  ...new Set([...kinds.values(), unknown].map(({ status }) => status)),
].sort((a, b) => a - b)

const documentation = 'https://github.com/ysh/node-red-data-pipeline/blob/main/docs/errors.md'

/** RFC 9457. */
export interface Problem {
  /** Where the code is explained. */
  type: string
  title: string
  status: number
  detail: string
  code: string
  /** Whether the same request may succeed later. */
  retryable: boolean
  /** Stands in the log beside the whole error, where this one does not say it. */
  id?: string
  /** What is wrong, one by one. */
  problems?: string[]
}

/** An error as its caller may see it: never a stack, SQL, a secret or a path. */
export function problemOf(error: PipelineError): Problem {
  const { status, title, told } = kinds.get(error.code) ?? unknown
  const known = kinds.has(error.code)
  const id = told ? undefined : randomUUID()
  const problems = told ? error.details?.problems : undefined
  return {
    type: `${documentation}#${known ? error.code : 'UNEXPECTED'}`,
    title,
    status,
    detail: told ? error.message : `${title}. Whoever runs this finds the reason in the log under ${id}.`,
    // a code of the inside, such as SQL_42P01, says how the inside is made
    code: known ? error.code : 'UNEXPECTED',
    retryable: error.retryable,
    ...(id === undefined ? {} : { id }),
    ...(Array.isArray(problems) ? { problems: problems.map(String) } : {}),
  }
}

/** A problem as an answer. */
export function problemResponse(error: PipelineError, problem: Problem = problemOf(error)): ApiResponse {
  const waits = error.retryAfterMs ?? (problem.status === 503 && error.retryable ? 1_000 : undefined)
  return {
    status: problem.status,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      ...(waits === undefined ? {} : { 'retry-after': String(Math.max(1, Math.ceil(waits / 1_000))) }),
      ...(problem.status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
      ...(typeof error.details?.allow === 'string' ? { allow: error.details.allow } : {}),
    },
    body: JSON.stringify(problem),
  }
}
