/**
 * A page as a reader sees it, in one measure: points (1/72 inch), origin at the top left of the page as it is shown (its rotation undone),
 * y growing downwards. Only what is drawn is here: text under other things, outside the clip or the page, in no colour, or in layers
 * that are off, is not.
 */
export interface PdfPage {
  /** From 1. */
  number: number
  width: number
  height: number
  glyphs: Glyph[]
  /** The rest of texts whose other part is drawn, cut off by the edge of a table's cell: in tagged documents, by their marks. */
  cut: Glyph[]
  rules: Rule[]
  images: Box[]
  /** Regions filled with a colour other than the page's: bands of tables, backgrounds of headings. */
  fills: Fill[]
  /** The document's own structure, when it is tagged. */
  structure: StructureNode | undefined
  /** Curved outlines that are filled; many of them and few glyphs mean text as outlines. */
  outlines: number
  /**
   * `drawn`: the glyphs are on the page. `layer`: the page is a picture, and the glyphs are the text that somebody's OCR laid invisibly
   * over or under it: it may hold errors.
   */
  source: 'drawn' | 'layer'
  /** Characters that the file has on this page and that nobody sees. */
  hidden: number
  /** So much is drawn on it that the rest was left out. */
  truncated: boolean
}

/** Edges of a box. */
export interface Box {
  left: number
  top: number
  right: number
  bottom: number
}

/** One drawn character. */
export interface Glyph extends Box {
  /** What it reads as; ligatures are split, and may then be several characters. */
  text: string
  /** Where it stands: the baseline's y at its beginning. */
  baseline: number
  /** Height of the font as drawn. */
  size: number
  /** Degrees clockwise from reading upright: 0, 90, 180, 270, or between for slanted text. */
  angle: number
  /** Name of the font, without the subset's prefix. */
  font: string
  bold: boolean
  italic: boolean
  /** #rrggbb. */
  colour: string
  /**
   * Marked content that it belongs to, as the structure names it; `artifact` for what the document itself says is not its content
   * (headers, page numbers); undefined outside any.
   */
  mark: string | undefined
  /** The file has a space right before it. Spaces are not glyphs; a wide gap may be the only sign of one. */
  spaced: boolean
  /** The font says nothing of what it reads as: `text` is a guess. */
  guessed: boolean
}

/** A straight line, or a filled box so thin that it is one. */
export interface Rule extends Box {
  direction: 'horizontal' | 'vertical'
}

/** A filled region. */
export interface Fill extends Box {
  colour: string
}

/** An element of a tagged document. */
export interface StructureNode {
  /** Standard role: Table, TR, TH, TD, P, H1, L, Figure, Formula, Span, … */
  role: string
  children: StructureNode[]
  /** Marked contents that it holds itself. */
  marks: string[]
  /** Alternative text. */
  alt?: string
  bbox?: Box
  colSpan?: number
  rowSpan?: number
}
