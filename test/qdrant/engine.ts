import type { Schemas } from '@qdrant/js-client-rest'
import { admits, type Kept } from './conditions.ts'

/** An answer that is no success. */
export class Refusal extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** What the engine has to know of a body; the rest has been checked against the API's description. */
export interface Body {
  vectors?: Record<string, { size: number; distance: string }>
  sparse_vectors?: Record<string, { modifier?: string }>
  field_name?: string
  field_schema?: string
  points?: unknown[]
  ids?: string[]
  filter?: Schemas['Filter']
  update_filter?: Schemas['Filter']
  payload?: Record<string, unknown>
  keys?: string[]
  searches?: Search[]
  limit?: number
  offset?: string
  with_vector?: string[] | boolean
  with_payload?: boolean
}

interface Search {
  query: number[] | { indices: number[]; values: number[] }
  using: string
  filter?: Schemas['Filter']
  limit: number
}

interface Collection {
  settings: Body
  points: Map<string, Kept>
  fields: Map<string, string>
}

/** Collections in memory; every operation at once and whole. */
export class Engine {
  readonly collections = new Map<string, Collection>()

  /** Does an operation; resolves with what is the `result` of the answer. Throws {@link Refusal}. */
  run(operation: string, name: string, body: Body): unknown {
    switch (operation) {
      case 'create_collection':
        return this.#create(name, body)
      case 'delete_collection':
        return this.collections.delete(name)
      case 'get_collection':
        return describe(this.#get(name))
      case 'create_field_index':
        this.#get(name).fields.set(body.field_name ?? '', body.field_schema ?? '')
        return done
      case 'upsert_points':
        return upsert(this.#get(name), body)
      case 'get_points':
        return (body.ids ?? []).flatMap((id) => shown(this.#get(name).points.get(id), body))
      case 'scroll_points':
        return scroll(this.#get(name), body)
      case 'count_points':
        return { count: chosen(this.#get(name), body).length }
      case 'set_payload':
        for (const point of chosen(this.#get(name), body)) Object.assign(point.payload, body.payload)
        return done
      case 'delete_payload':
        for (const point of chosen(this.#get(name), body)) for (const key of body.keys ?? []) delete point.payload[key]
        return done
      case 'delete_points':
        for (const { id } of chosen(this.#get(name), body)) this.#get(name).points.delete(id)
        return done
      case 'query_batch_points':
        return (body.searches ?? []).map((search) => ({ points: query(this.#get(name), search) }))
      default:
        throw new Refusal(501, `The double does not do ${operation}`)
    }
  }

  #create(name: string, body: Body): true {
    if (this.collections.has(name)) throw new Refusal(409, `Wrong input: Collection \`${name}\` already exists!`)
    this.collections.set(name, { settings: structuredClone(body), points: new Map(), fields: new Map() })
    return true
  }

  #get(name: string): Collection {
    const found = this.collections.get(name)
    if (found === undefined) throw new Refusal(404, `Not found: Collection \`${name}\` doesn't exist!`)
    return found
  }
}

const done = { operation_id: 1, status: 'completed' }

function describe({ settings, points, fields }: Collection): unknown {
  return {
    status: 'green',
    optimizer_status: 'ok',
    points_count: points.size,
    indexed_vectors_count: 0,
    segments_count: 1,
    config: {
      params: {
        vectors: settings.vectors,
        sparse_vectors: settings.sparse_vectors,
        shard_number: 1,
        replication_factor: 1,
      },
      hnsw_config: { m: 16, ef_construct: 100, full_scan_threshold: 10_000 },
      optimizer_config: {
        deleted_threshold: 0.2,
        vacuum_min_vector_number: 1_000,
        default_segment_number: 0,
        flush_interval_sec: 5,
      },
    },
    payload_schema: Object.fromEntries(
      [...fields].map(([field, type]) => [field, { data_type: type, points: points.size }]),
    ),
  }
}

interface Struct {
  id: string
  vector: { dense?: number[]; lexical?: { indices: number[]; values: number[] } }
  payload?: Record<string, unknown>
}

function upsert(collection: Collection, { points = [], update_filter }: Body): typeof done {
  const structs = points.map((point): Struct => Object(point))
  for (const { vector } of structs) {
    for (const name of Object.keys(vector)) checkVectorName(collection, name)
    if (vector.dense !== undefined) checkSize(collection, vector.dense.length)
  }
  for (const { id, vector, payload = {} } of structs) {
    const there = collection.points.get(id)
    if (there !== undefined && !admits(update_filter, there)) continue
    collection.points.set(id, {
      id,
      dense: vector.dense === undefined ? undefined : normal(Float32Array.from(vector.dense)),
      lexical:
        vector.lexical === undefined
          ? undefined
          : new Map(vector.lexical.indices.map((index, at) => [index, Math.fround(vector.lexical?.values[at] ?? 0)])),
      payload: structuredClone(payload),
    })
  }
  return done
}

function checkVectorName({ settings }: Collection, name: string): void {
  if (settings.vectors?.[name] !== undefined || settings.sparse_vectors?.[name] !== undefined) return
  throw new Refusal(400, `Wrong input: Not existing vector name error: ${name}`)
}

function checkSize({ settings }: Collection, size: number): void {
  const expected = settings.vectors?.dense?.size
  if (expected === size) return
  throw new Refusal(400, `Wrong input: Vector dimension error: expected dim: ${expected}, got ${size}`)
}

function chosen({ points }: Collection, { filter, points: ids }: Body): Kept[] {
  const all = [...points.values()].filter((point) => ids === undefined || ids.includes(point.id))
  return all.filter((point) => admits(filter, point))
}

function scroll(collection: Collection, { filter, offset = '', limit = 10, ...rest }: Body): unknown {
  const found = chosen(collection, filter === undefined ? {} : { filter })
    .filter(({ id }) => id >= offset)
    .sort((a, b) => (a.id < b.id ? -1 : 1))
  return {
    points: found.slice(0, limit).flatMap((point) => shown(point, rest)),
    next_page_offset: found[limit]?.id ?? null,
  }
}

function shown(point: Kept | undefined, { with_vector, with_payload = true }: Body): unknown[] {
  if (point === undefined) return []
  const wanted = Array.isArray(with_vector) ? with_vector : []
  const lexical = point.lexical
  const vector = {
    ...(wanted.includes('dense') && point.dense !== undefined ? { dense: Array.from(point.dense) } : {}),
    ...(wanted.includes('lexical') && lexical !== undefined
      ? { lexical: { indices: [...lexical.keys()], values: [...lexical.values()] } }
      : {}),
  }
  return [
    { id: point.id, ...(with_payload ? { payload: point.payload } : {}), ...(wanted.length === 0 ? {} : { vector }) },
  ]
}

function query(collection: Collection, { query: asked, using, filter, limit }: Search): unknown[] {
  checkVectorName(collection, using)
  const score = Array.isArray(asked) ? cosine(collection, asked) : rarity(collection, asked)
  return [...collection.points.values()]
    .filter((point) => admits(filter, point))
    .flatMap((point) => {
      const value = score(point)
      return value === undefined
        ? []
        : [{ id: point.id, version: 1, score: Math.fround(value), payload: point.payload }]
    })
    .sort((a, b) => b.score - a.score)
    .slice(0, limit)
}

function cosine(collection: Collection, asked: number[]): (point: Kept) => number | undefined {
  checkSize(collection, asked.length)
  const wanted = normal(Float32Array.from(asked))
  return ({ dense }) => dense?.reduce((sum, value, index) => sum + value * (wanted[index] ?? 0), 0)
}

/** Sparse dot product, each term times ln((n - df + 0.5) / (df + 0.5) + 1), counted over all points of the collection. */
function rarity({ points }: Collection, { indices, values }: { indices: number[]; values: number[] }) {
  const all = [...points.values()].filter(({ lexical }) => lexical !== undefined)
  const factors = indices.map((index, at) => {
    const having = all.filter(({ lexical }) => lexical?.has(index) === true).length
    return (values[at] ?? 0) * Math.log((all.length - having + 0.5) / (having + 0.5) + 1)
  })
  return ({ lexical }: Kept): number | undefined => {
    if (lexical === undefined || !indices.some((index) => lexical.has(index))) return undefined
    return indices.reduce((sum, index, at) => sum + (lexical.get(index) ?? 0) * (factors[at] ?? 0), 0)
  }
}

function normal(vector: Float32Array): Float32Array {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0))
  return length === 0 ? vector : vector.map((value) => value / length)
}
