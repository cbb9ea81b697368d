// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Node-RED's placeholders for the environment
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { rulesOf } from '../build/fields.ts'
import { coerce } from '../lib/coerce.ts'
import { parser, Type } from '../lib/schema.ts'
import { FetchConfigSchema, PortalSchema } from '../lib/steps/aneel/fetch-schema.ts'
import { LimitsSchema, type ObjectSchema } from '../nodes/kit/declaration.ts'
import { violation } from '../nodes/kit/editor/check.ts'

const schema = Type.Object(
  {
    text: Type.String({ default: 'blank is kept' }),
    count: Type.Integer({ default: 5, minimum: 0 }),
    share: Type.Number({ default: 0.5 }),
    tick: Type.Boolean({ default: true }),
    list: Type.Array(Type.String(), { default: [] }),
    choice: Type.Enum(['a', 'b'], { default: 'a' }),
  },
  { additionalProperties: false },
)

describe('coerce', () => {
  test('takes only declared properties', () => {
    assert.deepEqual(coerce(schema, { id: 'x', wires: [], text: 'a' }), { text: 'a' })
  })

  for (const [name, given, expected] of [
    ['numbers from texts', { count: ' 12 ', share: '-1.5e2' }, { count: 12, share: -150 }],
    ['zero stays zero', { count: 0, share: '0' }, { count: 0, share: 0 }],
    ['ticks from texts', { tick: 'false' }, { tick: false }],
    ['a blank where no text is wanted counts as not given', { count: '', share: ' ', tick: '', choice: '' }, {}],
    ['a blank text is a text', { text: '' }, { text: '' }],
    ['null counts as not given', { text: null, count: null }, {}],
    ['lists from texts with commas and from JSON', { list: 'a, b' }, { list: ['a', 'b'] }],
    ['lists from JSON', { list: '["a, b"]' }, { list: ['a, b'] }],
    [
      'what is no number is left for the schema',
      { count: '12 rows', share: 'NaN', tick: 'yes' },
      { count: '12 rows', share: 'NaN', tick: 'yes' },
    ],
    ['a number where a text is wanted becomes one', { text: 5 }, { text: '5' }],
  ] as const) {
    test(name, () => assert.deepEqual(coerce(schema, given), expected))
  }
})

describe("the form's rules say the same as the schema", () => {
  const awkward = Type.Object(
    {
      needed: Type.Integer({ minimum: 1, maximum: 3 }),
      above: Type.Number({ default: 1, exclusiveMinimum: 0, exclusiveMaximum: 2 }),
      short: Type.String({ default: 'ab', minLength: 2, maxLength: 3 }),
      form: Type.String({ default: '', pattern: '^(|[a-z]+)$' }),
      choice: Type.Enum(['a', 'b'], { default: 'a' }),
      neededChoice: Type.Enum(['a', 'b']),
      tick: Type.Boolean({ default: false }),
      names: Type.Array(Type.String({ pattern: '^[a-z]+$' }), { default: [], minItems: 0, maxItems: 2 }),
    },
    { additionalProperties: false },
  )
  const values = [
    '',
    ' ',
    '0',
    '1',
    '2',
    '3',
    '4',
    '-1',
    '1.5',
    '2.0',
    '0.0',
    '1e0',
    'x',
    'abc',
    'abcd',
    'a',
    'b',
    'c',
    'ab',
    'éé',
    'A1',
    'true',
    'false',
    '12 rows',
    '1,5',
    'NaN',
    'Infinity',
    '0x10',
    'http://a',
    'https://dados.gov.br/x y',
    'latest',
    'latest-two',
    '2024,2025',
    '2024, 2025',
    'incremental',
    true,
    false,
    0,
    1,
    2.5,
    [],
    ['a'],
    ['a', 'b'],
    ['a', 'B'],
    ['a', 'b', 'c'],
  ] as const
  const schemas: Record<string, ObjectSchema> = {
    awkward,
    portal: PortalSchema,
    fetch: FetchConfigSchema,
    limits: LimitsSchema,
  }
  for (const [name, schema] of Object.entries(schemas)) {
    for (const [property, rule] of Object.entries(schema.properties)) {
      if ('properties' in rule) continue
      test(`${name}.${property}`, () => {
        const required = schema.required?.includes(property) === true ? [property] : []
        const alone: ObjectSchema = { ...schema, properties: { [property]: rule }, required }
        const check = parser(alone, 'value')
        for (const value of values) {
          // What no form gives: a list or tick in a field for something else, a number in a list's.
          const { kind } = rulesOf(schema, property)
          if (kind === 'list' ? typeof value === 'number' || typeof value === 'boolean' : Array.isArray(value)) continue
          if (typeof value === 'boolean' && kind !== 'boolean') continue
          const runtime = check.problems(coerce(alone, { [property]: value }))
          const editor = violation(rulesOf(schema, property), value)
          assert.equal(
            editor === undefined,
            runtime.length === 0,
            `${JSON.stringify(value)}: ${editor?.key ?? 'right'} / ${runtime.join('; ') || 'right'}`,
          )
        }
      })
    }
  }

  test('what the environment will give is let through', () => {
    assert.equal(violation(rulesOf(awkward, 'needed'), '${COUNT}'), undefined)
    assert.notEqual(violation(rulesOf(awkward, 'needed'), '${COUNT} rows'), undefined)
  })
})
