import { fold } from '../../../fold.ts'
import { scan } from '../facts/extract.ts'
import type { FactLanguage } from '../facts/fact.ts'
import { FactIndex } from '../facts/fact-index.ts'
import { readingsOf } from '../facts/keys.ts'

/** A field's value: what JSON has but objects. */
export type GroundedValue = string | number | boolean | null | readonly GroundedValue[]

/** What is known of the field. */
export interface RestOptions {
  /** The value is one of a list that the schema gives: the quote need not say it in its words. */
  enumerated?: boolean
  /** Canonical unit of a bare number, where the schema says it. Without it a bare number may stand for any unit. */
  unit?: string
}

/**
 * Whether a value rests on its quote: its numbers, dates, acts and words are there. `quote` is one that `findQuote` has found. `null` claims nothing,
 * so it rests on nothing.
 */
export function valueRestsOn(
  value: GroundedValue,
  quote: string,
  language: FactLanguage,
  options: RestOptions = {},
): boolean {
  if (quote.trim() === '' || value === null) return false
  if (typeof value === 'boolean') return true
  if (typeof value === 'number') return numberRestsOn(value, quote, language, options.unit)
  if (typeof value === 'string') return options.enumerated === true || textRestsOn(value, quote, language)
  return value.every((item) => valueRestsOn(item, quote, language, options))
}

function numberRestsOn(value: number, quote: string, language: FactLanguage, unit: string | undefined): boolean {
  const wanted = plainNumber(value)
  if (wanted === undefined) return false
  return scan(quote, language).facts.some((fact) =>
    readingsOf(fact).some((reading) => {
      if (reading.kind === 'date') return unit === undefined && reading.value.slice(0, 4) === wanted
      if (reading.kind !== 'number') return false
      // the unit may stand in the head of the column, which the quote does not reach; another unit may not
      if (unit !== undefined && reading.unit !== undefined && reading.unit !== unit) return false
      return reading.value === wanted || reading.value.split('/').includes(wanted)
    }),
  )
}

/** A number of JSON as a plain decimal, as it was written; none where it cannot be told exactly. */
function plainNumber(value: number): string | undefined {
  if (!Number.isFinite(value)) return undefined
  const text = String(value)
  if (!text.includes('e')) return text === '-0' ? '0' : text
  const [digits = '', power = '0'] = text.split('e')
  const places = Math.max(0, (digits.split('.')[1]?.length ?? 0) - Number(power))
  return Number(power) < 0 ? value.toFixed(Math.min(100, places)) : BigInt(value).toString()
}

function textRestsOn(value: string, quote: string, language: FactLanguage): boolean {
  const said = scan(value, language).facts.filter((fact) => !fact.weak)
  const known = new FactIndex(quote, language, false)
  for (const fact of said) {
    if (!readingsOf(fact).some((reading) => known.find(reading) !== undefined)) return false
  }
  const words = new Set(wordsOf(quote))
  let rest = ''
  let at = 0
  for (const fact of said) {
    rest += `${value.slice(at, fact.start)} `
    at = fact.end
  }
  const left = wordsOf(rest + value.slice(at))
  return (left.length > 0 || said.length > 0) && left.every((word) => words.has(word))
}

function wordsOf(text: string): string[] {
  const plain = text.replace(/\u00ad/g, '').replace(/(\p{L})[-‐]\s*\n\s*(?=\p{L})/gu, '$1')
  return (
    fold(plain)
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  )
}
