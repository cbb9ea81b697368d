import { once } from 'node:events'
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { openPostgres, type PostgresConfig, type PostgresStore } from '../../lib/stores/postgres/index.ts'
import { openPgVectors, openQdrant, type VectorPoint, type VectorStore } from '../../lib/stores/vectors/index.ts'
import { seeded } from '../../test/helpers/seeded.ts'
import { madePoints, termOf, unit } from './points.ts'

const signal = new AbortController().signal
/** Points of one bare statement or request. */
const BARE_BATCH = 500

/** One comparison: points a second, by rounds that took turns. */
export interface PutFigures {
  points: number
  dimensions: number
  /** Medians, points a second. */
  ours: number
  bare: number
  /** Median of the rounds' ratios: ours by bare. */
  ratio: number
}

/** Options of the comparisons. */
export interface PutOptions {
  points: number
  dimensions: number
  rounds: number
}

/**
 * Puts points into pgvector through the port, and as a plain program would: `insert … select from unnest(…) on conflict do update`, 500 a
 * statement, into a table with the same content and a primary key, but without postings and versions.
 */
export async function putIntoPgvector(config: PostgresConfig, options: PutOptions): Promise<PutFigures> {
  const postgres = await openPostgres(config)
  const store = openPgVectors(postgres)
  try {
    // Turns the extension on.
    await store.drop('bench', signal)
    const points = [...madePoints(options.points, options.dimensions)]
    return await compare(options, {
      async ours() {
        await store.drop('bench', signal)
        await store.ensure('bench', { dimensions: options.dimensions }, signal)
        return timed(() => store.put('bench', points, { since: 1, signal }))
      },
      async bare() {
        await postgres.query(`drop table if exists bench_bare; create table bench_bare (id uuid primary key, document text,
          vector vector(${options.dimensions}), lexical sparsevec(1000000000), facets jsonb, payload jsonb)`)
        return timed(() => upsert(postgres, points))
      },
    })
  } finally {
    await store.drop('bench', signal)
    await postgres.query('drop table if exists bench_bare')
    await store.close()
    await postgres.close()
  }
}

async function upsert(postgres: PostgresStore, points: readonly VectorPoint[]): Promise<void> {
  for (let from = 0; from < points.length; from += BARE_BATCH) {
    const some = points.slice(from, from + BARE_BATCH)
    const sparse = ({ lexical }: VectorPoint) =>
      `{${lexical.terms.map((term, at) => `${term + 1}:${lexical.weights[at]}`).join(',')}}/1000000000`
    await postgres.query(
      `insert into bench_bare select * from unnest($1::uuid[], $2::text[], $3::vector[], $4::sparsevec[], $5::jsonb[], $6::jsonb[])
       on conflict (id) do update set document = excluded.document, vector = excluded.vector, lexical = excluded.lexical,
         facets = excluded.facets, payload = excluded.payload`,
      [
        some.map(({ id }) => id),
        some.map(({ document }) => document),
        some.map(({ vector }) => `[${vector.join(',')}]`),
        some.map(sparse),
        some.map(({ facets }) => JSON.stringify(facets)),
        some.map(({ payload }) => JSON.stringify(payload)),
      ],
    )
  }
}

/**
 * Puts points into Qdrant through the port, and with bare requests of the same content. Without a `url` both go to a server that takes
 * everything and keeps nothing, so that the figures are those of the client alone.
 */
export async function putIntoQdrant(options: PutOptions, url?: string): Promise<PutFigures> {
  const sink = url === undefined ? await startSink(options.dimensions) : undefined
  const base = url ?? sink?.url ?? ''
  const store = openQdrant({ url: base })
  const points = [...madePoints(options.points, options.dimensions)]
  const fresh = async () => {
    if (sink !== undefined) return
    await store.drop('bench', signal)
    await store.ensure('bench', { dimensions: options.dimensions }, signal)
  }
  try {
    return await compare(options, {
      async ours() {
        await fresh()
        return timed(() => store.put('bench', points, { since: 1, signal }))
      },
      async bare() {
        await fresh()
        return timed(async () => {
          for (let from = 0; from < points.length; from += BARE_BATCH) {
            const response = await fetch(`${base}/collections/ysh_bench/points?wait=true`, {
              method: 'PUT',
              headers: { 'content-type': 'application/json' },
              body: JSON.stringify({ points: points.slice(from, from + BARE_BATCH).map(struct) }),
            })
            if (!response.ok) throw new Error(await response.text())
            await response.json()
          }
        })
      },
    })
  } finally {
    if (sink === undefined) await store.drop('bench', signal)
    await store.close()
    await sink?.stop()
  }
}

function struct({ id, vector, lexical, document, facets, payload }: VectorPoint): object {
  return {
    id,
    vector: { dense: Array.from(vector), lexical: { indices: lexical.terms, values: lexical.weights } },
    payload: { document, facets, payload, since: 1 },
  }
}

/** A server with one collection that says yes to everything. */
async function startSink(dimensions: number): Promise<{ url: string; stop(): Promise<void> }> {
  const info = {
    config: {
      params: {
        vectors: { dense: { size: dimensions, distance: 'Cosine' } },
        sparse_vectors: { lexical: { modifier: 'idf' } },
      },
    },
    payload_schema: {},
  }
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      const result = request.method === 'GET' ? info : { operation_id: 1, status: 'completed' }
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ result, status: 'ok', time: 0 }))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** How long searches take, milliseconds, median and best. */
export interface SearchFigures {
  points: number
  dense: readonly [median: number, best: number]
  lexical: readonly [median: number, best: number]
  /** With a word that a third of the points have. */
  common: readonly [median: number, best: number]
  /** With a filter that a thirtieth of the points pass. */
  filtered: readonly [median: number, best: number]
}

/** Searches a collection of made points, both halves by themselves. */
export async function searchFigures(
  store: VectorStore,
  { points, dimensions, rounds }: PutOptions,
): Promise<SearchFigures> {
  await store.drop('bench', signal)
  await store.ensure('bench', { dimensions }, signal)
  await store.put('bench', madePoints(points, dimensions), { since: 1, signal })
  // Brings the indexes in order, where there are any.
  await store.purge('bench', { at: 0, abandoned: [], signal })
  const terms = (ranks: readonly number[]) => ({ terms: ranks.map(termOf), weights: ranks.map(() => 1) })
  const usual = terms([150, 300, 600, 1_500, 3_000, 12_000])
  const random = seeded(7)
  const measure = async (
    search: () => Omit<Parameters<VectorStore['search']>[1], 'at' | 'abandoned' | 'limit' | 'signal'>,
  ) => {
    const times: number[] = []
    for (let round = 0; round < rounds; round += 1) {
      const asked = search()
      times.push(await timed(() => store.search('bench', { at: 1, abandoned: [], limit: 20, signal, ...asked })))
      await sleep(5)
    }
    return [median(times), Math.min(...times)] as const
  }
  const figures = {
    points,
    dense: await measure(() => ({ vector: unit(dimensions, random) })),
    lexical: await measure(() => ({ lexical: usual })),
    common: await measure(() => ({ lexical: terms([20, 60, 150, 600, 3_000, 12_000]) })),
    filtered: await measure(() => ({ lexical: usual, filter: { kind: 'table', year: { from: 2012, to: 2013 } } })),
  }
  await store.drop('bench', signal)
  return figures
}

async function compare(
  { points, dimensions, rounds }: PutOptions,
  ways: { ours(): Promise<number>; bare(): Promise<number> },
): Promise<PutFigures> {
  const ours: number[] = []
  const bare: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    // Taking turns at being first.
    if (round % 2 === 0) ours.push(await ways.ours())
    bare.push(await ways.bare())
    if (round % 2 === 1) ours.push(await ways.ours())
  }
  const speed = (times: number[]) => Math.round((points / median(times)) * 1_000)
  const ratios = ours.map((time, round) => (bare[round] ?? 0) / time)
  return { points, dimensions, ours: speed(ours), bare: speed(bare), ratio: Number(median(ratios).toFixed(2)) }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
