import fc from 'fast-check'
import type { Document, DocumentParameter } from '../../lib/api/openapi/document.ts'

/** A request that is made of an OpenAPI document, rightly or wrongly. */
export interface Made {
  /** Path of the document, placeholders and all. */
  template: string
  target: string
  accept: string
}

/** Texts that have broken somebody's API. */
const hostile = fc.constantFrom(
  ...["'", '"', "' or 1=1 --", "'; drop table pipeline.version; --", '$1', '\\', '%00', '\u0000', '%', '_', '{', '}'],
  ...[
    '__proto__',
    'constructor',
    'null',
    'NaN',
    '1e999',
    '-1',
    '9'.repeat(40),
    '٣',
    '',
    ' ',
    ',',
    ',,',
    '..',
    '../../etc/passwd',
  ],
  ...[
    '2026-02-30',
    '0000-00-00',
    '99999-01-01',
    'infinity',
    '2026-01-01T99:99',
    '\ud800',
    'á'.repeat(2_000),
    '<script>',
    '{"$gt":""}',
  ],
)
const text = fc.oneof(hostile, fc.string({ maxLength: 40, unit: 'binary' }), fc.string({ maxLength: 20 }))

/** A value of a schema, as text; now and then none. */
function someOf(schema: unknown): fc.Arbitrary<string> {
  const of: Record<string, unknown> & { minimum?: number; maximum?: number } = Object(schema)
  if (Array.isArray(of.anyOf)) return fc.oneof(...of.anyOf.map(someOf))
  if (of.const !== undefined) return fc.constant(String(of.const))
  if (Array.isArray(of.enum)) return fc.constantFrom(...of.enum.map(String))
  if (of.type === 'array') return fc.array(someOf(of.items), { maxLength: 3 }).map((list) => list.join(','))
  if (of.type === 'integer' || of.type === 'number') {
    const { minimum = 0, maximum = 1_000 } = of
    return fc.integer({ min: Math.max(minimum, -1_000_000), max: Math.min(maximum, 1_000_000) }).map(String)
  }
  if (of.type === 'boolean') return fc.constantFrom('true', 'false')
  if (of.format === 'date')
    return fc
      .date({ min: new Date('2010-01-01'), max: new Date('2030-01-01'), noInvalidDate: true })
      .map((day) => day.toISOString().slice(0, 10))
  if (of.format === 'uuid') return fc.uuid()
  return fc.oneof(text, fc.constantFrom('B1', 'MG', '2026-07', '2026-07-01', 'Residencial', '1', 'CEMIG-D'))
}

/** Requests of all operations of a document: half of the parameters as they should be, the others anything. */
export function requestsOf(document: Document, known: Record<string, readonly string[]>): fc.Arbitrary<Made> {
  const operations = Object.entries(document.paths).flatMap(([template, methods]) =>
    methods.get === undefined ? [] : [{ template, parameters: methods.get.parameters }],
  )
  return fc.constantFrom(...operations).chain(({ template, parameters }) => {
    const inPath = parameters.filter((parameter) => parameter.in === 'path')
    const inQuery = parameters.filter((parameter) => parameter.in === 'query')
    const names: fc.Arbitrary<DocumentParameter>[] = inQuery.length === 0 ? [] : [fc.constantFrom(...inQuery)]
    const pair = fc.oneof(
      ...names.map((name) =>
        name.chain((parameter) =>
          fc.tuple(
            fc.constant(parameter.name),
            fc.oneof({ weight: 4, arbitrary: someOf(parameter.schema) }, { weight: 1, arbitrary: text }),
          ),
        ),
      ),
      fc.tuple(text, text),
    )
    const required = inQuery.filter((parameter) => parameter.required)
    return fc
      .tuple(
        fc.tuple(
          ...inPath.map(({ name, schema }) =>
            fc.oneof(fc.constantFrom(...(known[name] ?? ['x'])), someOf(schema), text),
          ),
        ),
        fc.oneof({ weight: 9, arbitrary: fc.constant(true) }, fc.constant(false)),
        fc.tuple(...required.map(({ schema }) => someOf(schema))),
        fc.array(pair, { maxLength: 4 }),
        fc.constantFrom(
          'application/json',
          'application/json',
          '*/*',
          'text/csv',
          'application/x-ndjson',
          'application/vnd.apache.parquet',
          'x/y',
        ),
      )
      .map(([values, whole, needed, more, accept]) => {
        let at = 0
        // a path that ends in a slash is the list
        const path = template.replaceAll(/\{[^}]+\}/g, () => encodeURIComponent((values[at++] || 'x').toWellFormed()))
        const query = new URLSearchParams([
          ...(whole ? required.map(({ name }, index): [string, string] => [name, needed[index] ?? '']) : []),
          ...more,
        ])
        return { template, target: `${path}?${query}`, accept }
      })
  })
}
