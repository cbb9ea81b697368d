import type { Box, Glyph } from '../read/model.ts'

/** Glyphs in a row without a wide gap, upright in their own frame. */
export interface Segment {
  /** On the page. */
  box: Box
  /** In the frame of its own direction: `left` to `right` along the text. */
  frame: Box
  baseline: number
  size: number
  angle: number
  bold: boolean
  glyphs: Glyph[]
  words: Word[]
  /** Words with single spaces. Raised small digits are superscripts (m², 580¹). */
  text: string
}

/** A word and where it is. */
export interface Word {
  text: string
  box: Box
  size: number
  bold: boolean
  glyphs: Glyph[]
}

/** What a paragraph is to its page. */
export type Role =
  /** Running text. */
  | 'text'
  | 'heading'
  /** Segments side by side that are no columns of text: a row of a table, or labels and values. Tabs stand between them. */
  | 'row'
  /** Repeated at the top or bottom of pages. */
  | 'header'
  | 'footer'
  /** Bands of digital signatures, QR codes' captions, notes up the margin. */
  | 'furniture'

/** A paragraph in reading order. */
export interface Paragraph {
  text: string
  role: Role
  box: Box
  size: number
  bold: boolean
  /** Degrees clockwise. */
  angle: number
  /** Lines that it was drawn in. */
  lines: number
  /** Some of its characters are guesses: their font does not say what they read as. */
  guessed: boolean
}

/** What a page offers to a reader of text. */
export type PageKind =
  | 'text'
  /** A picture of a page, without text. */
  | 'scan'
  /** A picture of a page with the invisible text of somebody's OCR. */
  | 'layer'
  /** Its text is drawn as curves. */
  | 'no-text'
  | 'empty'

/** The text of a page. */
export interface PageText {
  number: number
  width: number
  height: number
  kind: PageKind
  /** There is text, but so many curves beside it that part of the text may be curves: values without names. */
  outlined: boolean
  /** The order is the document's own structure. */
  tagged: boolean
  paragraphs: Paragraph[]
}
