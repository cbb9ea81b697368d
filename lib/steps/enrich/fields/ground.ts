import { fold } from '../../../fold.ts'
import type { Language } from '../../language.ts'
import { short } from '../answer/short.ts'
import { findQuote, type InstructionSpan, type Span, valueRestsOn } from '../grounding/grounding.ts'
import type { Dropped, GroundedField } from '../step-schema.ts'
import { type Field, type FieldSchema, type PlainField, recordOf } from './field-schema.ts'

/** What an answer rests on: the text as the model saw it, and what in it nothing may rest on. */
export interface Ground {
  text: string
  language: Language
  instructions: readonly InstructionSpan[]
}

/** A field with the place of its quote in the text. */
export interface PlacedField extends GroundedField, Span {
  /** How many of the words that describe the field stand in the quote, 0 to 1: which of two answers is the better one. */
  fit: number
}

/** What of an answer holds. */
export interface Grounded {
  fields: PlacedField[]
  dropped: Dropped[]
}

/** Keeps of an answer (already checked against its schema) what rests on a quote, and says why the rest does not. */
export function ground(answer: unknown, { fields }: FieldSchema, on: Ground): Grounded {
  const kept: PlacedField[] = []
  const dropped: Dropped[] = []
  const take = (path: string, given: unknown, field: PlainField) => {
    const outcome = groundOne(path, given, field, on)
    if ('fit' in outcome) kept.push(outcome)
    else dropped.push(outcome)
  }
  for (const [name, given] of Object.entries(recordOf(answer) ?? {})) {
    const field = fields.get(name)
    if (given === undefined || given === null) continue
    if (field === undefined) dropped.push(drop(harmless(name), 'unknown-field'))
    else if (field.kind === 'plain') take(name, given, field)
    else entries(name, given, field, take, dropped)
  }
  return { fields: kept, dropped }
}

function entries(
  name: string,
  given: unknown,
  field: Exclude<Field, PlainField>,
  take: (path: string, given: unknown, field: PlainField) => void,
  dropped: Dropped[],
): void {
  for (const [at, entry] of (Array.isArray(given) ? given : []).entries()) {
    const path = `${name}[${at}]`
    if (field.kind === 'list') {
      take(path, entry, field.of)
      continue
    }
    for (const [inner, value] of Object.entries(recordOf(entry) ?? {})) {
      const known = field.fields.get(inner)
      if (value === undefined || value === null) continue
      if (known === undefined) dropped.push(drop(`${path}.${harmless(inner)}`, 'unknown-field'))
      else take(`${path}.${inner}`, value, known)
    }
  }
}

function groundOne(path: string, given: unknown, field: PlainField, on: Ground): PlacedField | Dropped {
  const { value, quote } = recordOf(given) ?? {}
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
    return drop(path, 'value-not-in-quote')
  }
  if (typeof quote !== 'string' || quote.trim() === '') return drop(path, 'no-quote')
  const place = findQuote(quote, on.text)
  if (place === undefined) return drop(path, 'quote-not-found')
  if (on.instructions.some((span) => span.start < place.end && place.start < span.end)) {
    return drop(path, 'quote-instructs')
  }
  const found = on.text.slice(place.start, place.end)
  const options = {
    ...(field.choices === undefined ? {} : { enumerated: true }),
    ...(field.unit === undefined ? {} : { unit: field.unit }),
  }
  if (!valueRestsOn(value, found, on.language, options)) return drop(path, 'value-not-in-quote')
  return { path, value, quote: found, ...place, fit: fitOf(field.words, found) }
}

/** Without the value: what a model was talked into must not come out by the back door. */
function drop(path: string, reason: Dropped['reason']): Dropped {
  return { path: short(path), reason }
}

/** A name that a model made up. */
function harmless(name: string): string {
  return name.replaceAll(/[^\p{L}\p{N}_]+/gu, '_').slice(0, 40)
}

function fitOf(words: string, quote: string): number {
  const wanted = new Set(wordsOf(words))
  if (wanted.size === 0) return 0
  const there = new Set(wordsOf(quote))
  return [...wanted].filter((word) => there.has(word)).length / wanted.size
}

/** Words of some length, folded and shortened, so that `tarifas` meets `tarifa`. */
function wordsOf(text: string): string[] {
  const folded = fold(text).toLowerCase()
  return (folded.match(/[\p{L}\p{N}]{3,}/gu) ?? []).map((word) => word.slice(0, 6))
}
