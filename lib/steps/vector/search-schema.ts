import { OllamaSchema } from '../../models/ollama-config.ts'
import { type Infer, Type } from '../../schema.ts'
import { FilterSchema } from './facets.ts'
import { CollectionName } from './index-schema.ts'

/** Config of the step `vector-search`. */
export const SearchConfigSchema = Type.Object(
  {
    collection: CollectionName,
    mode: Type.Enum(['hybrid', 'dense', 'lexical'], {
      default: 'hybrid',
      title: 'Search by',
      description: 'hybrid fuses both; dense: embeddings alone; lexical: words alone',
    }),
    limit: Type.Integer({
      default: 5,
      minimum: 1,
      maximum: 50,
      title: 'Hits',
      description: 'At most; fewer where they would not fit a message',
    }),
    filter: Type.Array(Type.String({ maxLength: 600 }), {
      default: [],
      maxItems: 50,
      title: 'Filter',
      description: 'Facets that hits must have, as name=value; the same name again: one of them',
    }),
    whenAway: Type.Enum(['lexical', 'fail'], {
      default: 'lexical',
      title: 'Without the model',
      description: 'lexical searches by words alone and says so; fail gives an error, for a retry node',
    }),
    contextCharacters: Type.Integer({
      default: 6_000,
      minimum: 0,
      maximum: 12_000,
      title: 'Context',
      description: 'Characters of the numbered text of the hits, for the prompt of a model; 0 for none',
    }),
    ollama: Type.Optional(OllamaSchema),
  },
  { additionalProperties: false },
)
export type SearchConfig = Infer<typeof SearchConfigSchema>

/** Input of the step. */
export const SearchInputSchema = Type.Object({
  question: Type.String({ minLength: 1, maxLength: 4_000 }),
  /** Besides the node's own; the same name here counts. */
  filter: Type.Optional(FilterSchema),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 50 })),
})
export type SearchInput = Infer<typeof SearchInputSchema>

const BoxSchema = Type.Object({
  left: Type.Number(),
  top: Type.Number(),
  right: Type.Number(),
  bottom: Type.Number(),
})

/** Where a hit stands, so that a person can look it up. */
export const CitationSchema = Type.Object(
  {
    document: Type.String(),
    title: Type.String(),
    /** From 1; where the document has pages. */
    page: Type.Optional(Type.Integer()),
    /** In points from the page's top left. */
    box: Type.Optional(BoxSchema),
    /** Where the document was fetched from; empty where it was not. */
    url: Type.String(),
    /** Of the document's bytes. */
    sha256: Type.String(),
    retrievedAt: Type.String(),
    /** Where the text is not the document's but a model's about it: what the model was asked for, such as `summarise`. */
    task: Type.Optional(Type.String()),
  },
  { title: 'Citation' },
)

export const HitSchema = Type.Object(
  {
    /** From 1, as in `context`. */
    number: Type.Integer(),
    text: Type.String(),
    headings: Type.Array(Type.String()),
    kind: Type.String(),
    /** Of the fusion: only comparable within this answer. */
    score: Type.Number(),
    /** Place in each half's list, from 1; left out where it is in none. */
    ranks: Type.Object({ dense: Type.Optional(Type.Integer()), lexical: Type.Optional(Type.Integer()) }),
    citation: CitationSchema,
    facets: Type.Record(Type.String(), Type.Unknown()),
  },
  { title: 'Hit' },
)
export type Hit = Infer<typeof HitSchema>

/** What the step sends on. */
export const SearchOutputSchema = Type.Object({
  question: Type.String(),
  collection: Type.String(),
  /** The version that all hits are of. */
  version: Type.Integer(),
  hits: Type.Array(HitSchema),
  /** The hits as numbered text with their citations, for a prompt. */
  context: Type.String(),
  /** Searched by words alone, although embeddings were asked for. */
  degraded: Type.Boolean(),
  /** Why. */
  reason: Type.Optional(Type.String()),
  mode: Type.Enum(['hybrid', 'dense', 'lexical']),
  embedder: Type.String(),
  /** False: the vectors know words, not meanings. */
  semantic: Type.Boolean(),
  /** Hits that were left out, for the message would have been too large. */
  cut: Type.Integer(),
  seconds: Type.Number(),
})
export type SearchResult = Infer<typeof SearchOutputSchema>
