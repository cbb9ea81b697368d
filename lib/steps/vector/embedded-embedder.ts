import { setImmediate as turn } from 'node:timers/promises'
import { governor } from '../../governor/governor.ts'
import type { Embedder } from '../../models/embedder.ts'
import { conceptsOf } from './lexicon/lexicon.ts'
import { termsOf } from './terms/analyse.ts'
import { hash32 } from './terms/hash.ts'

/** Raised with every change of the numbers, also of the lexicon: vectors of two versions must never meet. */
const name = 'lexical-hash-v1'
const dimensions = 512

/** What a term, one of its letters' triples, and a concept weigh. A concept is what a paraphrase shares with a text, so it weighs most. */
const termWeight = 1
const tripleWeight = 0.25
const conceptWeight = 3
/** Terms that nearly every text of this trade has tell little. */
const commonWeight = 0.3
const common = new Set(
  termsOf(
    'energia elétrica distribuidora consumidor unidade consumidora sistema aneel resolução normativa artigo art inciso parágrafo caput valor tabela ' +
      'forma caso disposto previsto prazo dias data acordo conforme sendo demais meio serviço potência tensão corrente',
  ),
)

/** Texts between two looks at the clock of the event loop. */
const slice = 64

/**
 * The embedder of machines without a model: hashed stems, letter triples and concepts of a lexicon of this trade in Portuguese and English, 512
 * numbers. It knows words and what the lexicon says, and nothing of meaning: `semantic` is false.
 */
export const embeddedEmbedder: Embedder = {
  id: name,
  dimensions,
  semantic: false,
  async embed(texts, _as, { signal, onProgress }) {
    const leave = await governor.admit('embed', { signal })
    try {
      const vectors: Float32Array[] = []
      for (const [at, text] of texts.entries()) {
        if (at % slice === slice - 1) {
          await turn()
          signal.throwIfAborted()
          onProgress?.(at)
        }
        vectors.push(embed(text))
      }
      onProgress?.(texts.length)
      return vectors
    } finally {
      leave()
    }
  },
}

function embed(text: string): Float32Array {
  const terms = termsOf(text)
  const vector = new Float32Array(dimensions)
  const counts = new Map<string, number>()
  for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1)
  for (const [term, count] of counts) {
    const often = 1 + Math.log(count)
    for (const { at, value } of featuresOf(term)) vector[at] = (vector[at] ?? 0) + often * value
  }
  const concepts = new Map<number, number>()
  for (const concept of conceptsOf(terms.filter((term) => !term.startsWith('§'))))
    concepts.set(concept, (concepts.get(concept) ?? 0) + 1)
  for (const [concept, count] of concepts) {
    const often = 1 + Math.log(count)
    for (const { at, value } of conceptFeatures(concept)) vector[at] = (vector[at] ?? 0) + often * value
  }
  return normalised(vector)
}

interface Feature {
  at: number
  value: number
}

/** Terms of which a process remembers the features. */
const mostTerms = 50_000
const known = new Map<string, Feature[]>()

function featuresOf(term: string): Feature[] {
  const before = known.get(term)
  if (before !== undefined) return before
  const share = common.has(term) ? commonWeight : 1
  const features = [feature(`term ${term}`, termWeight * share)]
  if (/^\p{L}{4,}$/u.test(term)) {
    const framed = `<${term}>`
    for (let at = 0; at + 3 <= framed.length; at += 1) {
      features.push(feature(`triple ${framed.slice(at, at + 3)}`, tripleWeight * share))
    }
  }
  if (known.size >= mostTerms) known.clear()
  known.set(term, features)
  return features
}

const conceptPlaces: Feature[][] = []

/** A concept has three places: hundreds of them share 512, and two must not be taken for one. */
function conceptFeatures(concept: number): readonly Feature[] {
  const before = conceptPlaces[concept]
  if (before !== undefined) return before
  const places = [0, 1, 2].map((copy) => feature(`concept ${concept}.${copy}`, conceptWeight / Math.sqrt(3)))
  conceptPlaces[concept] = places
  return places
}

/** Where a feature lies, with a sign, so that features that share a place cancel each other out on average. */
function feature(key: string, weight: number): Feature {
  const hash = hash32(key)
  return { at: hash % dimensions, value: (hash >>> 31 === 1 ? -1 : 1) * weight }
}

/** To length 1. A text without a single term gets one fixed direction: no store takes a vector of length 0. */
function normalised(vector: Float32Array): Float32Array {
  let length = 0
  for (const value of vector) length += value * value
  length = Math.sqrt(length)
  if (length === 0) {
    vector[0] = 1
    return vector
  }
  for (let at = 0; at < dimensions; at += 1) vector[at] = (vector[at] ?? 0) / length
  return vector
}
