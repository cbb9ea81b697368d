import { PipelineError } from '../../errors.ts'
import { parser, Type } from '../../schema.ts'
import { type KnownDocument, listDocuments, readDocument } from '../../steps/pdf/catalogue.ts'
import { PdfOutputSchema } from '../../steps/pdf/step-schema.ts'
import { getArtifact } from '../../stores/objects/artifacts.ts'
import { type ApiContext, defineRoute, NoJson, None } from '../route.ts'

const { outcome, source, name, pages, read, ocrPages, language, tables, formulas, unread, records, problems } =
  PdfOutputSchema.properties
const DocumentSchema = Type.Object(
  {
    id: Type.String({ description: 'SHA-256 of its bytes' }),
    ...{ name, source, language, pages, tables, formulas, records },
    bytes: Type.Integer(),
    extractedAt: Type.String(),
    retrievedAt: Type.Union([Type.String(), Type.Null()]),
    indexed: Type.Array(Type.Object({ collection: Type.String(), document: Type.String(), title: Type.String() }), {
      description: 'Where it can be searched',
    }),
  },
  { title: 'Document' },
)
const Id = Type.Object({ id: Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256 of the document' }) })

const positions = parser(
  Type.Tuple([Type.String({ format: 'date-time' }), Type.String({ pattern: '^[0-9a-f]{64}$' })]),
  'The parameter after',
  'QUERY_AFTER',
)

const list = defineRoute({
  method: 'GET',
  path: '/documents',
  id: 'listDocuments',
  scope: 'documents',
  summary: 'Documents that were read',
  description: 'Those read last first.',
  params: None,
  query: Type.Object(
    {
      q: Type.Optional(
        Type.String({ minLength: 1, maxLength: 200, description: 'Part of the name or of the address' }),
      ),
      language: Type.Optional(language),
      limit: Type.Integer({ default: 100, minimum: 1, maximum: 1_000 }),
      after: Type.Optional(Type.String({ maxLength: 400, description: '`next` of the page before' })),
    },
    { additionalProperties: false },
  ),
  answer: Type.Object({ documents: Type.Array(DocumentSchema), next: Type.Union([Type.String(), Type.Null()]) }),
  async handle({ query }, { stores }) {
    const after = query.after === undefined ? undefined : positionOf(query.after)
    const found = await listDocuments(stores.postgres, {
      ...(query.q === undefined ? {} : { text: query.q }),
      ...(query.language === undefined ? {} : { language: query.language }),
      ...(after === undefined ? {} : { after }),
      limit: query.limit + 1,
    })
    const shown = found.slice(0, query.limit)
    const last = found.length > query.limit ? shown.at(-1) : undefined
    return { json: { documents: shown.map(headOf), next: last === undefined ? null : tokenOf(last) } }
  },
})

const one = defineRoute({
  method: 'GET',
  path: '/documents/{id}',
  id: 'getDocument',
  scope: 'documents',
  summary: 'What was read of a document',
  params: Id,
  query: None,
  answer: Type.Object({
    ...DocumentSchema.properties,
    ...{ outcome, read, ocrPages, unread, problems },
    kinds: PdfOutputSchema.properties.kinds,
  }),
  async handle({ params }, context) {
    const document = await known(params.id, context)
    const { manifest } = document
    return {
      json: {
        ...headOf(document),
        ...{ outcome: manifest.outcome, read: manifest.read, ocrPages: manifest.ocrPages, unread: manifest.unread },
        ...{ problems: manifest.problems, kinds: manifest.kinds },
      },
      modified: new Date(document.extractedAt),
    }
  },
})

const extraction = defineRoute({
  method: 'GET',
  path: '/documents/{id}/extraction',
  id: 'getExtraction',
  scope: 'documents',
  summary: 'Text, tables, formulas and parameters of a document, page by page',
  description:
    'JSON lines: the first one of the document, one for each page, the last one of what goes over pages. Places are in points from the page’s top left.',
  params: Id,
  query: None,
  answer: NoJson,
  formats: ['application/x-ndjson'],
  async handle({ params, raw }, context) {
    const { manifest } = await known(params.id, context)
    return stored(manifest.artifact.sha256, 'application/x-ndjson', context, raw.signal)
  },
})

const file = defineRoute({
  method: 'GET',
  path: '/documents/{id}/file',
  id: 'getDocumentFile',
  scope: 'documents',
  summary: 'The document itself, as it was fetched',
  params: Id,
  query: None,
  answer: NoJson,
  formats: ['application/pdf'],
  async handle({ params, raw }, context) {
    const { manifest } = await known(params.id, context)
    const response = await stored(manifest.file.sha256, 'application/pdf', context, raw.signal)
    // a browser must not run what a stranger's PDF holds in our origin
    return {
      ...response,
      headers: { ...response.headers, 'content-disposition': 'attachment; filename="document.pdf"' },
    }
  },
})

/** Documents: PDFs that were read. */
export const documentRoutes = [list, one, extraction, file]

async function known(id: string, { stores }: ApiContext): Promise<KnownDocument> {
  const document = await readDocument(stores.postgres, id)
  if (document === undefined) throw new PipelineError('API_NOT_FOUND', `No document ${id} was read here`)
  return document
}

async function stored(sha256: string, type: string, { stores }: ApiContext, signal: AbortSignal) {
  const { body, info } = await getArtifact(stores.objects, sha256, { signal })
  return {
    status: 200,
    // bytes of one address never change
    headers: {
      'content-type': type,
      'content-length': String(info.bytes),
      etag: `"${sha256}"`,
      'x-content-type-options': 'nosniff',
    },
    body,
  }
}

function headOf({ sha256, extractedAt, manifest, indexed }: KnownDocument) {
  const { name, source, language, pages, tables, formulas, records, file, retrievedAt } = manifest
  return {
    id: sha256,
    ...{ name, source, language, pages, tables, formulas, records, indexed, extractedAt },
    bytes: file.bytes,
    retrievedAt: retrievedAt ?? null,
  }
}

function tokenOf({ extractedAt, sha256 }: KnownDocument): string {
  return Buffer.from(JSON.stringify([extractedAt, sha256])).toString('base64url')
}

function positionOf(token: string) {
  const [extractedAt, sha256] = positions.parse(jsonOf(token))
  return { extractedAt, sha256 }
}

function jsonOf(token: string): unknown {
  try {
    return JSON.parse(Buffer.from(token, 'base64url').toString('utf8'))
  } catch {
    return undefined
  }
}
