import { readFile } from 'node:fs/promises'
import { PipelineError } from '../../../errors.ts'
import { endAfter } from '../../../stopped.ts'
import { cropRegions } from '../formulas/crop.ts'
import type { PdfSource } from '../job.ts'
import type { PageText } from '../text/model.ts'
import type { OcrLimits, OcrText } from './model.ts'
import { OcrProcess } from './process.ts'
import { stripsOf } from './strips.ts'
import { inTurn } from './turn.ts'

/** What recognition errs least at. */
const dpi = 300

/** How pages are read by OCR. */
export interface OcrOptions {
  signal: AbortSignal
  /** For all pages together, from when their turn comes. */
  ms: number
  limits: OcrLimits
  password?: string
}

/** What came of a page: its text, or why it stays unread, in words. */
export type OcrResult = { text: OcrText } | { problem: string }

/** Whether a page has something to read and no text. */
export function isUnread({ kind }: PageText): boolean {
  return kind === 'scan' || kind === 'no-text'
}

/**
 * Reads pages without text by OCR in Portuguese, in a process of its own that ends afterwards. Each result is handed to `take`; documents are
 * read one after the other. Throws {@link PipelineError}: PDF_OCR_MISSING, CANVAS_MISSING, PDF_SOURCE, PDF_TOO_MANY_PAGES and PDF_TIMEOUT (the
 * pages before are taken), PDF_BUSY; what `take` throws, and what the signal was aborted with. A page that cannot be read is a problem.
 */
export async function readScans(
  source: PdfSource,
  pages: readonly PageText[],
  options: OcrOptions,
  take: (page: PageText, result: OcrResult) => Promise<void>,
): Promise<void> {
  installed()
  const { signal, limits } = options
  await inTurn(async () => {
    const deadline = endAfter(Math.max(0, Math.ceil(options.ms)))
    const bytes = await bytesOf(source)
    const process = new OcrProcess({ memoryMb: limits.memoryMb, dpi })
    try {
      for (const page of pages.slice(0, limits.pages)) {
        const end = endAfter(limits.pageMs, signal, deadline)
        const result = await readPage(process, bytes, page, options.password, end).catch(
          (error: unknown): OcrResult => {
            signal.throwIfAborted()
            if (deadline.aborted) throw late(page, options.ms)
            if (error instanceof PipelineError && error.code === 'CANVAS_MISSING') throw error
            if (end.aborted) return { problem: `takes longer than ${limits.pageMs / 1_000} s` }
            return { problem: error instanceof Error ? error.message : String(error) }
          },
        )
        await take(page, result)
      }
    } finally {
      process.stop()
    }
  }, signal)
  if (pages.length > limits.pages) {
    throw new PipelineError('PDF_TOO_MANY_PAGES', `${pages.length} pages need OCR; ${limits.pages} may be read`)
  }
}

const late = ({ number }: PageText, ms: number) =>
  new PipelineError('PDF_TIMEOUT', `OCR had ${Math.round(ms / 1_000)} s left; page ${number} was not done then`)

async function readPage(
  process: OcrProcess,
  bytes: Uint8Array,
  page: PageText,
  password: string | undefined,
  signal: AbortSignal,
): Promise<OcrResult> {
  const { scale, parts } = stripsOf(page.width, page.height, dpi)
  const drawn = await cropRegions(
    bytes,
    parts.map(({ box }) => ({ page: page.number, box })),
    { dpi: scale * 72, signal, ...(password === undefined ? {} : { password }) },
  )
  const strips = parts.flatMap(({ top }, at) => {
    const png = drawn[at]
    return png === undefined ? [] : [{ png, top }]
  })
  if (strips.length < parts.length) return { problem: 'the page could not be drawn' }
  const text = await process.recognise({ page, scale, strips }, signal)
  return text === undefined ? { problem: 'nothing legible was found' } : { text }
}

/** The packages are asked for before anything is drawn. */
function installed(): void {
  try {
    import.meta.resolve('tesseract.js')
    import.meta.resolve('@tesseract.js-data/por/package.json')
  } catch (cause) {
    throw new PipelineError(
      'PDF_OCR_MISSING',
      'OCR needs two optional packages: npm install tesseract.js@7 @tesseract.js-data/por@1',
      { cause },
    )
  }
}

async function bytesOf(source: PdfSource): Promise<Uint8Array> {
  if ('bytes' in source) return source.bytes
  return new Uint8Array(
    await readFile(source.path).catch((cause: unknown) => {
      throw new PipelineError('PDF_SOURCE', 'The file cannot be read for OCR', { cause })
    }),
  )
}
