import type { FactLanguage } from '../facts/fact.ts'

/** A field's value: what JSON has but objects. */
export type GroundedValue = string | number | boolean | null | readonly GroundedValue[]

/** What is known of the field. */
export interface RestOptions {
  /** The value is one of a list that the schema gives: the quote need not say it in its words. */
  enumerated?: boolean
  /** Unit of a bare number, where the schema says it. Without it a bare number may stand for any unit. */
  unit?: string
}

/** Whether a value rests on its quote: its numbers, dates, acts and words are there. `quote` is one that `findQuote` has found. */
export function valueRestsOn(
  _value: GroundedValue,
  _quote: string,
  _language: FactLanguage,
  _options: RestOptions = {},
): boolean {
  return false
}
