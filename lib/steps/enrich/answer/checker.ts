import { type Parser, parser, Type } from '../../../schema.ts'
import type { JsonSchema } from '../fields/field-schema.ts'

const known = new Map<string, Parser<unknown>>()
const mostKnown = 100

/** A checker of answers for a schema made from a user's. Kept by the schema's text, because ajv keeps what it has compiled. Throws CONFIG. */
export function checkerOf(schema: JsonSchema): Parser<unknown> {
  const text = JSON.stringify(schema)
  const before = known.get(text)
  if (before !== undefined) return before
  if (known.size >= mostKnown) known.clear()
  const checker = parser(Type.Unsafe<unknown>({ ...schema }), 'The answer', 'CONFIG')
  known.set(text, checker)
  return checker
}
