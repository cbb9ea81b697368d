import { PipelineError } from '../../errors.ts'
import { type Parser, parser } from '../../schema.ts'
import {
  type GraphQLFieldConfig,
  type GraphQLFieldConfigArgumentMap,
  type GraphQLFieldConfigMap,
  GraphQLNonNull,
} from '../../vendor/graphql.ts'
import type { ApiRequest, ApiResponse } from '../http.ts'
import type { Answer, Route } from '../route.ts'
import { allow, type GraphqlContext } from './context.ts'
import { statementCost } from './dataset-fields.ts'
import { JsonTypes } from './json-types.ts'
import { Names } from './names.ts'

/** Items that an answer without a `limit` is taken to have, for the cost. */
const usualItems = 20

/**
 * A query field for each route that answers JSON: its name is the route's `id`, its arguments the parameters of path and query, its type
 * that of the answer. A route is checked by its own schemas, asked as by HTTP, and needs its own scope; routes without one (they are about
 * the API itself), with POST, and with parameters that only the request shows (the rows of a dataset, which have fields of their own) are left
 * out.
 */
export function routeFields(
  routes: readonly Route[],
  fields: Names,
  types: Names,
): GraphQLFieldConfigMap<unknown, GraphqlContext> {
  const made = new JsonTypes(types)
  const served = routes.filter(
    ({ method, scope, query }) => method === 'GET' && scope !== undefined && scope !== 'any' && !isOpen(query),
  )
  return Object.fromEntries(served.map((route) => [fields.give(route.id, route.id), routeField(route, made)]))
}

function routeField(route: Route, made: JsonTypes): GraphQLFieldConfig<unknown, GraphqlContext> {
  const params = argumentsOf(route.params, made)
  const query = argumentsOf(route.query, made)
  const checks = {
    params: parser(route.params, `The arguments of ${route.id}`, 'API_PARAMETER'),
    query: parser(route.query, `The arguments of ${route.id}`, 'API_PARAMETER'),
  }
  const about = [route.summary, route.description].filter((part) => part !== undefined)
  const answer = made.output(route.answer, route.id)
  return {
    // may be missing, so that what goes wrong with it takes nothing else along
    type: answer instanceof GraphQLNonNull ? answer.ofType : answer,
    description: [...about, `The same as \`GET ${route.path}\`.`].join('\n\n'),
    args: { ...query.args, ...params.args },
    extensions: {
      complexity: ({ args, childComplexity }: { args: Record<string, unknown>; childComplexity: number }) =>
        statementCost + Math.max(1, Number(args.limit ?? args.first ?? usualItems) || usualItems) * childComplexity,
    },
    resolve: (_source, args: Record<string, unknown>, context) =>
      context.turn(() => ask(route, checks, { params: params.read(args), query: query.read(args) }, context)),
  }
}

interface Arguments {
  args: GraphQLFieldConfigArgumentMap
  /** The properties of the schema, from the arguments. Null counts as left out. */
  read(args: Record<string, unknown>): Record<string, unknown>
}

function argumentsOf(schema: Route['params'], made: JsonTypes): Arguments {
  const properties: Record<string, unknown> =
    'properties' in schema && isObject(schema.properties) ? schema.properties : {}
  const required: unknown[] = 'required' in schema && Array.isArray(schema.required) ? schema.required : []
  const names = new Names()
  const named = Object.entries(properties).map(([property, of]) => ({
    property,
    of,
    name: names.give(property, property),
  }))
  return {
    args: Object.fromEntries(
      named.map(({ property, of, name }) => {
        const description = isObject(of) && typeof of.description === 'string' ? { description: of.description } : {}
        return [name, { type: made.input(of, required.includes(property)), ...description }]
      }),
    ),
    read: (args) =>
      Object.fromEntries(
        named.flatMap(({ property, name }) =>
          args[name] === undefined || args[name] === null ? [] : [[property, args[name]]],
        ),
      ),
  }
}

async function ask(
  route: Route,
  checks: Record<'params' | 'query', Parser<unknown>>,
  given: { params: Record<string, unknown>; query: Record<string, unknown> },
  context: GraphqlContext,
): Promise<unknown> {
  if (route.scope !== undefined && route.scope !== 'any') allow(context, route.scope)
  const params = checks.params.parse(given.params)
  const query = checks.query.parse(given.query)
  const raw = asRequest(route, given, context.request, context.signal)
  const answer: Answer<unknown> | ApiResponse = await route.handle(
    { params, query, caller: context.caller, raw },
    context.api,
  )
  return 'json' in answer ? answer.json : await jsonOf(answer)
}

/** The request that the same question would be by HTTP. */
function asRequest(
  route: Route,
  { params, query }: { params: Record<string, unknown>; query: Record<string, unknown> },
  request: ApiRequest,
  signal: AbortSignal,
): ApiRequest {
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params[name] ?? '')))
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    for (const each of [value].flat()) search.append(name, String(each))
  }
  const headers = { accept: 'application/json' }
  return { ...request, method: 'GET', path, query: search, headers, body: new Uint8Array(), signal }
}

/** What a route answers that writes its own response: JSON, or an error. */
async function jsonOf({ status, headers, body }: ApiResponse): Promise<unknown> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of typeof body === 'string' || body instanceof Uint8Array ? [body] : (body ?? [])) {
    const read = Buffer.from(part)
    bytes += read.length
    if (bytes > mostBytes) throw new PipelineError('GRAPHQL_LIMIT', `The answer has more than ${mostBytes} bytes`)
    parts.push(read)
  }
  const type = headers['content-type'] ?? ''
  if (status >= 200 && status < 300 && /\bjson\b/.test(type)) return JSON.parse(Buffer.concat(parts).toString('utf8'))
  throw new PipelineError(
    'GRAPHQL_ANSWER',
    `The route answers ${status} ${type}, which GraphQL cannot show; ask it by HTTP`,
  )
}

/** Most bytes of such an answer. */
const mostBytes = 8 * 1024 * 1024

function isOpen(schema: Route['query']): boolean {
  return 'additionalProperties' in schema && schema.additionalProperties === true
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
