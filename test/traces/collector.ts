import { createServer } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { Ajv } from 'ajv'

export interface Received {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  kind: number
  startTimeUnixNano: string
  endTimeUnixNano: string
  attributes: { key: string; value: Record<string, unknown> }[]
  status: { code?: number; message?: string }
}

const value = {
  type: 'object',
  minProperties: 1,
  maxProperties: 1,
  additionalProperties: false,
  properties: {
    stringValue: { type: 'string' },
    boolValue: { type: 'boolean' },
    intValue: { type: 'string', pattern: '^-?\\d+$' },
    doubleValue: { type: 'number' },
  },
}
const attributes = {
  type: 'array',
  items: {
    type: 'object',
    required: ['key', 'value'],
    additionalProperties: false,
    properties: { key: { type: 'string', minLength: 1 }, value },
  },
}
const strict = (properties: object, required: string[]) => ({
  ...{ type: 'object', additionalProperties: false, required, properties },
})
const nano = { type: 'string', pattern: '^[1-9]\\d{18}$' }

/**
 * ExportTraceServiceRequest of opentelemetry-proto (trace/v1/trace.proto) in its JSON mapping, with the fields that we send: names in
 * lowerCamelCase, ids in hexadecimal, 64-bit numbers as texts, enums as numbers.
 */
const valid = new Ajv({ allowUnionTypes: true }).compile<{
  resourceSpans: { resource: { attributes: Received['attributes'] }; scopeSpans: { spans: Received[] }[] }[]
}>(
  strict(
    {
      resourceSpans: {
        type: 'array',
        items: strict(
          {
            resource: strict({ attributes }, ['attributes']),
            scopeSpans: {
              type: 'array',
              items: strict(
                {
                  scope: strict({ name: { type: 'string' }, version: { type: 'string' } }, ['name']),
                  spans: {
                    type: 'array',
                    items: strict(
                      {
                        traceId: { type: 'string', pattern: '^[0-9a-f]{32}$' },
                        spanId: { type: 'string', pattern: '^[0-9a-f]{16}$' },
                        parentSpanId: { type: 'string', pattern: '^[0-9a-f]{16}$' },
                        name: { type: 'string', minLength: 1 },
                        kind: { enum: [1, 2, 3, 4, 5] },
                        startTimeUnixNano: nano,
                        endTimeUnixNano: nano,
                        attributes,
                        status: strict({ code: { enum: [0, 1, 2] }, message: { type: 'string' } }, []),
                      },
                      ['traceId', 'spanId', 'name', 'kind', 'startTimeUnixNano', 'endTimeUnixNano'],
                    ),
                  },
                },
                ['scope', 'spans'],
              ),
            },
          },
          ['resource', 'scopeSpans'],
        ),
      },
    },
    ['resourceSpans'],
  ),
)

/** A collector on loopback that decodes and checks what comes. */
export async function startCollector() {
  const spans: Received[] = []
  const violations: string[] = []
  const heads: Record<string, unknown>[] = []
  const resources: Record<string, unknown>[] = []
  /** Statuses of the next answers; 0 never answers. */
  const faults: number[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const fault = faults.shift()
      if (fault === 0) return
      if (fault !== undefined) {
        response.writeHead(fault).end()
        return
      }
      heads.push(request.headers)
      const body = Buffer.concat(chunks)
      const text = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body
      const given: unknown = JSON.parse(text.toString('utf8'))
      if (request.url !== '/v1/traces' || request.method !== 'POST') violations.push(`${request.method} ${request.url}`)
      if (!valid(given)) violations.push(JSON.stringify(valid.errors))
      else
        for (const { resource, scopeSpans } of given.resourceSpans) {
          resources.push(
            Object.fromEntries(resource.attributes.map(({ key, value }) => [key, Object.values(value)[0]])),
          )
          for (const scope of scopeSpans) spans.push(...scope.spans)
        }
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    ...{ spans, violations, heads, resources, faults },
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** An attribute of a span. */
export const attributeOf = ({ attributes }: Received, wanted: string): unknown =>
  Object.values(attributes.find(({ key }) => key === wanted)?.value ?? {})[0]
