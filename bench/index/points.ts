import type { VectorPoint } from '../../lib/stores/vectors/port.ts'
import { seeded } from '../../test/helpers/seeded.ts'

/** Words of the made language; the k-th is about 1/k as frequent as the first. */
const VOCABULARY = 30_000

/**
 * Made points, always the same for one seed: vectors of length 1, about 70 distinct terms drawn by Zipf's law, a text of about 1,200
 * characters in the payload, ten points a document.
 */
export function* madePoints(count: number, dimensions: number, seed = 1, terms = 70): Generator<VectorPoint> {
  const random = seeded(seed)
  const text = 'A tarifa de uso do sistema de distribuição é cobrada conforme o subgrupo e a modalidade. '.repeat(14)
  for (let index = 0; index < count; index += 1) {
    yield {
      id: madeId(seed, index),
      vector: unit(dimensions, random),
      lexical: madeTerms(terms, random),
      document: `document-${Math.floor(index / 10)}`,
      facets: {
        kind: ['text', 'table', 'formula'][index % 3] ?? 'text',
        year: 2010 + (index % 15),
        tags: [`t${index % 7}`],
      },
      payload: { text: `${index} ${text}`, page: index % 40, heading: ['Capítulo 1', 'Art. 5º'] },
    }
  }
}

/** A UUID (version 5 by its bits) of a number. */
export function madeId(seed: number, index: number): string {
  const hash = BigInt.asUintN(64, (BigInt(index) + 1n) * 0x9e3779b97f4a7c15n)
  const high = hash.toString(16).padStart(16, '0')
  const low = BigInt(index).toString(16).padStart(8, '0')
  return `${high.slice(0, 8)}-${high.slice(8, 12)}-5${high.slice(13, 16)}-8${String(seed % 1_000).padStart(3, '0')}-0000${low}`
}

/** A vector of length 1 in a random direction. */
export function unit(dimensions: number, random: () => number): Float32Array {
  const vector = new Float32Array(dimensions)
  let sum = 0
  for (let index = 0; index < dimensions; index += 1) {
    const value = random() + random() + random() - 1.5
    vector[index] = value
    sum += value * value
  }
  const length = Math.sqrt(sum)
  for (let index = 0; index < dimensions; index += 1) vector[index] = (vector[index] ?? 0) / length
  return vector
}

/** The id of the term of a rank below 30,000, spread over the whole space of ids. */
export function termOf(rank: number): number {
  return rank * 33_331 + 17
}

function madeTerms(count: number, random: () => number): VectorPoint['lexical'] {
  const chosen = new Map<number, number>()
  for (let draw = 0; draw < count * 1.4; draw += 1) {
    const term = termOf(Math.floor(VOCABULARY ** random() - 1))
    chosen.set(term, (chosen.get(term) ?? 0) + 1)
  }
  const terms = [...chosen.keys()].sort((a, b) => a - b)
  return { terms, weights: terms.map((term) => Math.fround((chosen.get(term) ?? 1) / ((chosen.get(term) ?? 1) + 1.2))) }
}
