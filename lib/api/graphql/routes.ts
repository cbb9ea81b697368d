import { Type } from '../../schema.ts'
import { printSchema } from '../../vendor/graphql.ts'
import type { ApiRequest } from '../http.ts'
import { type AnyRoute, defineRoute, None } from '../route.ts'
import type { Graphql } from './graphql.ts'
import { graphqlPage } from './page.ts'

const Anything = Type.Object({}, { additionalProperties: true })

/** Where a browser that opens `/graphql` is sent to; see {@link forBrowsers}. */
const pagePath = '/graphql/page'

/** `/graphql` with its schema as text and its page, as routes of an API. */
export function graphqlRoutes(graphql: Graphql): AnyRoute[] {
  const asked = { path: '/graphql', scope: 'any', params: None, query: Anything, answer: Anything } as const
  const formats = ['application/graphql-response+json']
  return [
    defineRoute({
      ...asked,
      ...{ method: 'POST', id: 'postGraphql', summary: 'Ask in GraphQL', formats },
      handle: ({ caller, raw }, context) => graphql.handle({ caller, request: raw, context }),
    }),
    defineRoute({
      ...asked,
      ...{ method: 'GET', id: 'getGraphql', summary: 'Ask in GraphQL, in the address', formats },
      handle: ({ caller, raw }, context) => graphql.handle({ caller, request: raw, context }),
    }),
    defineRoute({
      ...{
        method: 'GET',
        path: '/graphql/schema.graphql',
        id: 'getGraphqlSchema',
        scope: 'any',
        params: None,
        query: None,
      },
      ...{ answer: Type.String(), formats: ['text/plain'] },
      summary: 'The schema of GraphQL as text',
      async handle(_request, context) {
        const schema = await graphql.schema(context)
        return {
          status: 200,
          headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'private, no-cache' },
          body: textOf(schema),
        }
      },
    }),
    defineRoute({
      ...{ method: 'GET', path: pagePath, id: 'getGraphqlPage', params: None, query: Anything },
      ...{ answer: Type.String(), formats: ['text/html'] },
      summary: 'A page to read the schema and to ask',
      handle: async () => graphqlPage(graphql.limits),
    }),
  ]
}

const texts = new WeakMap<object, string>()

/** The schema as text, written once. */
function textOf(schema: Parameters<typeof printSchema>[0]): string {
  const known = texts.get(schema) ?? printSchema(schema)
  texts.set(schema, known)
  return known
}

/** A browser that opens `/graphql` gets the page: it has no key yet. */
export function forBrowsers(request: ApiRequest): ApiRequest {
  const { method, path, headers, query } = request
  const opens = (method === 'GET' || method === 'HEAD') && path === '/graphql' && !query.has('query')
  return opens && headers.accept?.includes('text/html') === true ? { ...request, path: pagePath } : request
}
