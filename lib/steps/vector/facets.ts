import { PipelineError } from '../../errors.ts'
import { Type } from '../../schema.ts'
import type { Facet, Facets } from '../../stores/vectors/port.ts'

/** A name that filters and stores can take: letters, digits, `_`, a letter first. */
const facetName = '^[A-Za-z][A-Za-z0-9_]{0,62}$'
const FacetSchema = Type.Union([Type.String({ maxLength: 500 }), Type.Number(), Type.Boolean()])

/** What searches filter by: a value or a list of words for each name. */
export const FacetsSchema = Type.Record(
  Type.String({ pattern: facetName }),
  Type.Union([FacetSchema, Type.Array(Type.String({ maxLength: 500 }), { maxItems: 100 })]),
)

/** Conditions on facets: a value, one of several, or a range of numbers. */
export const FilterSchema = Type.Record(
  Type.String({ pattern: facetName }),
  Type.Union([
    FacetSchema,
    Type.Array(FacetSchema, { minItems: 1, maxItems: 100 }),
    Type.Object(
      { from: Type.Optional(Type.Number()), to: Type.Optional(Type.Number()) },
      { additionalProperties: false },
    ),
  ]),
)

/** `name=value` lines of a form as facets; the same name again makes a list. Numbers, `true` and `false` are what they look like. Throws INDEX_CONFIG. */
export function facetsOfLines(lines: readonly string[]): Record<string, Facet | Facet[]> {
  const facets: Record<string, Facet | Facet[]> = {}
  for (const line of lines) {
    const [, name, text] = /^\s*([A-Za-z][A-Za-z0-9_]{0,62})\s*=\s*(.*?)\s*$/.exec(line) ?? []
    if (name === undefined || text === undefined || text === '') {
      throw new PipelineError('INDEX_CONFIG', `"${line}" is not of the form name=value`)
    }
    const value = plainValue(text)
    const before = facets[name]
    facets[name] = before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value]
  }
  return facets
}

/** Facets of a form: its lists are lists of words. */
export function documentFacets(lines: readonly string[]): Facets {
  return Object.fromEntries(
    Object.entries(facetsOfLines(lines)).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map(String) : value,
    ]),
  )
}

function plainValue(text: string): Facet {
  if (text === 'true') return true
  if (text === 'false') return false
  return /^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,10})?$/.test(text) ? Number(text) : text
}
