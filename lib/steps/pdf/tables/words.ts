import { around } from '../read/boxes.ts'
import { superscriptDigits } from '../read/characters.ts'
import type { Box, Glyph, PdfPage } from '../read/model.ts'

/** A word on one baseline. */
export interface Word extends Box {
  text: string
  baseline: number
  size: number
  bold: boolean
  /** 0, 90 or 270: how far it is turned. */
  angle: number
  marks: ReadonlySet<string>
}

/** Words of one line that stand together: a cell, or a line of one. */
export interface Segment extends Box {
  words: Word[]
  baseline: number
  size: number
  bold: boolean
}

/** The words of a page: upright ones and those turned by a quarter. Slanted text is left out. Raised small digits become ¹ ² ³. */
export function wordsOf(page: PdfPage, from: readonly Glyph[] = page.glyphs): Word[] {
  const words: Word[] = []
  for (const angle of [0, 90, 270]) {
    const glyphs = from.filter((glyph) => near(glyph.angle, angle) && glyph.text.trim() !== '' && sane(glyph, page))
    if (glyphs.length > 0) words.push(...wordsInDirection(glyphs, angle))
  }
  return words
}

/** A glyph that broken numbers put nowhere, or over more than the page, is no text. */
function sane({ left, top, right, bottom, baseline, size }: Glyph, page: PdfPage): boolean {
  const whole = [left, top, right, bottom, baseline, size].every(Number.isFinite)
  return whole && size > 0 && right - left <= page.width && bottom - top <= page.height
}

function near(angle: number, wanted: number): boolean {
  const distance = Math.abs((((angle % 360) + 360) % 360) - wanted)
  return Math.min(distance, 360 - distance) < 3
}

/** A glyph in the measure of its reading direction: `from` and `to` along the line, `base` across it. */
interface Piece {
  glyph: Glyph
  from: number
  to: number
  base: number
}

function pieceOf(glyph: Glyph, angle: number): Piece {
  if (angle === 90) return { glyph, from: glyph.top, to: glyph.bottom, base: -glyph.left }
  if (angle === 270) return { glyph, from: -glyph.bottom, to: -glyph.top, base: glyph.right }
  return { glyph, from: glyph.left, to: glyph.right, base: glyph.baseline }
}

function wordsInDirection(glyphs: readonly Glyph[], angle: number): Word[] {
  const pieces = glyphs.map((glyph) => pieceOf(glyph, angle)).toSorted((a, b) => a.base - b.base || a.from - b.from)
  const words: Word[] = []
  let at = 0
  while (at < pieces.length) {
    const first = pieces[at]
    if (first === undefined) break
    let end = at
    while (end < pieces.length && sameLine(first, pieces[end])) end += 1
    words.push(...wordsOfLine(pieces.slice(at, end), angle))
    at = end
  }
  return attachSmall(words, angle)
}

function sameLine(first: Piece, piece: Piece | undefined): boolean {
  if (piece === undefined) return false
  return piece.base - first.base <= 0.22 * Math.min(first.glyph.size, piece.glyph.size)
}

function wordsOfLine(line: readonly Piece[], angle: number): Word[] {
  const sorted = line.toSorted((a, b) => a.from - b.from)
  const words: Word[] = []
  let open: Piece[] = []
  for (const piece of sorted) {
    const last = open.at(-1)
    if (last !== undefined && breaks(last, piece)) {
      words.push(wordOf(open, angle))
      open = []
    }
    open.push(piece)
  }
  if (open.length > 0) words.push(wordOf(open, angle))
  return words
}

function breaks(last: Piece, piece: Piece): boolean {
  const gap = piece.from - last.to
  const em = Math.min(last.glyph.size, piece.glyph.size)
  const sizes = Math.max(last.glyph.size, piece.glyph.size) > 1.25 * em
  return gap > 0.16 * em || (piece.glyph.spaced && gap > 0.06 * em) || gap < -0.8 * em || sizes
}

function wordOf(pieces: readonly Piece[], angle: number): Word {
  const glyphs = pieces.map((piece) => piece.glyph)
  const box = around(glyphs)
  const marks = new Set<string>()
  for (const { mark } of glyphs) if (mark !== undefined) marks.add(mark)
  return {
    ...box,
    text: glyphs.map((glyph) => glyph.text).join(''),
    baseline: angle === 0 ? glyphs.reduce((y, glyph) => Math.max(y, glyph.baseline), -Infinity) : box.bottom,
    size: glyphs.reduce((size, glyph) => Math.max(size, glyph.size), 0),
    bold: glyphs.filter((glyph) => glyph.bold).length * 2 > glyphs.length,
    angle,
    marks,
  }
}

/** Sub- and superscripts go to the line of the word beside them. */
function attachSmall(words: readonly Word[], angle: number): Word[] {
  if (angle !== 0) return [...words]
  const largest = words.reduce((size, word) => Math.max(size, word.size), 0)
  const big = new Shelves(words)
  return words.map((word) => {
    const host = 1.2 * word.size > largest ? undefined : hostOf(word, big.near(word))
    if (host === undefined) return word
    const raised = word.baseline < host.baseline - 0.12 * host.size
    const text = raised ? word.text.replace(/\d/g, (digit) => superscriptDigits[digit] ?? digit) : word.text
    return { ...word, text, baseline: host.baseline, size: word.size }
  })
}

/** Words by height, so that only those beside a word are looked at. */
class Shelves {
  readonly #height = 40
  readonly #words = new Map<number, Word[]>()

  constructor(words: readonly Word[]) {
    for (const word of words) {
      for (let at = this.#shelf(word.top); at <= this.#shelf(word.bottom); at += 1) {
        const shelf = this.#words.get(at)
        if (shelf === undefined) this.#words.set(at, [word])
        else shelf.push(word)
      }
    }
    for (const shelf of this.#words.values()) shelf.sort((a, b) => a.left - b.left)
  }

  near(word: Word): readonly Word[] {
    const [first, last] = [this.#shelf(word.top), this.#shelf(word.bottom)]
    const upper = this.#words.get(first) ?? []
    if (first === last) return upper
    return [...upper, ...(this.#words.get(last) ?? [])].sort((a, b) => a.left - b.left)
  }

  #shelf(y: number): number {
    return Math.floor(y / this.#height)
  }
}

function hostOf(word: Word, sorted: readonly Word[]): Word | undefined {
  if (word.text.length > 12) return undefined
  let best: Word | undefined
  let distance = Infinity
  for (const other of sorted) {
    if (other.left > word.right + 3 * word.size) break
    if (other === word || other.size < 1.2 * word.size) continue
    const shift = Math.abs(other.baseline - word.baseline)
    if (shift > 0.75 * other.size || other.bottom < word.top || other.top > word.bottom) continue
    const gap = Math.max(word.left - other.right, other.left - word.right)
    if (gap < -0.4 * other.size || gap > 0.45 * other.size) continue
    // what stands before a small one is what it belongs to
    const rank = gap + (other.left > word.left ? other.size : 0)
    if (rank < distance) {
      distance = rank
      best = other
    }
  }
  return best
}

/** Joins the words of a line: with a space where there is a gap. */
export function lineText(words: readonly Word[]): string {
  let text = ''
  let last: Word | undefined
  for (const word of words) {
    const em = last === undefined ? 0 : Math.max(last.size, word.size)
    const gap = last === undefined ? 0 : word.left - last.right
    const tight = last !== undefined && last.size !== word.size ? 0.2 : 0.06
    text += last !== undefined && gap > tight * em ? ` ${word.text}` : word.text
    last = word
  }
  return text
}
