import { createHash, randomUUID } from 'node:crypto'
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { PipelineError } from '../../errors.ts'
import { reveal } from '../../secrets/reveal.ts'
import { putArtifact } from '../../stores/objects/artifacts.ts'
import { preparing } from '../../stores/postgres/prepare.ts'
import { languageOf } from '../language.ts'
import { defineStep, type StepContext } from '../step.ts'
import type { PageAnalysis } from './analyse.ts'
import { extractPdf } from './extract.ts'
import { pdfMigrations } from './migrations.ts'
import { isOcr } from './ocr/model.ts'
import { type StoredDocument, storeDocument } from './source.ts'
import { type PdfConfig, PdfConfigSchema, PdfInputSchema, type PdfManifest, PdfOutputSchema } from './step-schema.ts'
import { Unread } from './unread.ts'

/** Raised when the same file with the same settings gives another result: what was extracted before is then extracted anew. */
const extractionVersion = 2
/** Characters by which the language of a document is told. */
const sampleCharacters = 20_000

/**
 * Extracts text, tables, formulas and technical parameters of a document, in a thread of its own, within limits. The manifest has counts
 * and references; the extraction itself is JSON lines in the object store. Errors: docs/errors.md, "PDF".
 */
export const pdfExtract = defineStep({
  name: 'pdf-extract',
  version: 1,
  config: PdfConfigSchema,
  input: PdfInputSchema,
  output: PdfOutputSchema,
  async run(input, config, context) {
    await prepared(context.stores.postgres)
    const document = await storeDocument(input, config, context)
    const settings = settingsHash(config)
    if (config.again === 'skip') {
      const before = await lastExtraction(document, settings, context)
      if (before !== undefined) return before
    }
    const manifest = await extract(document, config, context)
    // a partial result may be whole the next time, with more patience
    if (manifest.outcome === 'extracted') await noteExtraction(document, settings, manifest, context)
    return manifest
  },
})

const prepared = preparing(pdfMigrations)

function settingsHash(config: PdfConfig): string {
  const { tables, formulas, parameters, ocr, perPage, maxPages, password, visionModel, ollama } = config
  const relevant = [
    extractionVersion,
    tables,
    formulas,
    parameters,
    ocr,
    perPage,
    maxPages,
    password !== '',
    ollama === undefined ? '' : visionModel,
  ]
  return createHash('sha256').update(JSON.stringify(relevant)).digest('hex')
}

async function lastExtraction(
  { source, name, file, retrievedAt }: StoredDocument,
  settings: string,
  { stores }: StepContext,
): Promise<PdfManifest | undefined> {
  const { rows } = await stores.postgres.query<{ manifest: PdfManifest }>(
    'select manifest from pipeline.document where sha256 = $1 and settings = $2',
    [file.sha256, settings],
  )
  const [row] = rows
  if (row === undefined || (await stores.objects.head(row.manifest.artifact.key)) === undefined) return undefined
  const { retrievedAt: _, ...manifest } = row.manifest
  return {
    ...manifest,
    outcome: 'unchanged',
    source,
    name,
    ...(retrievedAt === undefined ? {} : { retrievedAt }),
    file,
    seconds: 0,
  }
}

async function noteExtraction(
  { file }: StoredDocument,
  settings: string,
  manifest: PdfManifest,
  { stores, clock }: StepContext,
): Promise<void> {
  await stores.postgres.query(
    `insert into pipeline.document (sha256, settings, manifest, extracted_at) values ($1, $2, $3, $4)
     on conflict (sha256, settings) do update set manifest = excluded.manifest, extracted_at = excluded.extracted_at`,
    [file.sha256, settings, JSON.stringify(manifest), clock.now().toISOString()],
  )
}

async function extract(document: StoredDocument, config: PdfConfig, context: StepContext): Promise<PdfManifest> {
  const { stores, signal, clock } = context
  const started = clock.now().getTime()
  const password = await reveal(config.password, signal)
  const target = join(stores.scratch, `${randomUUID()}.part`)
  const out = await open(target, 'w')
  const line = async (value: object) => {
    await out.write(`${JSON.stringify(value)}\n`)
  }
  const counts = new Counts(config.ocr)
  const unread = new Unread()
  const pageItems: PdfManifest['pageItems'] = []
  try {
    await line({ type: 'document', source: document.source, name: document.name, sha256: document.file.sha256 })
    const result = await stores.objects.withFile(
      document.file.key,
      (path) =>
        extractPdf(
          { path },
          {
            signal,
            wanted: { tables: config.tables, formulas: config.formulas, parameters: config.parameters },
            ...(config.ocr ? { ocr: {} } : {}),
            ...(password === '' ? {} : { password }),
            limits: {
              ms: config.maxSeconds * 1_000,
              memoryMb: config.maxMemoryMb,
              pages: config.maxPages,
              fileBytes: config.maxBytes,
            },
            async onPage(page) {
              counts.add(page)
              unread.add(page.formulas)
              await line({ type: 'page', ...page })
              if (config.perPage) {
                const artifact = await putArtifact(stores.objects, Buffer.from(JSON.stringify(page)), {
                  contentType: 'application/json',
                  signal,
                })
                const { key, sha256, bytes } = artifact
                pageItems.push({ page: page.text.number, kind: page.text.kind, artifact: { key, sha256, bytes } })
              }
              context.progress({ phase: 'extract', done: counts.pages, unit: 'pages' })
            },
          },
        ),
      { signal },
    )
    const { document: whole } = result
    const seen = await unread.read(document.file.key, config, context)
    const end = { ...whole, vision: seen.formulas, problems: result.problems, stop: result.stop ?? null }
    await line({ type: 'end', ...end })
    await out.close()
    const artifact = await putArtifact(
      stores.objects,
      { file: target, move: true },
      { contentType: 'application/x-ndjson', signal },
    )
    return {
      outcome: result.complete && seen.problem === undefined ? 'extracted' : 'partial',
      source: document.source,
      name: document.name,
      ...(document.retrievedAt === undefined ? {} : { retrievedAt: document.retrievedAt }),
      file: document.file,
      artifact: { key: artifact.key, sha256: artifact.sha256, bytes: artifact.bytes },
      pages: result.pages,
      read: result.read,
      ...counts.figures(),
      // those that go on over pages are one
      tables: whole.tables.length,
      formulas: counts.formulas + seen.formulas.length,
      unread: counts.unread - seen.formulas.length,
      records: whole.equipment.records.length,
      problems: [
        ...(result.stop === undefined ? [] : [`${result.stop.code}: ${result.stop.message}`]),
        ...result.problems.slice(0, 20).map(({ number, problem }) => `page ${number}: ${problem}`),
        ...counts.remarks(),
        ...whole.remarks,
        ...(seen.problem === undefined ? [] : [seen.problem]),
        ...whole.equipment.records
          .filter(({ status }) => status === 'suspicious')
          .slice(0, 10)
          .map(({ model, condition, reasons }) => `${model}, ${condition}: ${reasons.join('; ')}`),
      ],
      pageItems: pageItems.toSorted((a, b) => a.page - b.page),
      seconds: (clock.now().getTime() - started) / 1000,
    }
  } catch (thrown) {
    const error = PipelineError.from(thrown, 'PDF_FAILED')
    throw new PipelineError(error.code, `${document.name}: ${error.message}`, {
      retryable: error.retryable,
      details: { ...error.details, file: document.file.key },
      cause: error,
    })
  } finally {
    await out.close().catch(() => undefined)
    await rm(target, { force: true })
  }
}

/** What the pages add up to. */
class Counts {
  pages = 0
  readonly #ocr: boolean
  readonly #kinds: Record<string, number> = {}
  readonly #unreadKinds: Record<string, number> = {}
  #ocrPages = 0
  #characters = 0
  /** The beginning of the text, by which its language is told. */
  #sample = ''
  #hidden = 0
  formulas = 0
  unread = 0
  readonly #doubts: string[] = []

  constructor(ocr: boolean) {
    this.#ocr = ocr
  }

  add({ text, hidden, formulas, doubts }: PageAnalysis): void {
    this.pages += 1
    this.#kinds[text.kind] = (this.#kinds[text.kind] ?? 0) + 1
    if (isOcr(text)) this.#ocrPages += 1
    else this.#unreadKinds[text.kind] = (this.#unreadKinds[text.kind] ?? 0) + 1
    for (const paragraph of text.paragraphs) {
      this.#characters += paragraph.text.length
      if (this.#sample.length < sampleCharacters) this.#sample += `${paragraph.text}\n`
    }
    this.#hidden += hidden
    this.formulas += formulas.formulas.length
    this.unread += formulas.unread.length
    for (const doubt of doubts) if (this.#doubts.length < 20) this.#doubts.push(`page ${text.number}: ${doubt}`)
  }

  figures() {
    return {
      kinds: this.#kinds,
      ocrPages: this.#ocrPages,
      characters: this.#characters,
      language: languageOf(this.#sample),
      hidden: this.#hidden,
    }
  }

  /** What a person should know of the document. */
  remarks(): string[] {
    const { scan = 0, 'no-text': outlined = 0 } = this.#unreadKinds
    const hint = this.#ocr ? 'OCR has not read them' : 'they can be read by OCR, which is off'
    return [
      ...(scan > 0 ? [`${scan} pages are pictures without text: ${hint}`] : []),
      ...(outlined > 0 ? [`the text of ${outlined} pages is drawn as curves: ${hint}`] : []),
      ...this.#doubts,
    ]
  }
}
