import type { TermWeights } from '../../../stores/vectors/port.ts'
import { hash32 } from './hash.ts'
import { fold, stemOf } from './stem.ts'
import { stopWords } from './stop-words.ts'
import { type Token, tokensOf } from './tokens.ts'

/** Raised when the same text gives other terms: collections are then built anew. */
export const analyserVersion = 1

/** How soon repeating a term stops to count, and how much a long chunk's terms lose (BM25). */
const k1 = 1.2
const b = 0.75
/**
 * Terms of a usual chunk. Fixed, because an average of the collection would change every weight with each document. Chunks of 1,200
 * characters of Portuguese have 100 to 140 (measured on generated articles and on PRODIST).
 */
const average = 120

/** The terms of a text, as they are compared: stems without accents, numbers, acts, names. In order, with repetitions. */
export function termsOf(text: string): string[] {
  return tokensOf(text).flatMap(termOf)
}

function termOf({ text, kind }: Token): readonly string[] {
  if (kind === 'act') return [`§${text}`]
  if (kind === 'number') return [text]
  const folded = fold(text)
  if (stopWords.has(folded)) return []
  if (kind === 'name') return [folded]
  return [stemOf(text)]
}

/** The lexical half of a chunk: how much each term counts in it, without the term's rarity. */
export function documentTerms(text: string): TermWeights {
  const terms = termsOf(text)
  const counts = new Map<number, number>()
  for (const term of terms) {
    const id = idOf(term)
    counts.set(id, (counts.get(id) ?? 0) + 1)
  }
  const length = 1 - b + (b * terms.length) / average
  const sorted = [...counts].sort(([one], [other]) => one - other)
  return {
    terms: sorted.map(([id]) => id),
    // two decimals less are lost than a store's 32-bit floats lose
    weights: sorted.map(([, count]) => Math.round((count / (count + k1 * length)) * 1e6) / 1e6),
  }
}

/** The terms of a question, each once. */
export function questionTerms(text: string): TermWeights {
  const ids = [...new Set(termsOf(text).map(idOf))].sort((one, other) => one - other)
  return { terms: ids, weights: ids.map(() => 1) }
}

function idOf(term: string): number {
  return hash32(term) % 1_000_000_000
}
