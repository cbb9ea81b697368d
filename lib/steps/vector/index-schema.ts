import { OllamaSchema } from '../../models/ollama-config.ts'
import { type Infer, Type } from '../../schema.ts'
import { FacetsSchema } from './facets.ts'

/** Name of a collection: what the stores of vectors allow, less what a generation adds. */
export const CollectionName = Type.String({
  default: 'documentos',
  pattern: '^[a-z][a-z0-9_]{0,39}$',
  title: 'Collection',
  description: 'Lower-case letters, digits and _; a letter first',
})

/** Config of the step `vector-index`. */
export const IndexConfigSchema = Type.Object(
  {
    collection: CollectionName,
    embedder: Type.Enum(['embedded', 'ollama'], {
      default: 'embedded',
      title: 'Embeddings',
      description: 'embedded needs no server and knows words, not meanings; ollama asks a model',
    }),
    model: Type.String({
      default: '',
      maxLength: 200,
      title: 'Model',
      description: 'Of the Ollama server, such as bge-m3; another model builds the collection anew beside the old one',
    }),
    facets: Type.Array(Type.String({ maxLength: 600 }), {
      default: [],
      maxItems: 50,
      title: 'Facets',
      description: 'What searches filter by, as name=value, for all documents of this node',
    }),
    targetCharacters: Type.Integer({
      default: 1_200,
      minimum: 200,
      maximum: 4_000,
      title: 'Usual chunk',
      description: 'Characters that a chunk should have',
    }),
    mostCharacters: Type.Integer({
      default: 2_000,
      minimum: 200,
      maximum: 4_000,
      title: 'Longest chunk',
      description: 'Characters; an article up to this length stays whole',
    }),
    again: Type.Enum(['skip', 'always'], {
      default: 'skip',
      title: 'Same content again',
      description:
        'skip leaves unchanged documents alone; always reads them anew and puts back what the store has lost',
    }),
    ollama: Type.Optional(OllamaSchema),
  },
  { additionalProperties: false },
)
export type IndexConfig = Infer<typeof IndexConfigSchema>

const ReferenceSchema = Type.Object({ key: Type.String(), sha256: Type.String(), bytes: Type.Integer() })
const Row = Type.Record(Type.String(), Type.Unknown())
const Day = Type.String({ format: 'date-time' })

const documentProperties = {
  /** Its id, by which a later message replaces it; by default its address, else where it came from. */
  document: Type.Optional(Type.String({ minLength: 1, maxLength: 1_000 })),
  title: Type.Optional(Type.String({ maxLength: 1_000 })),
  url: Type.Optional(Type.String({ maxLength: 2_000 })),
  /** Of the document's bytes, where `file` does not say it. */
  sha256: Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}$' })),
  retrievedAt: Type.Optional(Day),
  facets: Type.Optional(FacetsSchema),
  /** An extraction of `pdf-extract`, or a stored text. */
  artifact: Type.Optional(Type.Union([Type.String(), ReferenceSchema])),
  text: Type.Optional(Type.String()),
  rows: Type.Optional(Type.Array(Row, { maxItems: 100_000 })),
  source: Type.Optional(Type.String()),
  name: Type.Optional(Type.String()),
  /** The document itself, stored. */
  file: Type.Optional(ReferenceSchema),
  /** Of a manifest of `ollama-enrich`. */
  task: Type.Optional(Type.String()),
  outcome: Type.Optional(Type.String()),
  enriched: Type.Optional(Type.Boolean()),
  result: Type.Optional(Type.Unknown()),
  content: Type.Optional(ReferenceSchema),
  fields: Type.Optional(Type.Array(Type.Object({ path: Type.String(), value: Type.Unknown() }))),
}

/** A document as a message, or a line of a list, gives it. */
export const DocumentSchema = Type.Object(documentProperties)
export type GivenDocument = Infer<typeof DocumentSchema>

/** Input of the step: one document, or a list of them. */
export const IndexInputSchema = Type.Object({
  ...documentProperties,
  /** A list, or the key, SHA-256 or reference of one in JSON lines. */
  documents: Type.Optional(
    Type.Union([Type.Array(DocumentSchema, { maxItems: 100_000 }), Type.String(), ReferenceSchema]),
  ),
  /** The list is all there is: documents that are not in it are removed. */
  complete: Type.Optional(Type.Boolean()),
  /** Ids of documents to be removed. */
  remove: Type.Optional(Type.Array(Type.String(), { maxItems: 100_000 })),
})
export type IndexInput = Infer<typeof IndexInputSchema>

/** The manifest that the step sends on. */
export const IndexOutputSchema = Type.Object({
  outcome: Type.Enum(['indexed', 'unchanged', 'removed', 'empty']),
  collection: Type.String(),
  /** That readers see now; 0 when nothing was ever published. */
  version: Type.Integer(),
  /** Documents that were given. */
  documents: Type.Integer(),
  /** Of these: new or changed. */
  indexed: Type.Integer(),
  unchanged: Type.Integer(),
  /** Of these: without any text; what was indexed of them before stays. */
  empty: Type.Integer(),
  /** Documents that are no more in the collection. */
  removed: Type.Integer(),
  /** Chunks of the documents that were indexed. */
  chunks: Type.Integer(),
  /** Texts that were embedded. */
  embedded: Type.Integer(),
  /** Chunks that took an earlier vector, for their text was the same. */
  reused: Type.Integer(),
  /** Chunks that vanished. */
  retired: Type.Integer(),
  /** The whole collection was embedded anew, by another embedder or for other terms. */
  rebuilt: Type.Boolean(),
  embedder: Type.String(),
  model: Type.String(),
  /** False: the vectors know words, not meanings. */
  semantic: Type.Boolean(),
  dimensions: Type.Integer(),
  problems: Type.Array(Type.String()),
  seconds: Type.Number(),
})
export type IndexManifest = Infer<typeof IndexOutputSchema>
