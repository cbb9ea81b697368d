import type { Embedder } from '../../../lib/models/embedder.ts'
import { asText, documents } from './documents.ts'
import type { Ranker } from './score.ts'

// Plain on purpose, and nothing of them is shared with the product: what an index is worth shows beside what a few lines can do.

/** A passage as it is indexed. */
export interface Entry {
  id: string
  text: string
}

/** All passages of the set, each with the title of its document and its heading. */
export const entries: readonly Entry[] = documents.flatMap((document) =>
  document.passages.map((passage) => ({ id: passage.id, text: asText(document, passage) })),
)

/** BM25 (k1 1.2, b 0.75) over lower-cased words: no stems, no folding of accents, no stop words. */
export function bm25(over: readonly Entry[] = entries): Ranker {
  const texts = over.map((entry) => ({ id: entry.id, words: counts(wordsOf(entry.text)) }))
  const lengths = texts.map(({ words }) => [...words.values()].reduce((sum, count) => sum + count, 0))
  const average = lengths.reduce((sum, length) => sum + length, 0) / lengths.length
  const holders = counts(texts.flatMap(({ words }) => [...words.keys()]))
  return (question) => {
    const asked = [...new Set(wordsOf(question))]
    return ranked(texts, ({ words }, index) => {
      const length = (lengths[index] ?? average) / average
      return asked.reduce((sum, word) => {
        const count = words.get(word) ?? 0
        const having = holders.get(word) ?? 0
        const rarity = Math.log(1 + (texts.length - having + 0.5) / (having + 0.5))
        return sum + (rarity * count * 2.2) / (count + 1.2 * (0.25 + 0.75 * length))
      }, 0)
    })
  }
}

/** Share of the question's runs of three characters that the passage has; accents folded, as typed errors often drop them. */
export function trigrams(over: readonly Entry[] = entries): Ranker {
  const texts = over.map((entry) => ({ id: entry.id, runs: runsOf(entry.text) }))
  return (question) => {
    const asked = [...runsOf(question)]
    // Of two with the same share the one with less else in it is the closer one.
    return ranked(texts, ({ runs }) => asked.filter((run) => runs.has(run)).length / asked.length - runs.size * 1e-9)
  }
}

/** Cosine of an embedder's vectors. Embeds all passages at once, then each question as it comes. */
export async function dense(
  embedder: Embedder,
  signal: AbortSignal,
  over: readonly Entry[] = entries,
): Promise<Ranker> {
  const vectors = await embedder.embed(
    over.map((entry) => entry.text),
    'document',
    { signal },
  )
  const texts = over.map((entry, index) => {
    const vector = vectors[index]
    if (!vector) throw new Error(`${embedder.id} gave ${vectors.length} vectors for ${over.length} passages`)
    return { id: entry.id, vector }
  })
  return async (question) => {
    const [asked = new Float32Array()] = await embedder.embed([question], 'question', { signal })
    return ranked(texts, ({ vector }) => vector.reduce((sum, value, index) => sum + value * (asked[index] ?? 0), 0))
  }
}

/** Reciprocal rank fusion (k 60) of the first 50 of each. */
export function fused(...rankers: readonly Ranker[]): Ranker {
  return async (question) => {
    const scores = new Map<string, number>()
    for (const ranker of rankers) {
      const ids = (await ranker(question)).slice(0, 50)
      for (const [index, id] of ids.entries()) scores.set(id, (scores.get(id) ?? 0) + 1 / (60 + index + 1))
    }
    return ranked(
      [...scores.keys()].map((id) => ({ id })),
      ({ id }) => scores.get(id) ?? 0,
    )
  }
}

/** Ids of what scored above 0, the best first; equal ones in the order they came. */
function ranked<T extends { id: string }>(all: readonly T[], score: (each: T, index: number) => number): string[] {
  return all
    .map((each, index) => ({ id: each.id, score: score(each, index) }))
    .filter((each) => each.score > 0)
    .sort((a, b) => b.score - a.score)
    .map((each) => each.id)
}

const wordsOf = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []

function runsOf(text: string): Set<string> {
  const plain = text.toLowerCase().normalize('NFD').replace(/\p{M}/gu, '')
  const runs = new Set<string>()
  for (const word of plain.match(/[\p{L}\p{N}]+/gu) ?? []) {
    const padded = ` ${word} `
    for (let at = 0; at + 3 <= padded.length; at++) runs.add(padded.slice(at, at + 3))
  }
  return runs
}

function counts(words: readonly string[]): Map<string, number> {
  const all = new Map<string, number>()
  for (const word of words) all.set(word, (all.get(word) ?? 0) + 1)
  return all
}
