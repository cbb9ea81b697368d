import type { Fact, FactLanguage } from './fact.ts'

/** The facts of a text in the order of their places; they do not overlap. Linear in the text's length. */
export function factsOf(_text: string, _language: FactLanguage): Fact[] {
  return []
}
