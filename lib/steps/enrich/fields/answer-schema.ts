import type { Field, FieldSchema, JsonSchema, PlainField } from './field-schema.ts'

/** Longest quote that a model may give, in characters. */
const longestQuote = 1_000
/** Most entries of a list in one answer. */
const mostEntries = 500

/**
 * The schema of an answer: each value beside the words that it rests on. Fields may be left out (what is not in the document must not
 * be invented), and unknown ones are not refused: they are dropped and counted.
 */
export function answerSchema({ fields }: FieldSchema): JsonSchema {
  return {
    type: 'object',
    properties: Object.fromEntries([...fields].map(([name, field]) => [name, schemaOf(field)])),
  }
}

function schemaOf(field: Field): JsonSchema {
  if (field.kind === 'plain') return quoted(field)
  if (field.kind === 'list') return { type: 'array', maxItems: mostEntries, items: quoted(field.of) }
  return {
    type: 'array',
    maxItems: mostEntries,
    items: {
      type: 'object',
      properties: Object.fromEntries([...field.fields].map(([name, inner]) => [name, quoted(inner)])),
    },
  }
}

function quoted({ schema, type, choices }: PlainField): JsonSchema {
  return {
    type: 'object',
    properties: {
      value: choices === undefined ? { type, ...schema } : { ...schema },
      quote: { type: 'string', maxLength: longestQuote },
    },
    required: ['value', 'quote'],
  }
}

/** What is looked for, in words for a prompt: a line for each field. */
export function fieldLines({ fields, required }: FieldSchema): string {
  return [...fields]
    .flatMap(([name, field]) => {
      const must = required.includes(name) ? ' *' : ''
      if (field.kind === 'plain') return [`- ${name}${must} (${kindOf(field)}): ${describe(field)}`]
      if (field.kind === 'list') return [`- ${name}${must} (list of ${kindOf(field.of)}): ${describe(field.of)}`]
      return [
        `- ${name}${must} (list of objects):`,
        ...[...field.fields].map(([inner, each]) => `  - ${inner} (${kindOf(each)}): ${describe(each)}`),
      ]
    })
    .join('\n')
}

const kindOf = ({ type, choices, unit }: PlainField): string =>
  [choices === undefined ? type : `one of: ${choices.join(' | ')}`, ...(unit === undefined ? [] : [unit])].join(', ')

const describe = ({ schema, words }: PlainField): string => (schema.format === 'date' ? `${words} (YYYY-MM-DD)` : words)
