import type { PDFDocument } from 'pdf-lib'
import {
  beginText,
  concatTransformationMatrix,
  endText,
  type PDFFont,
  type PDFPage,
  popGraphicsState,
  pushGraphicsState,
  rgb,
  StandardFonts,
  setFillingColor,
  setFontAndSize,
  setTextMatrix,
  showText,
} from 'pdf-lib'
import { fontFile, type Layout, type Mark } from './layout.ts'

/** How formulas are drawn: with TeX's fonts, or as old equation objects: Times, pieces of Symbol, roots as strokes. */
export type Style = 'tex' | 'pieces'

/** Fonts of one document, embedded when first used. */
export class Fonts {
  readonly #document: PDFDocument
  readonly #fonts = new Map<string, Promise<PDFFont>>()

  constructor(document: PDFDocument) {
    this.#document = document
  }

  get(name: string): Promise<PDFFont> {
    let font = this.#fonts.get(name)
    if (font === undefined) {
      font =
        name.includes('-Regular') || /^(Main|Math|AMS|Size)/.test(name)
          ? this.#document.embedFont(fontFile(name), { subset: true })
          : this.#document.embedFont(name)
      this.#fonts.set(name, font)
    }
    return font
  }
}

/** What Symbol and Times have no character for is drawn with TeX's fonts only. */
export const drawable = (latex: string, style: Style): boolean =>
  style === 'tex' || !/\\(cdots|circ|oint|lfloor|begin\{vmatrix|hat|vec|dot|ddot|tilde)/.test(latex)

interface Piece {
  char: string
  font: string
  x: number
  y: number
  across: number
  down: number
}

/** Draws a formula with its baseline's left end at a point. Sizes in points. */
export async function drawFormula(
  page: PDFPage,
  fonts: Fonts,
  formula: Layout,
  style: Style,
  x: number,
  y: number,
  size: number,
): Promise<void> {
  const pieces = style === 'tex' ? formula.marks.map(texPiece) : oldPieces(formula.marks)
  for (const bar of formula.bars) {
    page.drawRectangle({
      x: x + bar.x * size,
      y: y + bar.y * size,
      width: bar.width * size,
      height: Math.max(0.4, bar.height * size),
      color: rgb(0, 0, 0),
    })
  }
  // objects of equation editors come in any order
  const ordered = style === 'tex' ? pieces : pieces.toReversed()
  for (const piece of ordered) {
    if (piece.font === 'strokes') {
      strokeRoot(page, x + piece.x * size, y + piece.y * size, size * piece.down, piece.across * size)
      continue
    }
    const font = await fonts.get(piece.font)
    const key = page.node.newFontDictionary(font.name, font.ref)
    page.pushOperators(
      pushGraphicsState(),
      concatTransformationMatrix(piece.across, 0, 0, piece.down, x + piece.x * size, y + piece.y * size),
      beginText(),
      setFillingColor(rgb(0, 0, 0)),
      setFontAndSize(key, size),
      setTextMatrix(1, 0, 0, 1, 0, 0),
      showText(font.encodeText(piece.char)),
      endText(),
      popGraphicsState(),
    )
  }
}

/** Accents that were taken apart by normalising them. */
const macron: Record<string, string> = { ' ̄': '¯', ' ̂': '^', ' ̃': '~', ' ̇': '˙', ' ̈': '¨' }
/** The same signs as KaTeX's fonts have them. */
const inKatex: Record<string, string> = { '¯': 'ˉ', '∣': '|' }

function texPiece(mark: Mark): Piece {
  const { x, y, across, down } = mark
  const char = macron[mark.char] ?? mark.char
  const font = char === '∣' || char === '¯' ? 'Main-Regular' : (mark.font ?? StandardFonts.TimesRoman)
  return { char: mark.font === undefined ? char : (inKatex[char] ?? char), font, x, y, across, down }
}

const brackets: Record<string, readonly [top: string, middle: string, bottom: string, extension: string]> = {
  '(': ['\uf8eb', '\uf8ec', '\uf8ed', '\uf8ec'],
  ')': ['\uf8f6', '\uf8f7', '\uf8f8', '\uf8f7'],
  '[': ['\uf8ee', '\uf8ef', '\uf8f0', '\uf8ef'],
  ']': ['\uf8f9', '\uf8fa', '\uf8fb', '\uf8fa'],
  '{': ['\uf8f1', '\uf8f2', '\uf8f3', '\uf8f4'],
  '}': ['\uf8fc', '\uf8fd', '\uf8fe', '\uf8f4'],
}
const whole: Record<string, string> = {
  '⎛': '(',
  '⎜': '(',
  '⎝': '(',
  '⎞': ')',
  '⎟': ')',
  '⎠': ')',
  '⎡': '[',
  '⎢': '[',
  '⎣': '[',
  '⎤': ']',
  '⎥': ']',
  '⎦': ']',
  '⎧': '{',
  '⎨': '{',
  '⎩': '{',
  '⎪': '{',
  '⎷': '√',
  '\ue000': '√',
  '\ue001': '√',
  '⎫': '}',
  '⎬': '}',
  '⎭': '}',
}
/** Half the height of KaTeX's sizes of brackets, and of its pieces around their origin. */
const half: Record<string, number> = {
  'Size1-Regular': 0.6,
  'Size2-Regular': 0.9,
  'Size3-Regular': 1.2,
  'Size4-Regular': 1.5,
}

function oldPieces(marks: readonly Mark[]): Piece[] {
  const out: Piece[] = []
  const tall = new Map<string, { char: string; x: number; top: number; bottom: number; scale: number }>()
  for (const mark of marks) {
    const { x, y, across, down } = mark
    if (mark.char.trim() === '') continue
    const sized = mark.font !== undefined && mark.font in half
    if (mark.char === '√') {
      const reach = sized ? (half[mark.font ?? ''] ?? 0.6) : 0.5
      out.push({
        char: '',
        font: 'strokes',
        x,
        y: y + 0.25 * down,
        across: (mark.font === 'Main-Regular' ? 0.83 : 1) * across,
        down: 2 * reach * down,
      })
      continue
    }
    const bracket = whole[mark.char] ?? (sized && mark.char in brackets ? mark.char : undefined)
    if (bracket !== undefined) {
      const piece = mark.char in whole
      const key = `${bracket} ${x.toFixed(2)}`
      const reach = (half[mark.font ?? ''] ?? 1) * Math.abs(down)
      const known = tall.get(key)
      const top = y + (piece ? 0.6 : 0.25 * down + reach)
      const bottom = y - (piece ? 0.6 : reach - 0.25 * down)
      tall.set(key, {
        char: bracket,
        x,
        scale: Math.min(Math.abs(across), 1),
        top: Math.max(top, known?.top ?? -9),
        bottom: Math.min(bottom, known?.bottom ?? 9),
      })
      continue
    }
    if (sized && /[∑∏∫∮]/.test(mark.char)) {
      const k = mark.font === 'Size2-Regular' ? 1.45 : 1.1
      out.push({
        char: mark.char === '∮' ? '∫' : mark.char,
        font: StandardFonts.Symbol,
        x,
        y: y + (0.25 - 0.32 * k) * down,
        across: across * k,
        down: down * k,
      })
      continue
    }
    if (sized && (mark.char === '|' || mark.char === '∣')) {
      const reach = half[mark.font ?? ''] ?? 1
      out.push({
        char: '|',
        font: StandardFonts.TimesRoman,
        x,
        y: y + (0.25 - 0.23 * reach * 2) * down,
        across,
        down: down * reach * 2,
      })
      continue
    }
    out.push({ char: macron[mark.char] ?? mark.char, font: oldFont(mark), x, y, across, down })
  }
  for (const { char, x, top, bottom, scale } of tall.values()) {
    if (char === '√')
      out.push({ char: '', font: 'strokes', x, y: (top + bottom) / 2, across: scale, down: top - bottom })
    else out.push(...stack(char, x, top, bottom, scale))
  }
  return out
}

function oldFont(mark: Mark): string {
  if (/^[A-Za-z]$/.test(mark.char))
    return mark.font === 'Math-Italic' ? StandardFonts.TimesRomanItalic : StandardFonts.TimesRoman
  if (/^[0-9.,;:!%/[\]()|'{}áéíóúâêôãõç]$/.test(mark.char)) return StandardFonts.TimesRoman
  return mark.char in macron ? StandardFonts.TimesRoman : StandardFonts.Symbol
}

/** A bracket of Symbol's pieces from top to bottom. */
function stack(char: string, x: number, top: number, bottom: number, scale: number): Piece[] {
  const [first, centre, last, extension] = brackets[char] ?? ['', '', '', '']
  const one = (text: string, y: number): Piece => ({
    char: text,
    font: StandardFonts.Symbol,
    x,
    y,
    across: scale,
    down: scale,
  })
  const from = top - 0.92 * scale
  const to = bottom + 0.29 * scale
  const brace = char === '{' || char === '}'
  const out = [one(first, from), one(last, Math.min(to, from - 0.8 * scale))]
  const span = from - to
  if (brace) out.push(one(centre, (from + to) / 2))
  const extra = Math.floor(span / (0.9 * scale))
  for (let at = 1; at <= extra; at += 1) {
    const y = from - (span * at) / (extra + 1)
    if (!brace || Math.abs(y - (from + to) / 2) > 0.5 * scale) out.push(one(extension, y))
  }
  return out
}

function strokeRoot(page: PDFPage, x: number, y: number, height: number, width: number): void {
  const low = { x: x + 0.55 * width, y: y - height / 2 }
  const line = (start: { x: number; y: number }, end: { x: number; y: number }, thickness: number): void =>
    page.drawLine({ start, end, thickness, color: rgb(0, 0, 0) })
  line({ x: x + 0.1 * width, y: y - 0.05 * height }, { x: x + 0.25 * width, y: y }, 0.4)
  line({ x: x + 0.25 * width, y: y }, low, 0.8)
  line(low, { x: x + width, y: y + height / 2 }, 0.4)
}
