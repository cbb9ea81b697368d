import type { Schema } from '../../schema.ts'
import { Names } from '../names.ts'
import { problemStatuses } from '../problem.ts'
import { type AnyRoute, type ConcretePath, NoJson } from '../route.ts'
import { NamedSchemas } from './components.ts'

/** What the document says of the whole. */
export interface Info {
  title: string
  version: string
  description: string
  /** Where the API is mounted: `/api/v1`. */
  root: string
}

/** A parameter of an operation, as far as our own page needs it. */
export interface DocumentParameter {
  name: string
  in: 'path' | 'query'
  required: boolean
  description?: string
  schema: object
  style?: string
  explode?: boolean
}

/** An operation of the document. */
export interface Operation {
  operationId: string
  summary: string
  description?: string
  tags: string[]
  security: Record<string, string[]>[]
  parameters: DocumentParameter[]
  requestBody?: object
  responses: Record<string, object>
}

/** An OpenAPI 3.1 document, as far as our own page needs it. */
export interface Document {
  openapi: string
  info: { title: string; version: string; description: string }
  jsonSchemaDialect: string
  servers: { url: string }[]
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, object> } & Record<string, object>
}

/** Paths that stand for a route with its placeholders filled in. */
export interface Expanded {
  route: AnyRoute
  paths: readonly ConcretePath[]
}

/**
 * The OpenAPI 3.1 document of routes. TypeBox's schemas are JSON Schema 2020-12 and go in as they are, but for answers and objects with a title:
 * these stand in `components`, so that a generated client has names for them.
 */
export function documentOf(info: Info, routes: readonly AnyRoute[], expanded: readonly Expanded[]): Document {
  const paths: Document['paths'] = {}
  const schemas = new NamedSchemas(components.schemas)
  const ids = new Names()
  const add = (path: string, method: string, operation: Operation) => {
    paths[path] = { ...paths[path], [method.toLowerCase()]: operation }
  }
  const named = ({ id, answer, ...what }: Described): Described => {
    const own = ids.give(id, what.path)
    return { ...what, id: own, answer: answer === NoJson ? answer : schemas.of(answer, `${own} answer`) }
  }
  for (const route of routes)
    add(route.path, route.method, operationOf(route, named(route), parametersOf(route.params, 'path')))
  for (const { route, paths: concrete } of expanded) {
    for (const each of concrete) add(each.path, route.method, operationOf(route, named(each), []))
  }
  return {
    openapi: '3.1.0',
    info: { title: info.title, version: info.version, description: info.description },
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    servers: [{ url: info.root }],
    paths,
    components: { ...components, schemas: schemas.schemas },
  }
}

type Described = Pick<ConcretePath, 'path' | 'id' | 'summary' | 'description' | 'query' | 'answer'>

function operationOf(route: AnyRoute, what: Described, inPath: DocumentParameter[]): Operation {
  const content: Record<string, object> = what.answer === NoJson ? {} : { 'application/json': { schema: what.answer } }
  for (const format of route.formats ?? []) content[format] = isText(format) ? { schema: { type: 'string' } } : {}
  const needs = route.scope === undefined ? '' : `Needs the scope \`${route.scope}\`.`
  const description = [what.description, needs].filter((text) => text !== undefined && text !== '').join('\n\n')
  return {
    operationId: what.id,
    summary: what.summary,
    ...(description === '' ? {} : { description }),
    tags: [what.path.split('/')[1] ?? ''],
    security: route.scope === undefined ? [] : [{ bearer: [] }, { apiKey: [] }],
    parameters: [...inPath, ...parametersOf(what.query, 'query')],
    ...(route.method === 'POST' ? { requestBody: { content: { 'application/json': { schema: {} } } } } : {}),
    responses: {
      200: { description: what.summary, headers: answerHeaders, content },
      ...(route.method === 'GET'
        ? { 304: { description: 'The caller has it: If-None-Match or If-Modified-Since' } }
        : {}),
      ...Object.fromEntries(failuresOf(route).map((status) => [status, { $ref: '#/components/responses/Problem' }])),
    },
  }
}

/** One by one, not as `default`: so generated clients tell an answer from a problem by its status. */
function failuresOf({ method, scope }: AnyRoute): number[] {
  const never = [
    // for a path there is, and a method that it has
    405,
    ...(scope === undefined ? [401] : []),
    ...(method === 'GET' ? [408, 413] : []),
  ]
  return problemStatuses.filter((status) => !never.includes(status))
}

const isText = (type: string) => /^text\/|json/.test(type)

const text = (description: string) => ({ description, schema: { type: 'string' } })
const answerHeaders = {
  etag: text('For If-None-Match'),
  'last-modified': text('When what the answer says was last published, where that is known'),
}

function parametersOf(schema: Schema, place: DocumentParameter['in']): DocumentParameter[] {
  const { properties = {}, required = [], additionalProperties } = shapeOf(schema)
  const declared = Object.entries(properties).map(([name, property]): DocumentParameter => {
    const { description, ...rest } = property
    const isNeeded = required.includes(name) && property.default === undefined
    return {
      ...{ name, in: place, required: place === 'path' || isNeeded },
      ...(typeof description === 'string' ? { description } : {}),
      schema: rest,
      ...(rest.type === 'array' ? { style: 'form', explode: false } : {}),
    }
  })
  if (additionalProperties !== true) return declared
  const description = 'Any other parameter is a filter: `column=value`, `column.gte=value`'
  const open = { type: 'object', additionalProperties: { type: 'string' } }
  return [
    ...declared,
    { name: 'filters', in: place, required: false, description, schema: open, style: 'form', explode: true },
  ]
}

interface Shape {
  properties?: Record<string, Record<string, unknown>>
  required?: readonly string[]
  additionalProperties?: unknown
}

const shapeOf = (schema: Schema): Shape => schema

const components = {
  securitySchemes: {
    bearer: { type: 'http', scheme: 'bearer', description: 'An API key, or a token of the configured issuer' },
    apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' },
  },
  schemas: {
    Problem: {
      type: 'object',
      description: 'RFC 9457',
      required: ['type', 'title', 'status', 'detail', 'code', 'retryable'],
      properties: {
        type: { type: 'string', format: 'uri', description: 'Where the code is explained' },
        title: { type: 'string' },
        status: { type: 'integer' },
        detail: { type: 'string' },
        code: { type: 'string', description: 'Stable: for programs' },
        retryable: { type: 'boolean', description: 'Whether the same request may succeed later' },
        id: { type: 'string', description: 'Stands in the log beside what is not told' },
        problems: { type: 'array', items: { type: 'string' } },
      },
    },
  },
  responses: {
    Problem: {
      description: 'It did not work out',
      headers: { 'retry-after': { description: 'Seconds', schema: { type: 'integer' } } },
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    },
  },
}
