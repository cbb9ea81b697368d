import { fold } from '../../../fold.ts'
import type { TermWeights } from '../../../stores/vectors/port.ts'
import { hash32 } from './hash.ts'
import { stemOf } from './stem.ts'
import { stopWords } from './stop-words.ts'
import { tokensOf } from './tokens.ts'

/** Raised when the same text gives other terms: collections are then built anew. */
export const analyserVersion = 1

/** How soon repeating a term stops to count, and how much a long chunk's terms lose (BM25). */
const k1 = 1.2
const b = 0.75
/**
 * Terms of a usual chunk. Fixed, because an average of the collection would change every weight with each document. 1,200 characters of the
 * Portuguese help texts of this package have 109 to 125, the median is 120.
 */
const average = 120

/** Words of which a process remembers the term. */
const mostWords = 100_000
const known = new Map<string, string>()

/** The terms of a text, as they are compared: stems without accents, numbers, acts (`§ren 1000/2021`), names. In order, with repetitions. */
export function termsOf(text: string): string[] {
  const terms: string[] = []
  for (const { text: word, kind } of tokensOf(text)) {
    if (kind === 'act') terms.push(`§${word}`)
    else if (kind === 'number') terms.push(word)
    else {
      const term = kind === 'name' ? fold(word) : termOf(word)
      if (term !== '') terms.push(term)
    }
  }
  return terms
}

/** The term of a word; nothing for a stop word. */
function termOf(word: string): string {
  const before = known.get(word)
  if (before !== undefined) return before
  const term = stopWords.has(fold(word)) ? '' : stemOf(word)
  if (known.size >= mostWords) known.clear()
  known.set(word, term)
  return term
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
