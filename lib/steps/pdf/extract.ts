import { PipelineError, type SerialisedError } from '../../errors.ts'
import type { PageAnalysis } from './analyse.ts'
import { type JobSummary, type PageProblem, type PdfJob, type PdfLimits, type PdfSource, usualLimits } from './job.ts'
import { type PdfPool, pdfPool } from './pool.ts'
import { markRepeats } from './text/furniture.ts'

/** What to extract. */
export interface ExtractOptions {
  password?: string
  /** Pages, from 1. */
  first?: number
  last?: number
  limits?: Partial<PdfLimits>
  signal?: AbortSignal
  /** Takes each page as it comes; the next are made while it does, a few ahead. Without it the pages are in the result. */
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
  /** Headers and footers among the paragraphs of the pages, known only in the end. Already marked in `result`. */
  repeats: JobSummary['repeats']
  /** The pages, unless `onPage` has taken them. */
  result: PageAnalysis[]
}

/**
 * Extracts a document in a thread of its own. What was read before a limit is kept, `complete` is false then and `stop` says which. Throws a
 * {@link PipelineError} when nothing could be read: PDF_SOURCE, PDF_EMPTY, NOT_PDF, PDF_ENCRYPTED, PDF_PASSWORD, PDF_BROKEN, PDF_NO_PAGES,
 * PDF_TOO_LARGE, PDF_TIMEOUT, PDF_MEMORY, PDF_CRASHED, PDF_BUSY, STOPPED.
 */
export async function extractPdf(source: PdfSource, options: ExtractOptions = {}): Promise<PdfExtraction> {
  const { signal = new AbortController().signal, pool = pdfPool, onPage } = options
  const job: PdfJob = {
    source,
    first: options.first ?? 1,
    last: options.last,
    limits: { ...usualLimits, ...options.limits },
    ...(options.password === undefined ? {} : { password: options.password }),
  }
  const extraction: PdfExtraction = {
    pages: 0,
    tagged: false,
    read: 0,
    complete: false,
    problems: [],
    stop: undefined,
    repeats: [],
    result: [],
  }
  let failure: PipelineError | undefined
  let taking: unknown
  try {
    await pool.run(
      job,
      async (message) => {
        if (message.type === 'opened') {
          extraction.pages = message.pages
          extraction.tagged = message.tagged
        } else if (message.type === 'page') {
          if (onPage === undefined) extraction.result.push(message.page)
          else
            try {
              await onPage(message.page)
            } catch (error) {
              taking = error
              throw error
            }
          extraction.read += 1
        } else if (message.type === 'problem') extraction.problems.push(message.problem)
        else if (message.type === 'end') {
          extraction.repeats = message.summary.repeats
          extraction.stop = message.summary.stop
        } else failure = PipelineError.fromJSON(message.error)
      },
      signal,
    )
  } catch (error) {
    if (taking !== undefined) throw taking
    if (signal.aborted) {
      throw new PipelineError('STOPPED', 'The extraction was stopped', { retryable: true, cause: signal.reason })
    }
    failure = PipelineError.from(error, 'PDF_CRASHED')
  }
  if (failure !== undefined) {
    if (extraction.read === 0) throw failure
    extraction.stop = failure.toJSON()
  }
  if (extraction.stop === undefined && extraction.read === 0 && extraction.problems.length > 0) {
    throw new PipelineError('PDF_BROKEN', `No page can be read: ${extraction.problems[0]?.problem}`)
  }
  markRepeats(
    extraction.result.map(({ text }) => text),
    extraction.repeats,
  )
  extraction.complete = extraction.stop === undefined && extraction.problems.length === 0
  return extraction
}
