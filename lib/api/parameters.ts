import { PipelineError } from '../errors.ts'
import type { Parser } from '../schema.ts'
import { nearest } from './nearest.ts'

/** What of a JSON Schema decides how a text is read. */
interface ParameterSchema {
  type?: unknown
  items?: ParameterSchema
}
/** A JSON Schema of an object, looked at as data. */
export interface ObjectShape {
  properties?: Record<string, ParameterSchema>
  additionalProperties?: unknown
}

/** Most parameters of a query, and characters in one. */
const maxParameters = 200
const maxLength = 16_384

/** Turns texts into the types of their schemas and checks them. */
export interface Parameters<T> {
  /** Throws API_PARAMETER, which names every violation and, for an unknown name, the nearest right one. */
  read(query: Iterable<[string, string]>): T
}

/** Makes {@link Parameters} for a schema. With `additionalProperties` other than false, unknown names are left to the route. */
export function parameters<T>(schema: ObjectShape, checked: Parser<T>): Parameters<T> {
  const properties = new Map(Object.entries(schema.properties ?? {}))
  const open = schema.additionalProperties !== undefined && schema.additionalProperties !== false
  return {
    read(query) {
      const given = collect(query)
      const values = new Map<string, unknown>()
      const problems: string[] = []
      for (const [name, texts] of given) {
        const property = properties.get(name)
        if (property === undefined) {
          if (!open) problems.push(unknownName(name, [...properties.keys()]))
          continue
        }
        const value = decode(property, texts)
        if (value instanceof Wrong) problems.push(`${name} ${value.problem}`)
        else values.set(name, value)
      }
      if (problems.length > 0) throw new PipelineError('API_PARAMETER', problems.join('; '), { details: { problems } })
      return checked.parse(Object.fromEntries(values))
    },
  }
}

/** The words for a name that is not known. */
export function unknownName(name: string, names: readonly string[]): string {
  const shown = JSON.stringify(name.slice(0, 100))
  const like = nearest(name, names)
  if (like !== undefined) return `there is no parameter ${shown}; is ${like} meant?`
  return `there is no parameter ${shown}${names.length === 0 ? '' : `; there are ${names.join(', ')}`}`
}

/** The values of each name, bounded. Throws API_PARAMETER. */
export function collect(query: Iterable<[string, string]>): Map<string, string[]> {
  const given = new Map<string, string[]>()
  let count = 0
  for (const [name, value] of query) {
    count += 1
    if (count > maxParameters) throw wrong(`There are more than ${maxParameters} parameters`)
    if (value.length > maxLength) throw wrong(`${name.slice(0, 100)} is longer than ${maxLength} characters`)
    if (name.includes('\0') || value.includes('\0')) throw wrong('A parameter has a NUL character')
    const values = given.get(name)
    if (values === undefined) given.set(name, [value])
    else values.push(value)
  }
  return given
}

class Wrong {
  readonly problem: string
  constructor(problem: string) {
    this.problem = problem
  }
}

/** A list may stand with commas or come several times; anything else stands once. */
function decode(schema: ParameterSchema, texts: readonly string[]): unknown {
  if (schema.type === 'array') {
    const parts = texts.flatMap((text) => (text === '' ? [] : text.split(',')))
    const values = parts.map((part) => single(schema.items ?? {}, part))
    return values.find((value) => value instanceof Wrong) ?? values
  }
  const [text = '', ...more] = texts
  return more.length > 0 ? new Wrong('stands several times') : single(schema, text)
}

function single({ type }: ParameterSchema, text: string): unknown {
  if (type === 'integer') return /^[+-]?\d{1,15}$/.test(text) ? Number(text) : new Wrong('is no whole number')
  if (type === 'number') {
    const number = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i.test(text) ? Number(text) : Number.NaN
    return Number.isFinite(number) ? number : new Wrong('is no number')
  }
  if (type === 'boolean')
    return text === 'true' ? true : text === 'false' ? false : new Wrong('is neither true nor false')
  return text
}

function wrong(message: string): PipelineError {
  return new PipelineError('API_PARAMETER', message)
}
