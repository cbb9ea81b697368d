import { PipelineError } from '../../../errors.ts'
import type { PageAnalysis } from '../analyse.ts'
import type { PdfSource } from '../job.ts'
import { Repeats } from '../text/furniture.ts'
import { type OcrOptions, readScans } from './read-scans.ts'

/** What reading the pages without text came to. */
export interface UnreadResult {
  /** Headers and footers among them. */
  repeats: ReturnType<Repeats['found']>
  /** Why not all were tried. */
  stop: PipelineError | undefined
}

/** Below this a page's text should be looked at by a person. */
const unsure = 0.75

/**
 * Reads by OCR the pages of an extraction that have no text, and hands on all of them: with their text, or as they were with a doubt that says
 * why. Throws what {@link readScans} throws when not a single page was tried and the document has no other (`alone`); what `hand` throws; what
 * the signal was aborted with.
 */
export async function readUnread(
  source: PdfSource,
  pages: readonly PageAnalysis[],
  options: OcrOptions & { alone: boolean },
  hand: (page: PageAnalysis) => Promise<void>,
): Promise<UnreadResult> {
  const left = [...pages]
  const repeats = new Repeats()
  let handing: unknown
  let stop: PipelineError | undefined
  try {
    await readScans(
      source,
      pages.map(({ text }) => text),
      options,
      async (_, result) => {
        const page = left.shift()
        if (page === undefined) return
        const read = 'text' in result ? { ...page, text: result.text } : page
        if ('text' in result) {
          repeats.add(result.text)
          if (result.text.confidence < unsure) {
            read.doubts.push(`OCR is unsure of its text (${Math.round(100 * result.text.confidence)} %)`)
          }
        } else page.doubts.push(`OCR: ${result.problem}`)
        try {
          await hand(read)
        } catch (error) {
          handing = error
          throw error
        }
      },
    )
  } catch (error) {
    options.signal.throwIfAborted()
    if (handing !== undefined || (options.alone && left.length === pages.length)) throw error
    stop = PipelineError.from(error, 'PDF_OCR_FAILED')
  }
  for (const page of left) await hand(page)
  return { repeats: repeats.found(), stop }
}
