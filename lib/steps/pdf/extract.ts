import { PipelineError, type SerialisedError } from '../../errors.ts'
import type { DocumentAnalysis, PageAnalysis, Wanted } from './analyse.ts'
import { type PageProblem, type PdfJob, type PdfLimits, type PdfSource, usualLimits } from './job.ts'
import { type OcrLimits, usualOcrLimits } from './ocr/model.ts'
import { isUnread } from './ocr/read-scans.ts'
import { readUnread } from './ocr/read-unread.ts'
import { type PdfPool, pdfPool } from './pool.ts'
import { markRepeats } from './text/furniture.ts'

/** What to extract. */
export interface ExtractOptions {
  password?: string
  /** Pages, from 1. */
  first?: number
  last?: number
  limits?: Partial<PdfLimits>
  /** Left out: the text alone. */
  wanted?: Partial<Wanted>
  /** Pages without text are read by OCR, after all others, in the time that the document has left. Left out: they are not. */
  ocr?: Partial<OcrLimits>
  signal?: AbortSignal
  /**
   * Takes each page as it comes; the next are made while it does, a few ahead. With `ocr` those without text come last. Without `onPage` the
   * pages are in the result, in order.
   */
  onPage?: (page: PageAnalysis) => Promise<void> | void
  pool?: PdfPool
}

/** What extracting came to. */
export interface PdfExtraction {
  /** Of the document. */
  pages: number
  tagged: boolean
  /** Pages that were read. */
  read: number
  /** All that was asked for is there. If not, `stop` or `problems` say why. */
  complete: boolean
  /** Pages that are damaged. */
  problems: PageProblem[]
  /** Why it ended before the last page. */
  stop: SerialisedError | undefined
  /** What all pages together give. Headers and footers are already marked in `result`. */
  document: DocumentAnalysis
  /** The pages, unless `onPage` has taken them. */
  result: PageAnalysis[]
}

/**
 * Extracts a document in a thread of its own. What was read before a limit is kept, `complete` is false then and `stop` says which. Throws a
 * {@link PipelineError} when nothing could be read: PDF_SOURCE, PDF_EMPTY, NOT_PDF, PDF_ENCRYPTED, PDF_PASSWORD, PDF_BROKEN, PDF_NO_PAGES,
 * PDF_TOO_LARGE, PDF_TIMEOUT, PDF_MEMORY, PDF_CRASHED, PDF_BUSY, STOPPED; with `ocr`, when no page has text: PDF_OCR_MISSING, CANVAS_MISSING.
 */
export async function extractPdf(source: PdfSource, options: ExtractOptions = {}): Promise<PdfExtraction> {
  const { signal = new AbortController().signal, pool = pdfPool, onPage } = options
  const job: PdfJob = {
    source,
    first: options.first ?? 1,
    last: options.last,
    limits: { ...usualLimits, ...options.limits },
    wanted: { tables: false, formulas: false, parameters: false, ...options.wanted },
    ...(options.password === undefined ? {} : { password: options.password }),
  }
  const extraction: PdfExtraction = {
    pages: 0,
    tagged: false,
    read: 0,
    complete: false,
    problems: [],
    stop: undefined,
    document: {
      repeats: [],
      tables: [],
      equipment: { kind: undefined, records: [], contradictions: [] },
      remarks: [],
    },
    result: [],
  }
  let failure: PipelineError | undefined
  let taking: unknown
  let opened = performance.now()
  const unread: PageAnalysis[] = []
  const hand = async (page: PageAnalysis): Promise<void> => {
    if (onPage === undefined) extraction.result.push(page)
    else await onPage(page)
    extraction.read += 1
  }
  try {
    await pool.run(
      job,
      async (message) => {
        if (message.type === 'opened') {
          opened = performance.now()
          extraction.pages = message.pages
          extraction.tagged = message.tagged
        } else if (message.type === 'page') {
          if (options.ocr !== undefined && isUnread(message.page.text)) unread.push(message.page)
          else
            try {
              await hand(message.page)
            } catch (error) {
              taking = error
              throw error
            }
        } else if (message.type === 'problem') extraction.problems.push(message.problem)
        else if (message.type === 'end') {
          const { stop, ...document } = message.summary
          extraction.document = document
          extraction.stop = stop
        } else failure = PipelineError.fromJSON(message.error)
      },
      signal,
    )
  } catch (error) {
    if (taking !== undefined) throw taking
    if (signal.aborted) throw stopped(signal)
    failure = PipelineError.from(error, 'PDF_CRASHED')
  }
  if (failure !== undefined) {
    if (extraction.read + unread.length === 0) throw failure
    extraction.stop = failure.toJSON()
  }
  if (unread.length > 0) {
    const { document } = extraction
    const ms = job.limits.ms - (performance.now() - opened)
    const alone = extraction.read === 0
    const limits = { ...usualOcrLimits, ...options.ocr }
    const ocr = { signal, ms, limits, alone, ...(options.password === undefined ? {} : { password: options.password }) }
    const { repeats, stop } = await readUnread(source, unread, ocr, hand).catch((error: unknown) => {
      throw signal.aborted ? stopped(signal) : error
    })
    // what was found among the few letters beside the pictures is no place in the recognised text
    const replaced = new Set(unread.map(({ text }) => text.number))
    document.repeats = [...document.repeats.filter(({ page }) => !replaced.has(page)), ...repeats]
    extraction.stop ??= stop?.toJSON()
    extraction.result.sort((one, other) => one.text.number - other.text.number)
  }
  if (extraction.stop === undefined && extraction.read === 0 && extraction.problems.length > 0) {
    throw new PipelineError('PDF_BROKEN', `No page can be read: ${extraction.problems[0]?.problem}`)
  }
  markRepeats(
    extraction.result.map(({ text }) => text),
    extraction.document.repeats,
  )
  extraction.complete = extraction.stop === undefined && extraction.problems.length === 0
  return extraction
}

const stopped = (signal: AbortSignal): PipelineError =>
  new PipelineError('STOPPED', 'The extraction was stopped', { retryable: true, cause: signal.reason })
