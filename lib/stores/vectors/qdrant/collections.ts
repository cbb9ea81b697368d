import { PipelineError } from '../../../errors.ts'
import type { Facet, Facets } from '../port.ts'
import { type Settings, settingsOf } from './answers.ts'
import type { QdrantConnection } from './connection.ts'

/** What every filter asks for. */
const FIELDS = [
  ['since', 'integer'],
  ['until', 'integer'],
  ['document', 'keyword'],
] as const
/** Indexes of facets in one collection; further facets can be filtered by too, only slower. */
const MAX_FACETS = 64

/** Makes a collection unless it is there; brings its indexes up to date. Throws VECTOR_COLLECTION. */
export async function makeCollection(
  qdrant: QdrantConnection,
  name: string,
  dimensions: number,
  signal: AbortSignal,
): Promise<void> {
  let settings = await orAbsent(describe(qdrant, name, signal))
  if (settings === undefined) {
    try {
      await qdrant.ask(signal, (api, init) =>
        api.createCollection(
          {
            collection_name: name,
            vectors: { dense: { size: dimensions, distance: 'Cosine' } },
            sparse_vectors: { lexical: { modifier: 'idf' } },
          },
          init,
        ),
      )
    } catch (error) {
      // Somebody else was first: then it is looked at like any other.
      if (!(error instanceof PipelineError) || !/already exists/i.test(error.message)) throw error
    }
    settings = await describe(qdrant, name, signal)
  }
  checkSettings(settings, name, dimensions)
  for (const [field, schema] of FIELDS) {
    if (!settings.fields.has(field)) await makeIndex(qdrant, name, field, schema, signal)
  }
}

/** Settings of a collection of ours. Throws VECTOR_NOT_FOUND, VECTOR_COLLECTION. */
export async function ourCollection(
  qdrant: QdrantConnection,
  name: string,
  signal: AbortSignal,
): Promise<{ dimensions: number; fields: ReadonlySet<string> }> {
  const settings = await describe(qdrant, name, signal)
  checkSettings(settings, name, settings.dense?.size)
  return { dimensions: settings.dense?.size ?? 0, fields: settings.fields }
}

async function describe(qdrant: QdrantConnection, name: string, signal: AbortSignal): Promise<Settings> {
  const { result } = await qdrant.ask(signal, (api, init) => api.getCollection({ collection_name: name }, init))
  return settingsOf(result)
}

function checkSettings({ dense, idf }: Settings, name: string, dimensions: number | undefined): void {
  const wrong = (why: string) =>
    new PipelineError('VECTOR_COLLECTION', `The collection ${name} is there with other settings: ${why}`, {
      details: { expected: dimensions, actual: dense?.size },
    })
  if (dense === undefined) throw wrong('it has no vector named dense')
  if (dense.distance !== 'Cosine') throw wrong(`its distance is ${dense.distance}, not Cosine`)
  if (dense.size !== dimensions) throw wrong(`it has ${dense.size} dimensions, not ${dimensions}`)
  if (!idf) throw wrong('it has no sparse vector named lexical with the modifier idf')
}

/** Makes the indexes of facets that have not been seen before. `known` is brought up to date. */
export async function indexFacets(
  qdrant: QdrantConnection,
  name: string,
  facets: readonly Facets[],
  known: Set<string>,
  signal: AbortSignal,
): Promise<void> {
  for (const each of facets) {
    for (const [facet, value] of Object.entries(each)) {
      const field = `facets.${facet}`
      if (known.has(field) || known.size >= MAX_FACETS + FIELDS.length) continue
      await makeIndex(qdrant, name, field, schemaOf(value), signal)
      known.add(field)
    }
  }
}

function schemaOf(value: Facet | readonly string[]): 'float' | 'bool' | 'keyword' {
  if (typeof value === 'number') return 'float'
  return typeof value === 'boolean' ? 'bool' : 'keyword'
}

async function makeIndex(
  qdrant: QdrantConnection,
  name: string,
  field: string,
  schema: 'integer' | 'float' | 'bool' | 'keyword',
  signal: AbortSignal,
): Promise<void> {
  await qdrant.ask(signal, (api, init) =>
    api.createFieldIndex({ collection_name: name, wait: true, field_name: field, field_schema: schema }, init),
  )
}

/** The value, or undefined where there is no such collection. */
export async function orAbsent<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (error instanceof PipelineError && error.code === 'VECTOR_NOT_FOUND') return undefined
    throw error
  }
}
