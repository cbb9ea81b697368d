import { type Infer, parser, Type } from '../../schema.ts'
import type { Json } from '../../stores/cache/port.ts'
import type { Chunk } from './chunks/model.ts'

const StoredSchema = Type.Object({
  kind: Type.Enum(['text', 'table', 'formula', 'rows']),
  headings: Type.Array(Type.String()),
  text: Type.String(),
  places: Type.Array(
    Type.Object({
      page: Type.Integer(),
      box: Type.Object({
        left: Type.Number(),
        top: Type.Number(),
        right: Type.Number(),
        bottom: Type.Number(),
      }),
    }),
  ),
  task: Type.Optional(Type.String()),
})
/** A chunk as it lies in the payload of its point. */
export type StoredChunk = Infer<typeof StoredSchema>

const stored = parser(StoredSchema, 'The payload of a point', 'VECTOR_PAYLOAD')

/** A point's payload as a chunk. Throws VECTOR_PAYLOAD: somebody else wrote into the collection. */
export function storedChunk(payload: Readonly<Record<string, Json>>): StoredChunk {
  return stored.parse(payload)
}

/** A chunk as the payload of a point. */
export function payloadOf({ kind, headings, text, places, task }: Chunk): Record<string, Json> {
  return {
    kind,
    headings: [...headings],
    text,
    places: places.map(({ page, box: { left, top, right, bottom } }) => ({ page, box: { left, top, right, bottom } })),
    ...(task === undefined ? {} : { task }),
  }
}
