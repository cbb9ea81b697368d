import { OllamaSchema } from '../../models/ollama-config.ts'
import { type Infer, Type } from '../../schema.ts'

/** Config of the step `pdf-extract`. */
export const PdfConfigSchema = Type.Object(
  {
    tables: Type.Boolean({ default: true, title: 'Tables', description: 'Tables as rows and cells with their boxes' }),
    formulas: Type.Boolean({ default: true, title: 'Formulas', description: 'Formulas as LaTeX' }),
    parameters: Type.Boolean({
      default: true,
      title: 'Technical parameters',
      description: 'Records of PV modules and inverters, one for each power class and condition',
    }),
    ocr: Type.Boolean({
      default: false,
      title: 'OCR',
      description:
        'Reads pages that are pictures, or whose text is drawn as curves; needs optional packages, and seconds a page',
    }),
    again: Type.Enum(['skip', 'always'], {
      default: 'skip',
      title: 'Same file again',
      description: 'skip answers from the last extraction when content and settings are the same',
    }),
    perPage: Type.Boolean({
      default: false,
      title: 'A message for each page',
      description: 'Also sends each page on, with its text, tables and formulas',
    }),
    folder: Type.String({
      default: '',
      maxLength: 1_000,
      title: 'Folder',
      description:
        'Files may be read from this folder (`payload.path`); blank allows none. In Node-RED relative to its user folder',
    }),
    contact: Type.String({
      default: '',
      maxLength: 200,
      title: 'Contact',
      description: 'E-mail or page that the User-Agent names when a file is fetched',
    }),
    maxBytes: Type.Integer({
      default: 100_000_000,
      minimum: 1_000,
      maximum: 1_000_000_000,
      title: 'Largest file',
      description: 'In bytes; a larger one is refused',
    }),
    maxPages: Type.Integer({
      default: 2_000,
      minimum: 1,
      maximum: 100_000,
      title: 'Most pages',
      description: 'What comes after them is left out, and the result is said to be partial',
    }),
    maxSeconds: Type.Integer({
      default: 300,
      minimum: 1,
      maximum: 86_400,
      title: 'Longest time',
      description: 'For one document, in seconds; what was read until then is kept, and said to be partial',
    }),
    maxMemoryMb: Type.Integer({
      default: 448,
      minimum: 64,
      maximum: 8_192,
      title: 'Most memory',
      description: 'Of the thread that reads, in MB',
    }),
    tries: Type.Integer({
      default: 3,
      minimum: 1,
      maximum: 20,
      description: 'Tries when a file is fetched, with backoff and jitter',
    }),
    backoffMs: Type.Integer({
      default: 2_000,
      minimum: 1,
      maximum: 600_000,
      description: 'Wait before the second try, in milliseconds; it doubles with each',
    }),
    paceMs: Type.Integer({
      default: 1_000,
      minimum: 0,
      maximum: 600_000,
      description: 'Least time between two requests to the same host, in milliseconds',
    }),
    /** The server of the vision model. */
    ollama: Type.Optional(OllamaSchema),
    visionModel: Type.String({
      default: '',
      maxLength: 200,
      title: 'Vision model',
      description:
        'A model of the Ollama server that reads formulas that are pictures, such as qwen2.5vl:7b; blank leaves them unread',
    }),
    password: Type.String({ default: '', title: 'Password', description: 'Of encrypted documents' }),
  },
  { additionalProperties: false },
)
export type PdfConfig = Infer<typeof PdfConfigSchema>

/** Input of the step: one of a stored file, a file of the allowed folder, an address. */
export const PdfInputSchema = Type.Object({
  /** Key or SHA-256 of a stored file. */
  artifact: Type.Optional(Type.String()),
  /** A file in the allowed folder. */
  path: Type.Optional(Type.String()),
  url: Type.Optional(Type.String()),
  /** Of a stored file: where it came from, such as `s3://bucket/key`. A later version from there takes its place in an index. */
  source: Type.Optional(Type.String({ maxLength: 2_000 })),
  /** What the document is called, for messages. */
  text: Type.Optional(Type.String()),
})

const Reference = Type.Object({ key: Type.String(), sha256: Type.String(), bytes: Type.Integer() })

/** One page, where a message for each is asked for. */
export const PdfPageSchema = Type.Object({
  page: Type.Integer(),
  kind: Type.String(),
  artifact: Reference,
})

/** The manifest that the step sends on. */
export const PdfOutputSchema = Type.Object({
  outcome: Type.Enum(['extracted', 'unchanged', 'partial']),
  /** Where the document came from. */
  source: Type.String(),
  name: Type.String(),
  /** When it was fetched, or found to be the same; of a document that has an address. */
  retrievedAt: Type.Optional(Type.String()),
  /** The document itself, stored. */
  file: Reference,
  /** The extraction: JSON lines, the first one of the document, then one for each page (those read by OCR after the others), the last one of what goes over pages. */
  artifact: Reference,
  pages: Type.Integer(),
  /** Pages that were read. */
  read: Type.Integer(),
  /** How many pages of which kind: text, scan, layer, no-text, empty. */
  kinds: Type.Record(Type.String(), Type.Integer()),
  /** Pages that were read by OCR; their kind stays what it is. */
  ocrPages: Type.Integer(),
  characters: Type.Integer(),
  /** By its small words; Portuguese when nothing tells. */
  language: Type.Enum(['pt', 'en']),
  /** Characters that the file has and no reader sees. */
  hidden: Type.Integer(),
  tables: Type.Integer(),
  formulas: Type.Integer(),
  /** Formulas that are pictures, or could not be read. */
  unread: Type.Integer(),
  /** Records of modules and inverters. */
  records: Type.Integer(),
  /** What is wrong or doubtful: damaged pages, a limit that was reached, pages without text. */
  problems: Type.Array(Type.String()),
  pageItems: Type.Array(PdfPageSchema),
  seconds: Type.Number(),
})
export type PdfManifest = Infer<typeof PdfOutputSchema>
