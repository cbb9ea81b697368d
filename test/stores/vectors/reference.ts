import type { TermWeights, VectorPoint } from '../../../lib/stores/vectors/port.ts'

/** What an answer has to be, worked out from the definitions, in double precision, over all points. */
export interface Scored {
  id: string
  score: number
}

/** Cosine, the best first. */
export function byCosine(points: readonly VectorPoint[], asked: Float32Array): Scored[] {
  const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0)
  const scored = points.map(({ id, vector }) => ({
    id,
    score: dot(vector, asked) / Math.sqrt(dot(vector, vector) * dot(asked, asked)),
  }))
  return scored.sort((a, b) => b.score - a.score)
}

/** Weights times rarity, the best first; rarity over `all`, scores of `points`. */
export function byTerms(all: readonly VectorPoint[], points: readonly VectorPoint[], asked: TermWeights): Scored[] {
  const rarity = new Map(
    asked.terms.map((term) => {
      const having = all.filter(({ lexical }) => lexical.terms.includes(term)).length
      return [term, Math.log(1 + (all.length - having + 0.5) / (having + 0.5))]
    }),
  )
  const scored = points.flatMap(({ id, lexical }) => {
    let score = 0
    let met = false
    asked.terms.forEach((term, position) => {
      const at = lexical.terms.indexOf(term)
      if (at < 0) return
      met = true
      score += (lexical.weights[at] ?? 0) * (asked.weights[position] ?? 0) * (rarity.get(term) ?? 0)
    })
    return met ? [{ id, score }] : []
  })
  return scored.sort((a, b) => b.score - a.score)
}
