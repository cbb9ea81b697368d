import type { Schemas } from '@qdrant/js-client-rest'
import { goOn } from '../../../stopped.ts'
import { openCalls } from '../../cache/calls.ts'
import { batches } from '../batches.ts'
import { checkLimit, checkName, checkPoint, checkShape, checkVersion } from '../check.ts'
import { conditionsOf } from '../filter.ts'
import type { VectorHit, VectorPoint, VectorSearch, VectorStore } from '../port.ts'
import { count, hitOf, points, query, scroll } from './answers.ts'
import { indexFacets, makeCollection, orAbsent, ourCollection } from './collections.ts'
import { type QdrantAddress, qdrantConnection } from './connection.ts'
import { cameBy, goneBy, notRetiredBy, visible, writtenAs } from './filters.ts'

/** Before the name of every collection, so that those of others are not touched. */
const PREFIX = 'ysh_'
/** Qdrant refuses requests above 32 MB. */
const BATCH = { points: 500, bytes: 8 << 20 } as const
/** Of a vector's number in JSON, with its comma. */
const NUMBER_BYTES = 18
const IDS = 1_000

/**
 * The port of vectors on a Qdrant (1.10 or newer) by its REST API. Nothing is connected before the first call. From 1.16 on Qdrant keeps a
 * writer that was given up from replacing what a later version put; an older one lets it.
 *
 * Throws STORE_CONFIG for an address that is none. Besides the port's errors its calls throw VECTOR_ANSWER (no answer of a Qdrant),
 * VECTOR_REFUSED (any other refusal) and STORE_TLS.
 */
export function openQdrant(address: QdrantAddress): VectorStore {
  const qdrant = qdrantConnection(address)
  const calls = openCalls('vector store')

  /** What every call does around its work. */
  function run<T>(collection: string, signal: AbortSignal, work: (name: string) => Promise<T>): Promise<T> {
    return calls.run(async () => {
      checkName(collection)
      goOn(signal)
      return work(PREFIX + collection)
    })
  }

  async function put(
    name: string,
    given: Iterable<VectorPoint> | AsyncIterable<VectorPoint>,
    { since, signal }: { since: number; signal: AbortSignal },
  ): Promise<number> {
    const { dimensions, fields } = await ourCollection(qdrant, name, signal)
    const known = new Set(fields)
    const prepared = batches(given, BATCH, (point) => {
      checkPoint(point, dimensions)
      return { id: point.id, bytes: bytesOf(point), item: point }
    })
    let total = 0
    for await (const batch of prepared) {
      goOn(signal)
      await indexFacets(
        qdrant,
        name,
        batch.map(({ facets }) => facets),
        known,
        signal,
      )
      await qdrant.ask(signal, (api, init) =>
        api.upsertPoints(
          {
            collection_name: name,
            wait: true,
            points: batch.map((point) => structOf(point, since)),
            update_filter: cameBy(since),
          },
          init,
        ),
      )
      total += batch.length
    }
    return total
  }

  async function search(
    name: string,
    { vector, lexical, filter, limit, signal, ...visibility }: VectorSearch,
  ): Promise<{ dense: VectorHit[]; lexical: VectorHit[] }> {
    checkLimit(limit)
    const shared = { filter: visible(visibility, conditionsOf(filter)), limit, with_payload: true }
    const byTerms = lexical !== undefined && lexical.terms.length > 0 ? lexical : undefined
    const searches = [
      ...(vector === undefined ? [] : [{ ...shared, query: Array.from(vector), using: 'dense' }]),
      ...(byTerms === undefined
        ? []
        : [{ ...shared, query: { indices: [...byTerms.terms], values: [...byTerms.weights] }, using: 'lexical' }]),
    ]
    if (searches.length === 0) {
      await ourCollection(qdrant, name, signal)
      return { dense: [], lexical: [] }
    }
    const { result } = await qdrant.ask(signal, (api, init) =>
      api.queryBatchPoints({ collection_name: name, searches }, init),
    )
    const lists = query.parse(result).map((list) => list.points.map(hitOf))
    return {
      dense: (vector === undefined ? undefined : lists[0]) ?? [],
      lexical: (byTerms === undefined ? undefined : lists.at(-1)) ?? [],
    }
  }

  async function forget(name: string, filter: Schemas['Filter'], signal: AbortSignal): Promise<void> {
    await qdrant.ask(signal, (api, init) => api.deletePoints({ collection_name: name, wait: true, filter }, init))
  }

  /** Takes back what versions have retired. */
  async function restore(name: string, versions: readonly number[], signal: AbortSignal): Promise<void> {
    await qdrant.ask(signal, (api, init) =>
      api.deletePayload(
        { collection_name: name, wait: true, keys: ['until'], filter: writtenAs('until', versions) },
        init,
      ),
    )
  }

  return {
    kind: 'qdrant',
    ensure: (collection, shape, signal) =>
      run(collection, signal, async (name) => {
        checkShape(shape)
        await makeCollection(qdrant, name, shape.dimensions, signal)
      }),
    drop: (collection, signal) =>
      run(collection, signal, async (name) => {
        await orAbsent(qdrant.ask(signal, (api, init) => api.deleteCollection({ collection_name: name }, init)))
      }),
    put: (collection, given, options) =>
      run(collection, options.signal, async (name) => {
        checkVersion(options.since)
        return put(name, given, options)
      }),
    retire: (collection, ids, { until, signal }) =>
      run(collection, signal, async (name) => {
        checkVersion(until)
        if (ids.length === 0) await ourCollection(qdrant, name, signal)
        for (const some of pieces(ids)) {
          goOn(signal)
          // The later version counts: an earlier one that comes after it is of a writer that was given up.
          const filter = notRetiredBy(some, until)
          await qdrant.ask(signal, (api, init) =>
            api.setPayload({ collection_name: name, wait: true, payload: { until }, filter }, init),
          )
        }
      }),
    abandon: (collection, version, signal) =>
      run(collection, signal, async (name) => {
        checkVersion(version)
        await forget(name, writtenAs('since', [version]), signal)
        await restore(name, [version], signal)
      }),
    purge: (collection, { at, abandoned, signal }) =>
      run(collection, signal, async (name) => {
        if (abandoned.length > 0) {
          await forget(name, writtenAs('since', abandoned), signal)
          await restore(name, abandoned, signal)
        }
        await forget(name, goneBy(at), signal)
      }),
    search: (collection, options) => run(collection, options.signal, (name) => search(name, options)),
    vectorsOf: (collection, ids, signal) =>
      run(collection, signal, async (name) => {
        if (ids.length === 0) await ourCollection(qdrant, name, signal)
        const found = new Map<string, Float32Array>()
        for (const some of pieces(ids)) {
          goOn(signal)
          const { result } = await qdrant.ask(signal, (api, init) =>
            api.getPoints({ collection_name: name, ids: some, with_vector: ['dense'], with_payload: false }, init),
          )
          for (const { id, vector } of points.parse(result)) found.set(id, Float32Array.from(vector.dense))
        }
        return found
      }),
    list: (collection, { after, limit, signal, ...visibility }) =>
      run(collection, signal, async (name) => {
        checkLimit(limit)
        const filter = visible(visibility)
        // Qdrant's page begins with the point it is given.
        const from =
          after === undefined
            ? { filter }
            : { offset: after, filter: { must: [filter], must_not: [{ has_id: [after] }] } }
        const { result } = await qdrant.ask(signal, (api, init) =>
          api.scrollPoints(
            { collection_name: name, ...from, limit, with_payload: true, with_vector: ['lexical'] },
            init,
          ),
        )
        const page = scroll.parse(result)
        const listed = page.points.map(({ id, payload, vector }) => ({
          id,
          document: payload.document,
          facets: payload.facets,
          payload: payload.payload,
          lexical: {
            terms: vector?.lexical?.indices ?? [],
            weights: vector?.lexical?.values ?? [],
          },
        }))
        const last = listed.at(-1)
        const more = page.next_page_offset !== null && page.next_page_offset !== undefined
        return more && last !== undefined ? { points: listed, next: last.id } : { points: listed }
      }),
    count: (collection, { filter, signal, ...visibility }) =>
      run(collection, signal, async (name) => {
        const which = visible(visibility, conditionsOf(filter))
        const { result } = await qdrant.ask(signal, (api, init) =>
          api.countPoints({ collection_name: name, filter: which, exact: true }, init),
        )
        return count.parse(result).count
      }),
    close: () => calls.close(),
  }
}

function structOf(
  { id, vector, lexical, document, facets, payload }: VectorPoint,
  since: number,
): Schemas['PointStruct'] {
  const { terms, weights } = lexical
  return {
    id,
    vector: {
      dense: shortNumbers(vector),
      ...(terms.length === 0 ? {} : { lexical: { indices: [...terms], values: [...weights] } }),
    },
    payload: { document, facets, payload, since },
  }
}

/**
 * Nine digits after the point: more than single precision holds of a vector of length 1, where it counts, and a third fewer bytes to write,
 * send and read than the number's double precision has.
 */
function shortNumbers(vector: Float32Array): number[] {
  return Array.from(vector, (value) => Math.round(value * 1e9) / 1e9)
}

/** Of a point in JSON, about, without making the JSON twice. */
function bytesOf({ vector, lexical, document, payload, facets }: VectorPoint): number {
  const numbers = (vector.length + 2 * lexical.terms.length) * NUMBER_BYTES
  return 200 + numbers + document.length + roughly(payload) + roughly(facets)
}

function roughly(value: unknown): number {
  if (typeof value === 'string') return 2 + value.length * 2
  if (typeof value !== 'object' || value === null) return 20
  return Object.entries(value).reduce((sum, [name, part]) => sum + name.length + 4 + roughly(part), 2)
}

function* pieces(ids: readonly string[]): Generator<string[]> {
  for (let from = 0; from < ids.length; from += IDS) yield ids.slice(from, from + IDS)
}
