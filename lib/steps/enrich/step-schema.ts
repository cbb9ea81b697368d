import { OllamaSchema } from '../../models/ollama-config.ts'
import { type Infer, Type } from '../../schema.ts'

/** What a model can be asked to do with a document. */
export const taskNames = ['summarise', 'classify', 'extract', 'translate', 'describe', 'prompt'] as const
/** One of {@link taskNames}. */
export type TaskName = (typeof taskNames)[number]

/** Config of the step `ollama-enrich`. */
export const EnrichConfigSchema = Type.Object(
  {
    ollama: OllamaSchema,
    model: Type.String({
      default: '',
      maxLength: 200,
      title: 'Model',
      description: 'A model of the server, such as qwen3:8b',
    }),
    task: Type.Enum([...taskNames], {
      default: 'summarise',
      title: 'Task',
      description: 'What the model is asked for',
    }),
    words: Type.Integer({
      default: 150,
      minimum: 10,
      maximum: 2_000,
      title: 'Words',
      description: 'Of a summary or a description, about',
    }),
    language: Type.Enum(['same', 'pt', 'en'], {
      default: 'same',
      title: 'Language',
      description: 'Of the answer: that of the document, Portuguese or English',
    }),
    labels: Type.String({
      default: '',
      maxLength: 20_000,
      title: 'Classes',
      description: 'One a line, `name: when it applies`',
    }),
    several: Type.Boolean({
      default: false,
      title: 'Several classes',
      description: 'A document may belong to more than one class',
    }),
    schema: Type.String({
      default: '',
      maxLength: 60_000,
      title: 'Fields',
      description: 'JSON Schema of an object: what is looked for, with a description of each property',
    }),
    direction: Type.Enum(['pt-en', 'en-pt'], {
      default: 'pt-en',
      title: 'Direction',
      description: 'From which language into which',
    }),
    picture: Type.Enum(['image', 'formula'], {
      default: 'image',
      title: 'Picture',
      description: 'What the picture shows; a formula becomes LaTeX',
    }),
    prompt: Type.String({
      default: '',
      maxLength: 20_000,
      title: 'Prompt',
      description: 'What the model is told to do with the document; with fields it answers them, else a text',
    }),
    again: Type.Enum(['skip', 'always'], {
      default: 'skip',
      title: 'Same content again',
      description: 'skip takes the answer from before when content, settings and model are the same',
    }),
    whenAway: Type.Enum(['defer', 'fail'], {
      default: 'defer',
      title: 'Without the model',
      description: 'defer lets the message go on and enriches it later; fail gives an error, for a retry node',
    }),
    lookSeconds: Type.Integer({
      default: 60,
      minimum: 1,
      maximum: 86_400,
      title: 'Look for the model',
      description: 'While something waits, how often it is looked whether the model is back, in seconds',
    }),
    whenPartFails: Type.Enum(['reject', 'keep'], {
      default: 'reject',
      title: 'A part that fails',
      description: 'Of a long document: reject the whole answer, or keep the other parts and say which are missing',
    }),
    contextTokens: Type.Integer({
      default: 8_192,
      minimum: 2_048,
      maximum: 1_048_576,
      title: 'Context',
      description: 'Tokens that question and answer may have together; a longer document is read in parts',
    }),
    answerTokens: Type.Integer({
      default: 1_024,
      minimum: 64,
      maximum: 131_072,
      title: 'Longest answer',
      description: 'In tokens; a translation gets what its text needs',
    }),
    maxParts: Type.Integer({
      default: 200,
      minimum: 1,
      maximum: 10_000,
      title: 'Most parts',
      description: 'Of a document; a longer one is refused with ENRICH_TOO_LONG',
    }),
  },
  { additionalProperties: false },
)
export type EnrichConfig = Infer<typeof EnrichConfigSchema>

const Reference = Type.Object({ key: Type.String(), sha256: Type.String(), bytes: Type.Integer() })
/** Where something is in the object store. */
export type Reference = Infer<typeof Reference>

const Row = Type.Record(Type.String(), Type.Unknown())

/** Input of the step: one of a text, a stored file or extraction, rows. */
export const EnrichInputSchema = Type.Object({
  text: Type.Optional(Type.String()),
  /** Key or SHA-256 of a stored text, picture or extraction, or the reference that a manifest of `pdf-extract` has. */
  artifact: Type.Optional(Type.Union([Type.String(), Reference])),
  rows: Type.Optional(Type.Array(Row)),
  row: Type.Optional(Row),
  /** What a person asks; for the task `prompt`. */
  question: Type.Optional(Type.String({ maxLength: 4_000 })),
  source: Type.Optional(Type.String()),
  name: Type.Optional(Type.String()),
  /** When the document was fetched. */
  retrievedAt: Type.Optional(Type.String()),
  /** The document that the extraction was made of. */
  file: Type.Optional(Reference),
  /** How often this has waited for the model already. */
  waited: Type.Optional(Type.Integer({ minimum: 0 })),
})
export type EnrichInput = Infer<typeof EnrichInputSchema>

const BoxSchema = Type.Object({
  left: Type.Number(),
  top: Type.Number(),
  right: Type.Number(),
  bottom: Type.Number(),
})

/** A value and the words of the document that it rests on. */
export const GroundedFieldSchema = Type.Object({
  /** Where it is in the result: `valor`, `linhas[0].valor`. */
  path: Type.String(),
  value: Type.Unknown(),
  quote: Type.String(),
  page: Type.Optional(Type.Integer()),
  /** In points on the page. */
  box: Type.Optional(BoxSchema),
})
/** {@link GroundedFieldSchema} as a type. */
export type GroundedField = Infer<typeof GroundedFieldSchema>

/** Why an answered field is not in the result. */
export const droppedReasons = [
  'no-quote',
  'quote-not-found',
  'quote-instructs',
  'value-not-in-quote',
  'conflict',
  'unknown-field',
] as const
/** A field that was answered and is not in the result. */
export const DroppedSchema = Type.Object({
  path: Type.String(),
  reason: Type.Enum([...droppedReasons]),
  /** Of a conflict only, for it rests on a quote: what else a model said must not come out by the back door. */
  value: Type.Optional(Type.Unknown()),
})
/** {@link DroppedSchema} as a type. */
export type Dropped = Infer<typeof DroppedSchema>

/** The manifest that the step sends on. */
export const EnrichOutputSchema = Type.Object({
  /** `rejected`: no answer held, the text stands untouched. `deferred`: no model; it comes later. */
  outcome: Type.Enum(['enriched', 'rejected', 'deferred']),
  enriched: Type.Boolean(),
  /** Why not. */
  reason: Type.Optional(Type.String()),
  /** Deferred: noted, and enriched when the server is back. */
  waits: Type.Boolean(),
  task: Type.Enum([...taskNames]),
  model: Type.String(),
  digest: Type.Optional(Type.String()),
  /** The server was away: the digest is the one it had last. */
  digestRemembered: Type.Boolean(),
  /** No answer had to be asked for. */
  cached: Type.Boolean(),
  /** A text, or an object of fields or classes; the untouched text where no answer held. Not here when it is large. */
  result: Type.Optional(Type.Unknown()),
  /** JSON with `result`, `fields` and `dropped`, when they are large. */
  artifact: Type.Optional(Reference),
  /** Of a result that is text. */
  language: Type.Enum(['pt', 'en']),
  fields: Type.Array(GroundedFieldSchema),
  /** Fields that the schema wants and no quote gave. */
  missing: Type.Array(Type.String()),
  dropped: Type.Array(DroppedSchema),
  droppedCount: Type.Integer(),
  /** What was wrong with the answers that were not taken. */
  rejected: Type.Array(Type.String()),
  /** What else a person should know. */
  problems: Type.Array(Type.String()),
  /** Characters taken out because no reader sees them. */
  hidden: Type.Integer(),
  /** Spans of the document that speak to a model; nothing may rest on them. */
  instructions: Type.Integer(),
  parts: Type.Integer(),
  questionTokens: Type.Integer(),
  answerTokens: Type.Integer(),
  /** What came in, stored: the text, the picture or the extraction. */
  content: Reference,
  source: Type.String(),
  name: Type.String(),
  retrievedAt: Type.Optional(Type.String()),
  file: Type.Optional(Reference),
  /** Rows that came in, while they are few. */
  rows: Type.Optional(Type.Array(Row)),
  seconds: Type.Number(),
})
export type EnrichManifest = Infer<typeof EnrichOutputSchema>
