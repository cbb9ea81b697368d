import type { VectorHit } from '../../stores/vectors/port.ts'

/** Reciprocal rank fusion: how little the first places differ. The usual value. */
const k = 60

/** What each half counts. */
export interface Weights {
  dense: number
  lexical: number
}

/**
 * Both halves alike where the vectors know meanings. Hashed vectors see the same words as the lexical half, but without the words' rarity: where
 * both disagree, the lexical half is the better one, and the dense half adds what only the lexicon knows.
 */
export function weightsFor(semantic: boolean): Weights {
  return semantic ? { dense: 1, lexical: 1 } : { dense: 0.5, lexical: 1 }
}

/** A hit of either half. */
export interface Fused {
  hit: VectorHit
  score: number
  ranks: { dense?: number; lexical?: number }
}

/** Both lists as one, the best first; ties by id, so that the order is always the same. */
export function fuse(dense: readonly VectorHit[], lexical: readonly VectorHit[], weights: Weights): Fused[] {
  const all = new Map<string, Fused>()
  for (const [half, hits] of [
    ['dense', dense],
    ['lexical', lexical],
  ] as const) {
    for (const [at, hit] of hits.entries()) {
      const known = all.get(hit.id) ?? { hit, score: 0, ranks: {} }
      known.score += weights[half] / (k + at + 1)
      known.ranks[half] = at + 1
      all.set(hit.id, known)
    }
  }
  return [...all.values()].sort((one, other) => other.score - one.score || (one.hit.id < other.hit.id ? -1 : 1))
}
