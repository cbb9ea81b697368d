import { type Scope, scopes } from '../../../lib/api/access/caller.ts'
import { type Api, createApi } from '../../../lib/api/api.ts'
import { createGraphql, type Graphql, type GraphqlOptions } from '../../../lib/api/graphql/graphql.ts'
import { graphqlRoutes } from '../../../lib/api/graphql/routes.ts'
import type { ApiRequest } from '../../../lib/api/http.ts'
import type { ApiContext } from '../../../lib/api/route.ts'
import { type Infer, parser, Type } from '../../../lib/schema.ts'
import type { Json } from '../../../lib/stores/cache/port.ts'
import type { Stores } from '../../../lib/stores/stores.ts'
import { memoryLog } from '../../runs/surroundings.ts'
import { gateOf, requestOf } from '../serve.ts'

const AnswerSchema = Type.Object({
  data: Type.Optional(Type.Unsafe<Json>(Type.Unknown())),
  errors: Type.Optional(
    Type.Array(
      Type.Object({
        message: Type.String(),
        path: Type.Optional(Type.Array(Type.Unknown())),
        extensions: Type.Object({ code: Type.String(), id: Type.Optional(Type.String()) }),
      }),
    ),
  ),
})
const answers = parser(AnswerSchema, 'The answer')

/** What came back. */
export interface Asked extends Infer<typeof AnswerSchema> {
  status: number
  headers: Record<string, string>
  text: string
  /** Codes of the errors. */
  codes: string[]
}

/** GraphQL behind the frame, over stores. */
export interface Served {
  api: Api
  graphql: Graphql
  log: ReturnType<typeof memoryLog>
  context: ApiContext
  ask(query: string, more?: { variables?: object; operationName?: string; key?: string }): Promise<Asked>
  send(request: ApiRequest): Promise<Asked>
}

/** Makes a {@link Served}; the keys are `all`, and one for each scope. */
export function serveGraphql(stores: Stores, options: Partial<GraphqlOptions> = {}): Served {
  const log = memoryLog()
  const context: ApiContext = { stores, clock: { now: () => new Date() }, log, search: { collection: '' } }
  const keys: Record<string, readonly Scope[]> = { all: scopes }
  for (const scope of scopes) keys[scope] = [scope]
  const graphql = createGraphql({ routes: [], ...options })
  const api = createApi({
    ...{ routes: graphqlRoutes(graphql), gate: gateOf(keys), context: () => context, log },
    info: { title: 'Test', version: '1', description: '', root: '/api/v1' },
  })
  const send = async (request: ApiRequest): Promise<Asked> => {
    const { status, headers, body = '' } = await api.handle(request)
    if (typeof body !== 'string' && !(body instanceof Uint8Array)) throw new Error('a stream')
    const text = Buffer.from(body).toString('utf8')
    const isJson = headers['content-type']?.includes('json') === true && !headers['content-type'].includes('problem')
    const answer = isJson ? answers.parse(JSON.parse(text)) : {}
    return { ...answer, status, headers, text, codes: (answer.errors ?? []).map(({ extensions }) => extensions.code) }
  }
  return {
    ...{ api, graphql, log, context, send },
    ask: (query, { key = 'all', ...more } = {}) => send(post({ query, ...more }, { 'x-api-key': key })),
  }
}

/** A request with a JSON body. */
export function post(body: object, headers: Record<string, string> = {}): ApiRequest {
  return requestOf('/graphql', {
    method: 'POST',
    body: Buffer.from(JSON.stringify(body)),
    headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json', ...headers },
  })
}
