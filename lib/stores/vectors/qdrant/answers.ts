import { type Infer, parser, Type } from '../../../schema.ts'
import type { Json } from '../../cache/port.ts'
import type { Facets, VectorHit } from '../port.ts'

// What others send is checked where it comes in; fields we do not read are let be.

const Payload = Type.Object({
  document: Type.String(),
  facets: Type.Unsafe<Facets>(Type.Object({})),
  payload: Type.Unsafe<Readonly<Record<string, Json>>>(Type.Object({})),
  since: Type.Number(),
})
const Sparse = Type.Object({ indices: Type.Array(Type.Number()), values: Type.Array(Type.Number()) })

const answers = {
  /** Of two searches, or one. */
  query: parser(
    Type.Array(
      Type.Object({ points: Type.Array(Type.Object({ id: Type.String(), score: Type.Number(), payload: Payload })) }),
    ),
    'The answer of Qdrant to a search',
    'VECTOR_ANSWER',
  ),
  scroll: parser(
    Type.Object({
      points: Type.Array(
        Type.Object({
          id: Type.String(),
          payload: Payload,
          vector: Type.Optional(Type.Union([Type.Null(), Type.Object({ lexical: Type.Optional(Sparse) })])),
        }),
      ),
      next_page_offset: Type.Optional(Type.Union([Type.String(), Type.Number(), Type.Null()])),
    }),
    'The answer of Qdrant to a scroll',
    'VECTOR_ANSWER',
  ),
  points: parser(
    Type.Array(Type.Object({ id: Type.String(), vector: Type.Object({ dense: Type.Array(Type.Number()) }) })),
    'The answer of Qdrant to points by id',
    'VECTOR_ANSWER',
  ),
  count: parser(Type.Object({ count: Type.Integer() }), 'The answer of Qdrant to a count', 'VECTOR_ANSWER'),
  /** What of a collection's settings has to be ours. */
  info: parser(
    Type.Object({
      config: Type.Object({
        params: Type.Object({
          vectors: Type.Optional(Type.Unknown()),
          sparse_vectors: Type.Optional(Type.Unknown()),
        }),
      }),
      payload_schema: Type.Record(Type.String(), Type.Unknown(), { default: {} }),
    }),
    "Qdrant's description of the collection",
    'VECTOR_ANSWER',
  ),
} as const

const DenseSettings = Type.Object({ dense: Type.Object({ size: Type.Integer(), distance: Type.String() }) })
const SparseSettings = Type.Object({ lexical: Type.Object({ modifier: Type.Literal('idf') }) })
const dense = parser(DenseSettings, 'vectors', 'VECTOR_COLLECTION')
const sparse = parser(SparseSettings, 'sparse_vectors', 'VECTOR_COLLECTION')

export const { query, scroll, points, count, info } = answers

/** What a collection is, as far as it can be one of ours. */
export interface Settings {
  dense: Infer<typeof DenseSettings>['dense'] | undefined
  idf: boolean
  /** Fields with an index. */
  fields: ReadonlySet<string>
}

/** Reads a description of a collection. Throws VECTOR_ANSWER. */
export function settingsOf(answer: unknown): Settings {
  const { config, payload_schema } = info.parse(answer)
  const { vectors, sparse_vectors } = config.params
  return {
    dense: dense.problems(vectors).length === 0 ? dense.parse(vectors).dense : undefined,
    idf: sparse.problems(sparse_vectors).length === 0,
    fields: new Set(Object.keys(payload_schema)),
  }
}

/** A point of an answer as a hit. */
export function hitOf({
  id,
  score,
  payload,
}: {
  id: string
  score: number
  payload: Infer<typeof Payload>
}): VectorHit {
  return { id, document: payload.document, score, facets: payload.facets, payload: payload.payload }
}
