import { PipelineError } from '../../../lib/errors.ts'
import type { FacetFilter, VectorHit, VectorPoint, VectorStore, Visibility } from '../../../lib/stores/vectors/port.ts'

interface Kept {
  point: VectorPoint
  since: number
  until: number | undefined
}

/** Calls that wrote. */
export interface Written {
  put: number
  retired: number
  calls: string[]
}

/** Vectors in memory, after the port: for tests of steps that are not about a store. Counts what is written. */
export function memoryVectors(): VectorStore & { written: Written; collections: Map<string, Map<string, Kept>> } {
  const collections = new Map<string, Map<string, Kept>>()
  const written: Written = { put: 0, retired: 0, calls: [] }
  const of = (name: string) => {
    const found = collections.get(name)
    if (found === undefined) throw new PipelineError('VECTOR_NOT_FOUND', `no ${name}`)
    return found
  }
  const visible = ({ since, until }: Kept, { at, abandoned }: Visibility) =>
    since <= at && !abandoned.includes(since) && (until === undefined || until > at || abandoned.includes(until))
  return {
    kind: 'pgvector',
    written,
    collections,
    async ensure(name) {
      if (!collections.has(name)) collections.set(name, new Map())
    },
    async drop(name) {
      written.calls.push(`drop ${name}`)
      collections.delete(name)
    },
    async put(name, points, { since, signal }) {
      signal.throwIfAborted()
      let count = 0
      for await (const point of points) {
        of(name).set(point.id, { point, since, until: undefined })
        count += 1
      }
      written.put += count
      written.calls.push(`put ${name} ${count}`)
      return count
    },
    async retire(name, ids, { until }) {
      for (const id of ids) {
        const kept = of(name).get(id)
        if (kept !== undefined) kept.until = until
      }
      written.retired += ids.length
      written.calls.push(`retire ${name} ${ids.length}`)
    },
    async abandon(name, version) {
      for (const [id, kept] of of(name)) {
        if (kept.since === version) of(name).delete(id)
        else if (kept.until === version) kept.until = undefined
      }
    },
    async purge(name, { at, abandoned }) {
      for (const [id, kept] of of(name)) {
        if (kept.until !== undefined && kept.until <= at && !abandoned.includes(kept.until)) of(name).delete(id)
      }
    },
    async search(name, { vector, lexical, filter, limit, ...visibility }) {
      const all = [...of(name).values()].filter((kept) => visible(kept, visibility) && fits(kept.point, filter ?? {}))
      const rank = (score: (point: VectorPoint) => number): VectorHit[] =>
        all
          .map(({ point }) => ({ ...point, score: score(point) }))
          .filter(({ score }) => score > 0)
          .sort((one, other) => other.score - one.score || (one.id < other.id ? -1 : 1))
          .slice(0, limit)
      const frequency = new Map<number, number>()
      for (const { point } of all) {
        for (const term of point.lexical.terms) frequency.set(term, (frequency.get(term) ?? 0) + 1)
      }
      const idf = (term: number) => {
        const count = frequency.get(term) ?? 0
        return Math.log(1 + (all.length - count + 0.5) / (count + 0.5))
      }
      return {
        dense:
          vector === undefined
            ? []
            : rank((point) => point.vector.reduce((sum, x, at) => sum + x * (vector[at] ?? 0), 0)),
        lexical:
          lexical === undefined
            ? []
            : rank((point) =>
                point.lexical.terms.reduce(
                  (sum, term, at) =>
                    lexical.terms.includes(term) ? sum + (point.lexical.weights[at] ?? 0) * idf(term) : sum,
                  0,
                ),
              ),
      }
    },
    async vectorsOf(name, ids) {
      return new Map(
        ids.flatMap((id) => {
          const kept = of(name).get(id)
          return kept === undefined ? [] : [[id, kept.point.vector] as const]
        }),
      )
    },
    async list(name, { after, limit, ...visibility }) {
      const all = [...of(name).values()]
        .filter((kept) => visible(kept, visibility) && (after === undefined || kept.point.id > after))
        .map(({ point: { vector: _, ...point } }) => point)
        .sort((one, other) => (one.id < other.id ? -1 : 1))
      const points = all.slice(0, limit)
      const next = points.at(-1)?.id
      return { points, ...(all.length > limit && next !== undefined ? { next } : {}) }
    },
    async count(name, { filter, ...visibility }) {
      return [...of(name).values()].filter((kept) => visible(kept, visibility) && fits(kept.point, filter ?? {})).length
    },
    async close() {},
  }
}

function fits({ facets }: VectorPoint, filter: FacetFilter): boolean {
  return Object.entries(filter).every(([name, condition]) => {
    const value = facets[name]
    const values = Array.isArray(value) ? value : [value]
    if (Array.isArray(condition)) return values.some((each) => condition.includes(each))
    if (typeof condition === 'object' && 'from' in condition)
      return typeof value === 'number' && value >= (condition.from ?? value)
    return values.includes(condition)
  })
}
