import type { Schema } from './schema.ts'

/** A schema of an object, with its properties. */
export type ObjectSchema = Schema & { properties: Record<string, Schema>; required?: readonly string[] | undefined }

/**
 * A node's definition from the flow as its config schema wants it: only declared properties, and texts turned into the numbers,
 * booleans and lists they stand for, because the editor and `${ENV}` deliver texts. What cannot be turned is left for the schema to
 * refuse. Texts are trimmed; a blank one where no text is wanted counts as not given, so that the default applies.
 */
export function coerce(schema: ObjectSchema, definition: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  for (const [name, property] of Object.entries(schema.properties)) {
    const value = coerceValue(property, definition[name])
    if (value !== undefined) values[name] = value
  }
  return values
}

/** What a property holds, as far as form and coercion need to know. */
export type Kind = 'text' | 'integer' | 'number' | 'boolean' | 'list' | 'choice' | 'other'

/** The kind of a property's schema. */
export function kindOf(schema: object): Kind {
  if ('enum' in schema) return 'choice'
  const type = 'type' in schema ? schema.type : undefined
  if (type === 'string') return 'text'
  if (type === 'integer' || type === 'number' || type === 'boolean') return type
  return type === 'array' ? 'list' : 'other'
}

function coerceValue(property: object, value: unknown): unknown {
  const kind = kindOf(property)
  if (value === null || value === undefined) return undefined
  if (typeof value === 'number' && (kind === 'text' || kind === 'choice')) return String(value)
  if (typeof value !== 'string') return value
  const text = value.trim()
  if (kind === 'text') return text
  if (kind === 'choice') return text === '' && !admits(property, '') ? undefined : text
  if (text === '') return kind === 'list' ? [] : undefined
  if (kind === 'integer' || kind === 'number')
    return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : value
  if (kind === 'boolean') return text === 'true' ? true : text === 'false' ? false : value
  if (kind === 'list') return text.startsWith('[') ? json(text) : text.split(',').map((item) => item.trim())
  return value
}

function admits(property: object, value: string): boolean {
  return 'enum' in property && Array.isArray(property.enum) && property.enum.includes(value)
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Not JSON: the schema's message names the property and what it wants.
    return text
  }
}
