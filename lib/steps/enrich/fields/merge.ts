import type { Dropped } from '../step-schema.ts'
import { type FieldSchema, recordOf } from './field-schema.ts'
import type { Grounded, PlacedField } from './ground.ts'

/** What was extracted of a whole document. */
export interface Extraction {
  result: Record<string, unknown>
  fields: PlacedField[]
  missing: string[]
  dropped: Dropped[]
}

/**
 * Brings the answers of a document's parts together. A field that parts answer differently goes to the one whose quote fits the field's
 * description better; where none does, none is taken and both are reported. Lists are joined, equal entries are one.
 */
export function mergeParts(parts: readonly Grounded[], schema: FieldSchema): Extraction {
  const dropped = parts.flatMap((part) => part.dropped)
  const fields: PlacedField[] = []
  const result: Record<string, unknown> = {}
  for (const [name, field] of schema.fields) {
    const merged =
      field.kind === 'plain'
        ? mergePlain(parts.flatMap((part) => part.fields.filter(({ path }) => path === name)))
        : mergeEntries(name, parts)
    fields.push(...merged.fields)
    dropped.push(...merged.dropped)
    if (merged.value !== undefined) result[name] = merged.value
  }
  return { result, fields, dropped, missing: missingOf(result, schema) }
}

function missingOf(result: Readonly<Record<string, unknown>>, schema: FieldSchema): string[] {
  const missing = schema.required.filter((name) => !Object.hasOwn(result, name))
  for (const [name, field] of schema.fields) {
    const entries = result[name]
    if (field.kind !== 'rows' || !Array.isArray(entries)) continue
    for (const [at, entry] of entries.entries()) {
      const has = recordOf(entry) ?? {}
      missing.push(
        ...field.required.filter((inner) => !Object.hasOwn(has, inner)).map((inner) => `${name}[${at}].${inner}`),
      )
    }
  }
  return missing
}

interface Merged {
  value?: unknown
  fields: PlacedField[]
  dropped: Dropped[]
}

function mergePlain(candidates: readonly PlacedField[]): Merged {
  const best = candidates.reduce<PlacedField | undefined>(
    (before, next) => (before === undefined || next.fit > before.fit ? next : before),
    undefined,
  )
  if (best === undefined) return { fields: [], dropped: [] }
  const others = candidates.filter(({ value }) => same(value) !== same(best.value))
  const equal = others.some(({ fit }) => fit === best.fit)
  const conflicts = (equal ? candidates : others).map(
    ({ path, value }): Dropped => ({ path, reason: 'conflict', value }),
  )
  return equal ? { fields: [], dropped: conflicts } : { value: best.value, fields: [best], dropped: conflicts }
}

function mergeEntries(name: string, parts: readonly Grounded[]): Merged {
  const fields: PlacedField[] = []
  const values: unknown[] = []
  const seen = new Set<string>()
  for (const part of parts) {
    for (const entry of entriesOf(name, part.fields)) {
      const value = entry.length === 1 && entry[0]?.inner === '' ? entry[0].field.value : objectOf(entry)
      if (seen.has(same(value))) continue
      seen.add(same(value))
      const path = `${name}[${values.length}]`
      values.push(value)
      for (const { inner, field } of entry) fields.push({ ...field, path: inner === '' ? path : `${path}.${inner}` })
    }
  }
  return values.length === 0 ? { fields, dropped: [] } : { value: values, fields, dropped: [] }
}

type EntryField = { inner: string; field: PlacedField }

/** The grounded fields of a list, entry by entry. */
function entriesOf(name: string, fields: readonly PlacedField[]): EntryField[][] {
  const entries = new Map<string, EntryField[]>()
  for (const field of fields) {
    if (!field.path.startsWith(`${name}[`)) continue
    const [, at = '', inner = ''] = /^\[(\d+)\](?:\.(.*))?$/s.exec(field.path.slice(name.length)) ?? []
    const entry = entries.get(at) ?? []
    entries.set(at, entry)
    entry.push({ inner, field })
  }
  return [...entries.values()]
}

function objectOf(entry: readonly EntryField[]): Record<string, unknown> {
  return Object.fromEntries(entry.map(({ inner, field }) => [inner, field.value]))
}

function same(value: unknown): string {
  return JSON.stringify(typeof value === 'string' ? value.trim().toLowerCase() : value)
}
