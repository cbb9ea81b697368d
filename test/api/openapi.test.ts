import assert from 'node:assert/strict'
import { test } from 'node:test'
import { documentOf } from '../../lib/api/openapi/document.ts'
import { type AnyRoute, type ConcretePath, defineRoute, NoJson, None } from '../../lib/api/route.ts'
import { type Schema, Type } from '../../lib/schema.ts'

const info = { title: 'Data', version: '1', description: '', root: '/api' }
const Place = Type.Object({ uf: Type.String() }, { title: 'Place' })

function route(id: string, answer: Schema, more: Partial<AnyRoute> = {}): AnyRoute {
  const handle = async () => ({ json: {} })
  const plain = { method: 'GET', path: `/${id}`, summary: id, params: None, query: None } as const
  return defineRoute({ ...plain, id, answer, handle, scope: 'datasets', ...more })
}
const operation = (document: ReturnType<typeof documentOf>, path: string) => {
  const found = document.paths[path]?.get
  assert.ok(found, path)
  return found
}
const reference = (name: string) => ({ $ref: `#/components/schemas/${name}` })

test('answers and titled objects are named schemas, each once', () => {
  const one = Type.Object({ first: Place, more: Type.Array(Place), title: Type.String() })
  const { components } = documentOf(info, [route('getOne', one), route('getTwo', Place)], [])
  const { Problem: _, ...schemas } = components.schemas
  assert.deepEqual(Object.keys(schemas).sort(), ['GetOneAnswer', 'Place'])
  assert.deepEqual(JSON.parse(JSON.stringify(schemas.GetOneAnswer)), {
    type: 'object',
    required: ['first', 'more', 'title'],
    properties: {
      first: reference('Place'),
      more: { type: 'array', items: reference('Place') },
      title: { type: 'string' },
    },
  })
})

test('different things of one name get two, the same ones each time', () => {
  const other = Type.Object({ uf: Type.Integer() }, { title: 'Place' })
  const problem = Type.Object({ own: Type.String() }, { title: 'Problem' })
  const made = () => documentOf(info, [route('getOne', Place), route('getTwo', other), route('getThree', problem)], [])
  const names = Object.keys(made().components.schemas)
  assert.equal(names.length, 4)
  assert.ok(names.includes('Place') && names.includes('Problem'))
  assert.match(names.join(), /Place_[0-9a-f]{6}/)
  assert.deepEqual(Object.keys(made().components.schemas), names)
  const path = (path: `/${string}`): ConcretePath => ({
    path,
    id: 'getRowsABC',
    summary: '',
    query: None,
    answer: Place,
  })
  const rows = route('getRows', Place)
  const twice = documentOf(info, [rows], [{ route: rows, paths: [path('/a.b_c'), path('/a_b.c')] }])
  assert.equal(operation(twice, '/a.b_c').operationId, 'getRowsABC')
  assert.match(operation(twice, '/a_b.c').operationId, /^getRowsABC_[0-9a-f]{6}$/)
})

test('words of the schema that are data, and names of properties, stay as they are', () => {
  const tricky = { type: 'object', title: 'Place', properties: { a: 1 } }
  const answer = Type.Object({
    default: Type.Unsafe({ default: tricky, enum: [tricky] }),
    counts: Type.Record(Type.String(), Type.Integer()),
  })
  const { components } = documentOf(info, [route('getOne', answer)], [])
  const { properties } = JSON.parse(JSON.stringify(components.schemas.GetOneAnswer))
  assert.deepEqual(properties.default, { default: tricky, enum: [tricky] })
  assert.deepEqual(properties.counts, { type: 'object', additionalProperties: { type: 'integer' } })
})

test('a parameter with a default may be left out, one without may not', () => {
  const query = Type.Object({
    limit: Type.Integer({ default: 100 }),
    q: Type.String(),
    x: Type.Optional(Type.String()),
  })
  const { parameters } = operation(documentOf(info, [route('getOne', Place, { query })], []), '/getOne')
  assert.deepEqual(
    parameters.map(({ name, required }) => [name, required]),
    [
      ['limit', false],
      ['q', true],
      ['x', false],
    ],
  )
})

test('an answer has the media types that there are, a problem its statuses', () => {
  const formats = ['application/pdf', 'text/csv']
  const { scope: _, ...open } = route('getPublic', Place)
  const document = documentOf(info, [route('getFile', NoJson, { formats }), open], [])
  const { responses } = operation(document, '/getFile')
  assert.deepEqual(Object(responses[200]).content, {
    'application/pdf': {},
    'text/csv': { schema: { type: 'string' } },
  })
  const failures = Object.keys(responses).filter((status) => Number(status) >= 400)
  assert.deepEqual(failures, ['400', '401', '403', '404', '406', '410', '429', '500', '503', '504'])
  assert.ok(!('401' in operation(document, '/getPublic').responses))
})
