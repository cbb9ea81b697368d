import { unit } from '../../../bench/index/points.ts'
import type { VectorPoint } from '../../../lib/stores/vectors/port.ts'
import { seeded } from '../../helpers/seeded.ts'

export const DIMENSIONS = 16
/** A signal that never fires. */
export const patient = new AbortController().signal

/** The id of a test's n-th point. */
export function idOf(index: number): string {
  return `${index.toString(16).padStart(8, '0')}-1111-5111-8111-111111111111`
}

/** A test's n-th point, always the same: random direction, a few of 60 terms with random weights, facets of every kind. */
export function pointOf(index: number, change: Partial<VectorPoint> = {}): VectorPoint {
  const random = seeded(index + 1)
  const vector = unit(DIMENSIONS, random)
  const terms = new Set<number>()
  for (let draw = 0; draw < 8; draw += 1) terms.add(termOf(Math.floor(60 * random() ** 2)))
  const rising = [...terms].sort((a, b) => a - b)
  return {
    id: idOf(index),
    vector,
    lexical: { terms: rising, weights: rising.map(() => Math.fround(0.2 + 0.8 * random())) },
    document: `doc ${index % 20}`,
    facets: {
      kind: ['text', 'table', 'formula'][index % 3] ?? '',
      year: 2000 + (index % 10),
      factor: (index % 4) + 0.5,
      valid: index % 2 === 0,
      tags: [`t${index % 5}`, `u${index % 7}`],
    },
    payload: {
      text: `Tensão "adequada" nº ${index}\n\u{1f31e}`,
      page: index,
      box: [1, 2.5, null],
      more: { deep: true },
    },
    ...change,
  }
}

/** Ids of terms from one end of the space to the other. */
export function termOf(rank: number): number {
  return rank === 59 ? 999_999_999 : rank * 16_000_001
}

export function pointsOf(from: number, to: number): VectorPoint[] {
  return Array.from({ length: to - from }, (_, offset) => pointOf(from + offset))
}
