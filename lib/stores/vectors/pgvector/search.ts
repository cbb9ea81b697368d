import { unlessStopped } from '../../../stopped.ts'
import type { PostgresStore, Queryable, Row } from '../../postgres/port.ts'
import { checkDimensions, checkLimit } from '../check.ts'
import { type Condition, conditionsOf } from '../filter.ts'
import type { Facets, TermWeights, VectorHit, VectorSearch } from '../port.ts'
import type { Extension } from './extension.ts'
import { visible } from './filter-sql.ts'
import { type Collection, look, pointsOf, postingsOf } from './tables.ts'

/** What the index looks at for one answer, at least and at most. */
const EFFORT = { least: 100, most: 1_000 } as const

interface HitRow extends Row {
  id: string
  document: string
  score: number
  facets: Facets
  payload: VectorHit['payload']
}

/** Both halves of a search, each as far as it was asked for. */
export async function searchPoints(
  postgres: PostgresStore,
  extension: Extension,
  collection: string,
  search: VectorSearch,
): Promise<{ dense: VectorHit[]; lexical: VectorHit[] }> {
  checkLimit(search.limit)
  const conditions = conditionsOf(search.filter)
  return unlessStopped(search.signal, async () => {
    const found = await look(postgres, collection)
    const { vector, lexical } = search
    if (vector !== undefined) checkDimensions(found.dimensions, vector.length, 'The vector that is searched for')
    const [byVector, byTerms] = await Promise.all([
      vector === undefined ? [] : dense(postgres, extension, { collection, found, conditions }, search, vector),
      lexical === undefined || lexical.terms.length === 0
        ? []
        : byRarity(postgres, { collection, found, conditions }, search, lexical),
    ])
    return { dense: byVector, lexical: byTerms }
  })
}

interface Where {
  collection: string
  found: Collection
  conditions: readonly Condition[]
}

async function dense(
  postgres: PostgresStore,
  { prefix, cosine, iterative }: Extension,
  { collection, found, conditions }: Where,
  search: VectorSearch,
  vector: Float32Array,
): Promise<VectorHit[]> {
  const { text, values } = visible(search, conditions, 'p', 3)
  const distance = `p.vector ${cosine} $1::${prefix}vector`
  const statement = `select p.id, p.document, 1 - (${distance}) as score, p.facets, p.payload
    from ${pointsOf(collection)} p where ${text} order by ${distance} limit $2`
  const bound = [`[${vector.join(',')}]`, search.limit, ...values]
  const run = async (db: Queryable) => hits((await db.query<HitRow>(statement, bound)).rows)
  if (!found.indexed || !iterative) return run(postgres)
  return postgres.transaction(async (tx) => {
    const effort = Math.min(EFFORT.most, Math.max(EFFORT.least, 2 * search.limit))
    await tx.query(`set local hnsw.iterative_scan = strict_order; set local hnsw.ef_search = ${effort}`)
    const near = await run(tx)
    if (near.length === search.limit) return near
    // The index gave up before it had enough that the filter admits: there may be more.
    await tx.query('set local enable_indexscan = off')
    return run(tx)
  })
}

/**
 * Rarity is counted over all points, visible or not, as Qdrant does: ln(1 + (n - df + 0.5) / (df + 0.5)). Points come from the best score
 * down until enough of them are visible, so that only those are looked up. `lateral … offset 0` has both tables looked up by their indexes,
 * whatever the planner knows of them: the embedded store never counts its rows by itself.
 */
async function byRarity(
  postgres: PostgresStore,
  { collection, found, conditions }: Where,
  search: VectorSearch,
  { terms, weights }: TermWeights,
): Promise<VectorHit[]> {
  const { text, values } = visible(search, conditions, 'point', 5)
  const { rows } = await postgres.query<HitRow>(
    `with asked as (
       select term, weight from unnest($1::int4[], $2::float8[]) as asked (term, weight)
     ), block as materialized (
       select asked.term, asked.weight, t.points, t.weights
       from asked cross join lateral (
         select points, weights from ${postingsOf(collection)} posting where posting.term = asked.term offset 0
       ) t
     ), rarity as materialized (
       select term, ln(1 + (greatest($4::float8, sum(cardinality(points))) - sum(cardinality(points)) + 0.5)
         / (sum(cardinality(points)) + 0.5)) as idf
       from block group by term
     ), scored as (
       select posting.number, sum(posting.weight * factor) as score
       from (select points, weights, weight * idf as factor from block join rarity using (term)) b,
         unnest(b.points, b.weights) as posting (number, weight)
       group by posting.number
     )
     select p.id, p.document, ranked.score, p.facets, p.payload
     from (select number, score from scored order by score desc offset 0) ranked
       cross join lateral (
         select * from ${pointsOf(collection)} point where point.number = ranked.number and ${text} offset 0
       ) p
     order by ranked.score desc, p.id limit $3`,
    [terms, weights, search.limit, found.posted, ...values],
  )
  return hits(rows)
}

/** The distance from a vector of length 0 is no number; Qdrant calls it 0. */
function hits(rows: readonly HitRow[]): VectorHit[] {
  return rows.map(({ id, document, score, facets, payload }) => ({
    id,
    document,
    score: Number.isFinite(score) ? score : 0,
    facets,
    payload,
  }))
}
