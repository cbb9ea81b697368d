import { problemOf } from './check.ts'
import { cropRegions } from './crop.ts'
import type { Formula, PageFormulas, UnreadFormula } from './model.ts'
import type { FormulaReader } from './vision.ts'

/** What a model read is never as sure as what the file says. */
const confidence = 0.6
/** Formulas of one document that a model is asked for, unless said otherwise. */
const mostAsked = 50

/** How unread formulas are read with a model. */
export interface PictureOptions {
  reader: FormulaReader
  signal: AbortSignal
  password?: string
  /** Formulas that the model is asked for; the rest stays unread. */
  most?: number
  /** For drawing all pictures. */
  drawTimeoutMs?: number
}

/**
 * Reads with a vision model what could not be read from the page: each one is drawn and shown to the model, one after the other. What the
 * model does not see, or writes as LaTeX that does not parse, stays unread. Throws what {@link cropRegions} and the reader throw.
 */
export async function readPictures(
  bytes: Uint8Array,
  unread: readonly UnreadFormula[],
  options: PictureOptions,
): Promise<PageFormulas> {
  const { reader, signal, password, most = mostAsked, drawTimeoutMs } = options
  const asked = unread.slice(0, most)
  const pictures = await cropRegions(bytes, asked, {
    signal,
    ...(password === undefined ? {} : { password }),
    ...(drawTimeoutMs === undefined ? {} : { timeoutMs: drawTimeoutMs }),
  })
  const formulas: Formula[] = []
  const left: UnreadFormula[] = []
  for (const [at, one] of asked.entries()) {
    const png = pictures[at]
    const latex = png === undefined ? undefined : await reader.readFormula(png, signal)
    if (latex === undefined || (await problemOf(latex)) !== undefined) {
      left.push(one)
      continue
    }
    const { page, box, number, where } = one
    formulas.push({ page, box, latex, number, where, confidence, source: 'vision' })
  }
  return { formulas, unread: [...left, ...unread.slice(most)] }
}
