import { PipelineError } from '../../../errors.ts'
import { parser, Type } from '../../../schema.ts'

/** A JSON Schema as plain data. */
export type JsonSchema = Readonly<Record<string, unknown>>

/** A value that can rest on a quote. */
export interface PlainField {
  kind: 'plain'
  type: 'string' | 'number' | 'integer' | 'boolean'
  /** Values that are allowed, where the schema lists them: the quote need not say them in these words. */
  choices: readonly (string | number | boolean)[] | undefined
  /** The unit of a number, where the schema says it (`unit`). */
  unit: string | undefined
  /** Words that say what is meant: title and description. */
  words: string
  /** What a value must satisfy. Without `default`: a checker would fill it in, and it rests on nothing. */
  schema: JsonSchema
}

/** A property of the object that is wanted. */
export type Field =
  | PlainField
  | { kind: 'list'; of: PlainField }
  | { kind: 'rows'; fields: ReadonlyMap<string, PlainField>; required: readonly string[] }

/** What is to be found in a document. */
export interface FieldSchema {
  fields: ReadonlyMap<string, Field>
  required: readonly string[]
}

const mostFields = 100

const object = parser(
  Type.Object({
    type: Type.Optional(Type.Literal('object')),
    properties: Type.Record(Type.String(), Type.Record(Type.String(), Type.Unknown()), { minProperties: 1 }),
    required: Type.Optional(Type.Array(Type.String())),
  }),
  'The JSON Schema of the fields',
  'CONFIG',
)
const plain = parser(
  Type.Object({
    type: Type.Optional(Type.Enum(['string', 'number', 'integer', 'boolean'])),
    enum: Type.Optional(
      Type.Array(Type.Union([Type.String(), Type.Number(), Type.Boolean()]), { minItems: 1, maxItems: 500 }),
    ),
    unit: Type.Optional(Type.String()),
    title: Type.Optional(Type.String()),
    description: Type.Optional(Type.String()),
  }),
  'A field',
  'CONFIG',
)

/** Reads the JSON Schema of what is to be extracted. Throws CONFIG, with the property that cannot be grounded in a quote. */
export function readFieldSchema(text: string): FieldSchema {
  if (text.trim() === '') throw new PipelineError('CONFIG', 'The JSON Schema of the fields is blank')
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new PipelineError('CONFIG', `The JSON Schema of the fields is no JSON: ${wordsOf(cause)}`, { cause })
  }
  const { properties, required = [] } = object.parse(json)
  const fields = new Map<string, Field>()
  for (const [name, property] of Object.entries(properties)) fields.set(checkedName(name), fieldOf(name, property))
  const count = [...fields.values()].reduce((sum, field) => sum + (field.kind === 'rows' ? field.fields.size : 1), 0)
  if (count > mostFields)
    throw new PipelineError('CONFIG', `The schema has ${count} fields; ${mostFields} are the most`)
  const unknown = required.find((name) => !fields.has(name))
  if (unknown !== undefined) throw new PipelineError('CONFIG', `The schema requires ${unknown}, which it does not have`)
  return { fields, required }
}

function fieldOf(name: string, schema: JsonSchema): Field {
  if (schema.type === 'array') {
    const items = recordOf(schema.items)
    if (items === undefined) throw unfit(name, 'an array needs one schema for its `items`')
    if (items.type === 'object' || 'properties' in items) {
      const { properties, required = [] } = object.parse(items)
      const fields = new Map(
        Object.entries(properties).map(([inner, each]) => [checkedName(inner), plainOf(`${name}.${inner}`, each)]),
      )
      return { kind: 'rows', fields, required }
    }
    return { kind: 'list', of: plainOf(name, items) }
  }
  return plainOf(name, schema)
}

function plainOf(name: string, schema: JsonSchema): PlainField {
  const problems = plain.problems(schema)
  if (problems.length > 0) {
    throw unfit(name, `a text, number, boolean or list of them is expected (${problems.join('; ')})`)
  }
  const { type, enum: choices, unit, title = '', description = '' } = plain.parse(schema)
  return {
    kind: 'plain',
    type: type ?? typeOf(choices),
    choices,
    unit,
    words: `${name.replaceAll(/[._-]/g, ' ')} ${title} ${description}`.trim(),
    schema: constraintsOf(schema),
  }
}

/** The keywords that say what a value may be, and no others: a user's `$ref` or `default` has no place in an answer's schema. */
const constraints = [
  'type',
  'enum',
  'pattern',
  'format',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
]

function constraintsOf(schema: JsonSchema): JsonSchema {
  return Object.fromEntries(Object.entries(schema).filter(([keyword]) => constraints.includes(keyword)))
}

function typeOf(choices: readonly unknown[] | undefined): PlainField['type'] {
  const [first] = choices ?? []
  return typeof first === 'number' ? 'number' : typeof first === 'boolean' ? 'boolean' : 'string'
}

/** Names that JSON objects of JavaScript do not carry safely, or that paths could not tell apart. */
function checkedName(name: string): string {
  if (name === '' || name === '__proto__' || /[.[\]]/.test(name)) throw unfit(name, 'that is no name for a field')
  return name
}

/** A value as a record, when it is one. */
export function recordOf(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
}

function unfit(name: string, words: string): PipelineError {
  return new PipelineError('CONFIG', `The field ${name} of the schema cannot be extracted: ${words}`)
}

function wordsOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
