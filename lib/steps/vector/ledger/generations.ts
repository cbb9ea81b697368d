import { failPoint } from '../../../fail-point.ts'
import type { Embedder } from '../../../models/embedder.ts'
import type { PostgresStore } from '../../../stores/postgres/port.ts'
import type { VectorPoint, VectorStore } from '../../../stores/vectors/port.ts'
import { embeddedText } from '../chunks/model.ts'
import { type StoredChunk, storedChunk } from '../stored-chunk.ts'
import { analyserVersion, documentTerms } from '../terms/analyse.ts'
import { holdLease, type Lease } from './lease.ts'
import { type Generation, generationColumns, type Live } from './state.ts'

/** Points that are copied between two notes of how far it is. */
const pageSize = 256

/** Whether the live generation is what this embedder and this analyser would make. */
export function fits(live: Live | undefined, embedder: Embedder): boolean {
  return live !== undefined && live.embedder === embedder.id && live.analyser === analyserVersion
}

/** What building needs of its surroundings. */
export interface Building {
  postgres: PostgresStore
  vectors: VectorStore
  lease: Lease
  embedder: Embedder
  /** Name of the embedder's model; empty for the embedded one. */
  model: string
  onProgress(embedded: number): void
}

/**
 * A generation beside the live one that holds all of its points, embedded anew. Goes on where an earlier process was killed, as long as nothing was
 * published since. The caller writes its version into it and publishes both.
 */
export async function buildGeneration(
  building: Building,
  live: Live | undefined,
): Promise<{ target: Generation; embedded: number; reused: number }> {
  const { vectors, lease } = building
  const { target, after, whole } = await begin(building, live)
  await vectors.ensure(target.physical, { dimensions: target.dimensions }, lease.signal)
  if (live === undefined || whole) return { target, embedded: 0, reused: 0 }
  const same = live.embedder === target.embedder
  let embedded = 0
  let reused = 0
  let from = after
  do {
    lease.signal.throwIfAborted()
    const page = await vectors.list(live.physical, {
      at: live.version,
      abandoned: live.abandoned,
      ...(from === undefined ? {} : { after: from }),
      limit: pageSize,
      signal: lease.signal,
    })
    const chunks = page.points.map((point) => ({ point, chunk: storedChunk(point.payload) }))
    const made = same ? await takeOver(building, live, chunks) : await embedAll(building, chunks)
    if (same) reused += made.length
    else embedded += made.length
    if (made.length > 0) await vectors.put(target.physical, made, { since: live.version, signal: lease.signal })
    failPoint('vector-copied')
    building.onProgress(embedded + reused)
    from = page.next
    await noteProgress(building, target.generation, from)
  } while (from !== undefined)
  return { target, embedded, reused }
}

type Listed = { point: Omit<VectorPoint, 'vector'>; chunk: StoredChunk }

/** Only the analyser is another one: the vectors stay. */
async function takeOver(
  { vectors, lease, embedder }: Building,
  live: Live,
  chunks: readonly Listed[],
): Promise<VectorPoint[]> {
  const known = await vectors.vectorsOf(
    live.physical,
    chunks.map(({ point }) => point.id),
    lease.signal,
  )
  const missing = chunks.filter(({ point }) => !known.has(point.id))
  const fresh = await embedder.embed(
    missing.map(({ chunk }) => embeddedText(chunk)),
    'document',
    { signal: lease.signal },
  )
  for (const [at, { point }] of missing.entries()) known.set(point.id, fresh[at] ?? new Float32Array())
  return chunks.map(({ point, chunk }) => pointOf(point, chunk, known.get(point.id) ?? new Float32Array()))
}

async function embedAll({ embedder, lease }: Building, chunks: readonly Listed[]): Promise<VectorPoint[]> {
  const vectors = await embedder.embed(
    chunks.map(({ chunk }) => embeddedText(chunk)),
    'document',
    { signal: lease.signal },
  )
  return chunks.map(({ point, chunk }, at) => pointOf(point, chunk, vectors[at] ?? new Float32Array()))
}

function pointOf(point: Omit<VectorPoint, 'vector'>, chunk: StoredChunk, vector: Float32Array): VectorPoint {
  return { ...point, vector, lexical: documentTerms(embeddedText(chunk)) }
}

async function begin(
  { postgres, lease, embedder, model }: Building,
  live: Live | undefined,
): Promise<{ target: Generation; after: string | undefined; whole: boolean }> {
  const base = live?.version ?? 0
  return await postgres.transaction(async (tx) => {
    await holdLease(tx, lease)
    const { rows: begun } = await tx.query<
      Generation & { after: string | null; whole: boolean } & Record<string, unknown>
    >(
      `select ${generationColumns}, g.copied_after as after, g.copied_all as whole from pipeline.vector_generation g
       where g.collection = $1 and g.state = 'building' and g.embedder = $2 and g.analyser = $3 and g.base_version = $4 and g.dimensions = $5`,
      [lease.collection, embedder.id, analyserVersion, base, embedder.dimensions],
    )
    const [known] = begun
    // another embedder's unfinished one will never be: the next upkeep drops it
    await tx.query(
      `update pipeline.vector_generation set state = 'old', replaced_at = '-infinity'
       where collection = $1 and state = 'building' and generation is distinct from $2`,
      [lease.collection, known?.generation ?? null],
    )
    if (known !== undefined) {
      const { after, whole, ...target } = known
      return { target, after: after ?? undefined, whole }
    }
    const { rows } = await tx.query<{ generation: number }>(
      `update pipeline.vector_collection set last_generation = last_generation + 1 where name = $1
       returning last_generation as generation`,
      [lease.collection],
    )
    const generation = rows[0]?.generation ?? 0
    const target: Generation = {
      generation,
      physical: `${lease.collection}_g${generation}`,
      embedder: embedder.id,
      model,
      semantic: embedder.semantic,
      dimensions: embedder.dimensions,
      analyser: analyserVersion,
    }
    await tx.query(
      `insert into pipeline.vector_generation (collection, generation, physical, state, embedder, model, semantic, dimensions, analyser,
         base_version, copied_all) values ($1, $2, $3, 'building', $4, $5, $6, $7, $8, $9, $10)`,
      [
        lease.collection,
        generation,
        target.physical,
        target.embedder,
        model,
        target.semantic,
        target.dimensions,
        target.analyser,
        base,
        live === undefined,
      ],
    )
    return { target, after: undefined, whole: false }
  })
}

async function noteProgress(
  { postgres, lease }: Building,
  generation: number,
  after: string | undefined,
): Promise<void> {
  await postgres.transaction(async (tx) => {
    await holdLease(tx, lease)
    await tx.query(
      `update pipeline.vector_generation set copied_after = $3, copied_all = $4 where collection = $1 and generation = $2`,
      [lease.collection, generation, after ?? null, after === undefined],
    )
  })
}
