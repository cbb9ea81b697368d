import {
  createHandler,
  type ExecutionArgs,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  specifiedRules,
  validate,
} from '../../vendor/graphql.ts'
import type { Caller } from '../access/caller.ts'
import type { ApiRequest, ApiResponse } from '../http.ts'
import type { AnyRoute, ApiContext } from '../route.ts'
import { type GraphqlContext, turns } from './context.ts'
import { shownError } from './errors.ts'
import { checkCost, type GraphqlLimits, limitRules, parseBounded, usualLimits } from './limits.ts'
import { LinkedRows } from './links.ts'
import { buildSchema } from './schema.ts'
import { type DatasetSource, sourceOf } from './source.ts'

/** What GraphQL is made of. */
export interface GraphqlOptions {
  /** Where rows come from; asked for each request. Left out: the stores of the context. */
  source?(context: ApiContext): DatasetSource
  /** Routes that become fields. */
  routes: readonly AnyRoute[]
  limits?: Partial<GraphqlLimits>
}

/** Who asks, and with what. */
export interface Asking {
  caller: Caller
  request: ApiRequest
  context: ApiContext
  /** Left out: nobody can subscribe this way. */
  events?: GraphqlContext['events']
}

/** An operation as it comes in a body, an address or a message. */
export interface Operation {
  query: string
  operationName?: string | null | undefined
  variables?: Record<string, unknown> | null | undefined
}

/** A checked operation. */
export type Prepared = ExecutionArgs & { contextValue: GraphqlContext }

/** GraphQL over what is held. */
export interface Graphql {
  readonly limits: GraphqlLimits
  /** The schema of what is held now, at most two seconds old. Throws what the store throws. */
  schema(context: ApiContext): Promise<GraphQLSchema>
  /** A checked operation, ready to be carried out, or why it is not. `subscription`: whether it must be one, or must not. */
  prepare(operation: Operation, asking: Asking): Promise<Prepared | readonly GraphQLError[]>
  /** An error as the caller may see it; what it may not see goes into the log. */
  shown(error: unknown, asking: Asking): GraphQLError
  /** Answers a request by the rules of GraphQL over HTTP. Errors of the request are in the answer; throws STORE_… and API_TIMEOUT. */
  handle(asking: Asking): Promise<ApiResponse>
}

/** What is held is looked at again after this. */
const lookMs = 2_000

/** Makes a {@link Graphql}. Its schema is built when what is held has changed, and kept until then. */
export function createGraphql(options: GraphqlOptions): Graphql {
  const limits = { ...usualLimits, ...options.limits }
  const sourceFor = options.source ?? sourceOf
  let built: { fingerprint: string; schema: GraphQLSchema } | undefined
  let looked = Number.NEGATIVE_INFINITY
  let looking: Promise<GraphQLSchema> | undefined

  async function look(context: ApiContext): Promise<GraphQLSchema> {
    const source = sourceFor(context)
    const fingerprint = await source.fingerprint()
    if (built?.fingerprint !== fingerprint) {
      built = { fingerprint, schema: buildSchema(await source.describe(), options.routes) }
    }
    looked = performance.now()
    return built.schema
  }

  function schemaOf(context: ApiContext): Promise<GraphQLSchema> {
    if (built !== undefined && performance.now() - looked < lookMs) return Promise.resolve(built.schema)
    looking ??= look(context).finally(() => {
      looking = undefined
    })
    return looking
  }

  function contextOf({ caller, context, request, events }: Asking): GraphqlContext {
    const { signal } = request
    return {
      ...{ caller, request, signal, api: context, source: sourceFor(context) },
      ...{ links: new LinkedRows(), turn: turns(signal) },
      events:
        events ??
        (() => {
          throw new GraphQLError('Subscriptions are not supported')
        }),
    }
  }

  async function prepare(operation: Operation, asking: Asking): Promise<Prepared | readonly GraphQLError[]> {
    const schema = await schemaOf(asking.context)
    const { operationName, variables } = operation
    try {
      const document = parseBounded(operation.query, limits)
      // who is not known has no scopes either; the schema is for those who are
      const rules = limitRules(limits, { introspection: asking.caller.scopes.size > 0 })
      for (const some of [rules, specifiedRules]) {
        const errors = validate(schema, document, some, { maxErrors: 20 })
        if (errors.length > 0) return errors
      }
      const node = getOperationAST(document, operationName)
      const subscribes = asking.events !== undefined
      if (node === null || node === undefined)
        return [new GraphQLError('`operationName` must name one of the operations')]
      if (subscribes !== (node.operation === 'subscription')) {
        const words = subscribes ? 'Only subscriptions go over a WebSocket' : 'Subscriptions go over a WebSocket'
        return [new GraphQLError(words)]
      }
      checkCost({ schema, document, variables, operationName }, limits)
      return {
        ...{ schema, document, contextValue: contextOf(asking) },
        ...(variables === undefined || variables === null ? {} : { variableValues: variables }),
        ...(typeof operationName === 'string' ? { operationName } : {}),
      }
    } catch (error) {
      if (error instanceof GraphQLError) return [error]
      throw error
    }
  }

  function shown(error: unknown, { caller, context: { log }, request }: Asking): GraphQLError {
    return shownError(error, (fault, id) => {
      if (request.signal.aborted) return
      log.error(`GraphQL: ${fault.message}`, { id, code: fault.code, caller: caller.id, error: fault })
    })
  }

  async function handle(asking: Asking): Promise<ApiResponse> {
    const { method, query, headers, body } = asking.request
    const handler = createHandler<ApiRequest, undefined, GraphqlContext>({
      onSubscribe: (_request, operation) => prepare(operation, asking),
      formatError: (error) => shown(error, asking),
    })
    const [text, { status, headers: given }] = await handler({
      ...{ method, headers, raw: asking.request, context: undefined },
      url: `/graphql?${query.toString()}`,
      body: Buffer.from(body).toString('utf8'),
    })
    const answer = { 'cache-control': status === 200 && method === 'GET' ? 'private, no-cache' : 'no-store', ...given }
    if (text !== null) return { status, headers: answer, body: text }
    const words =
      status === 415
        ? 'The body must be application/json'
        : `Answers are application/graphql-response+json or application/json`
    const error = { message: words, extensions: { code: status === 415 ? 'API_BODY' : 'API_FORMAT', retryable: false } }
    return {
      status,
      headers: { ...answer, 'content-type': 'application/json; charset=utf-8' },
      body: JSON.stringify({ errors: [error] }),
    }
  }

  return { limits, schema: schemaOf, prepare, shown, handle }
}

/** Whether an operation was refused. */
export function isErrors(prepared: Prepared | readonly GraphQLError[]): prepared is readonly GraphQLError[] {
  return Array.isArray(prepared)
}
