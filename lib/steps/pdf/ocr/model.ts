import type { PageText, Paragraph } from '../text/model.ts'

/** A paragraph that was recognised, in points like any other. */
export interface OcrParagraph extends Paragraph {
  /** 0 to 1: how sure the recogniser is of its words. */
  confidence: number
}

/** The text of a page as OCR read it; its `kind` still says what the page is. It may hold errors. */
export interface OcrText extends PageText {
  source: 'ocr'
  /** 0 to 1, over all words. */
  confidence: number
  /** Words that were left out because they are no more than guesses: hatching and drawings look like letters. */
  illegible: number
  paragraphs: OcrParagraph[]
}

/** Whether a page's text was read by OCR. */
export function isOcr(text: PageText | OcrText): text is OcrText {
  return 'source' in text && text.source === 'ocr'
}

/** What reading the pages of a document may cost. Its time is what the document has left. */
export interface OcrLimits {
  /** For one page: drawing and recognising. */
  pageMs: number
  /** Of the process that recognises. */
  memoryMb: number
  /** Of one document; the others stay unread. */
  pages: number
}

/** A dense page of A4 takes 300 MB, and 10 s of a good core. */
export const usualOcrLimits: Readonly<OcrLimits> = { pageMs: 120_000, memoryMb: 640, pages: 500 }
