import { around, median } from '../read/boxes.ts'
import type { Box, Glyph, PdfPage } from '../read/model.ts'
import { layOut } from '../text/layout.ts'
import type { PageText } from '../text/model.ts'
import type { OcrParagraph, OcrText } from './model.ts'

interface Word {
  text: string
  /** 0 to 100. */
  confidence: number
  left: number
  right: number
}

interface Line {
  baseline: number
  /** From the top of high letters to the bottom of low ones: about the size of the font. */
  size: number
  words: Word[]
}

/** What was recognised in a picture, in its pixels, after it was turned upright around its middle. */
export interface Recognised {
  width: number
  height: number
  /** By how much the picture was turned clockwise before it was read. */
  radians: number
  lines: Line[]
}

/** Below this a word is a guess, unless it is long. */
const sure = 60
/** Below this even a long one is. */
const hopeless = 30
const longEnough = 5
/** Letters and digits that make a page read. */
const leastLetters = 12
const leastConfidence = 0.5
/** Sizes that differ by no more than this are one: the size of a recognised line depends on which letters are in it. */
const tolerance = 0.18
/** Of a size, above and below the baseline, as fonts have them. */
const ascent = 0.9
const descent = 0.21
/** Of a size: words that are nearer to each other cannot be told apart by their boxes. */
const gap = 0.06

/**
 * The text of a recognised page, laid out as drawn text is: columns, rows of tables, joined hyphens. `page` is what the page was before,
 * `scale` its pixels to a point. Undefined when nothing legible is on it.
 */
export function ocrText(page: PageText, recognised: Recognised, scale: number): OcrText | undefined {
  const lines = recognised.lines.map((line) => ({ ...line, words: line.words.filter(legible) }))
  const all = recognised.lines.reduce((sum, line) => sum + line.words.length, 0)
  const words = lines.flatMap((line) => line.words)
  const letters = words.reduce((sum, { text }) => sum + lettersOf(text), 0)
  const confidence = confidenceOf(words)
  if (letters < leastLetters || confidence < leastConfidence) return undefined

  const toPoints = pointsOf(recognised, page, scale)
  const usual = usualSize(lines)
  const placed = once(lines.flatMap((line) => spread(placeWords(line, usual, toPoints))))
  const laidOut = layOut(asPage(page, placed.flatMap(glyphsOf)))
  const back = turned(recognised.radians, page)
  const paragraphs = laidOut.paragraphs.map((paragraph): OcrParagraph => {
    const { box } = paragraph
    const inside = placed.filter((one) => contains(box, one.box)).map(({ word }) => word)
    return { ...paragraph, box: back(box), confidence: inside.length === 0 ? confidence : confidenceOf(inside) }
  })
  return { ...laidOut, kind: page.kind, source: 'ocr', confidence, illegible: all - words.length, paragraphs }
}

const lettersOf = (text: string): number => text.match(/[\p{L}\d]/gu)?.length ?? 0

function legible({ text, confidence }: Word): boolean {
  return confidence >= sure || (confidence >= hopeless && lettersOf(text) >= longEnough)
}

/** Of words by their length, 0 to 1. */
function confidenceOf(words: readonly Word[]): number {
  let sum = 0
  let weight = 0
  for (const { text, confidence } of words) {
    sum += text.length * confidence
    weight += text.length
  }
  return weight === 0 ? 0 : Math.round(sum / weight) / 100
}

/** The size that most characters have, in pixels. */
function usualSize(lines: readonly Line[]): number {
  return median(
    lines.flatMap(({ size, words }) => {
      const characters = words.reduce((sum, { text }) => sum + text.length, 0)
      return new Array<number>(Math.ceil(characters / 10)).fill(size)
    }),
  )
}

type ToPoints = (x: number, y: number) => { x: number; y: number }

/** The renderer leaves the same margin on all sides; it is what the picture has more than the page. */
function pointsOf({ width, height }: Recognised, page: PageText, scale: number): ToPoints {
  const left = Math.max(0, (width - page.width * scale) / 2)
  const top = Math.max(0, (height - page.height * scale) / 2)
  return (x, y) => ({ x: (x - left) / scale, y: (y - top) / scale })
}

interface PlacedWord {
  word: Word
  line: Line
  box: Box
  baseline: number
  size: number
}

function placeWords(line: Line, usual: number, toPoints: ToPoints): PlacedWord[] {
  const own = Math.abs(line.size - usual) <= tolerance * usual ? usual : line.size
  return line.words.map((word) => {
    const { x: left, y: baseline } = toPoints(word.left, line.baseline)
    const { x: right, y: above } = toPoints(word.right, line.baseline - own)
    const size = baseline - above
    const box = { left, right, top: baseline - ascent * size, bottom: baseline + descent * size }
    return { word, line, box, baseline, size }
  })
}

/** Of words that were read twice, in two lines at one place, the surer one stays. */
function once(placed: readonly PlacedWord[]): PlacedWord[] {
  const kept: PlacedWord[] = []
  for (const one of placed.toSorted((a, b) => b.word.confidence - a.word.confidence)) {
    if (!kept.some((other) => other.line !== one.line && covered(one.box, other.box) > 0.4)) kept.push(one)
  }
  const chosen = new Set(kept)
  return placed.filter((one) => chosen.has(one))
}

/** Words of a line whose boxes touch or overlap share the room by their length, in their order: else their characters would mix. */
function spread(line: readonly PlacedWord[]): PlacedWord[] {
  const groups: PlacedWord[][] = []
  let end = -Infinity
  for (const one of line) {
    const last = groups.at(-1)
    if (last !== undefined && one.box.left < end + gap * one.size) last.push(one)
    else groups.push([one])
    end = Math.max(end, one.box.right)
  }
  return groups.flatMap((group) => {
    if (group.length < 2) return group
    const { left, right } = around(group.map(({ box }) => box))
    const lengths = group.map(({ word }) => [...word.text].length)
    // a space is half as wide as a character
    const each = (right - left) / (lengths.reduce((sum, length) => sum + length, 0) + 0.5 * (group.length - 1))
    let at = left
    return group.map((one, index) => {
      const from = at
      const to = from + (lengths[index] ?? 0) * each
      at = to + 0.5 * each
      return { ...one, box: { ...one.box, left: from, right: to } }
    })
  })
}

/** The share of the smaller box that both have. */
function covered(a: Box, b: Box): number {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left)
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)
  if (width <= 0 || height <= 0) return 0
  const area = ({ left, top, right, bottom }: Box) => (right - left) * (bottom - top)
  return (width * height) / Math.min(area(a), area(b))
}

/** The characters of a word share its width: where each stands exactly is of no use, and gaps inside it would part it. */
function glyphsOf({ word, box, baseline, size }: PlacedWord): Glyph[] {
  const characters = [...word.text]
  const width = (box.right - box.left) / characters.length
  return characters.map((character, at) => ({
    text: character,
    left: box.left + at * width,
    right: box.left + (at + 1) * width,
    top: box.top,
    bottom: box.bottom,
    baseline,
    size,
    angle: 0,
    font: '',
    bold: false,
    italic: false,
    colour: '#000000',
    mark: undefined,
    spaced: at === 0,
    guessed: false,
  }))
}

function asPage({ number, width, height }: PageText, glyphs: Glyph[]): PdfPage {
  const nothing = { cut: [], rules: [], images: [], fills: [], structure: undefined, outlines: 0, hidden: 0 }
  return { ...nothing, number, width, height, glyphs, source: 'drawn', truncated: false }
}

function contains(outer: Box, { left, right, top, bottom }: Box): boolean {
  const x = (left + right) / 2
  const y = (top + bottom) / 2
  return x >= outer.left && x <= outer.right && y >= outer.top && y <= outer.bottom
}

/** Boxes as they stand on the page: it was turned clockwise by `radians` around its middle to be read. */
function turned(radians: number, { width, height }: PageText): (box: Box) => Box {
  if (radians === 0) return (box) => box
  const cos = Math.cos(-radians)
  const sin = Math.sin(-radians)
  const corner = (x: number, y: number): Box => {
    const [across, down] = [x - width / 2, y - height / 2]
    const left = width / 2 + across * cos - down * sin
    const top = height / 2 + across * sin + down * cos
    return { left, right: left, top, bottom: top }
  }
  return ({ left, top, right, bottom }) =>
    around([corner(left, top), corner(right, top), corner(left, bottom), corner(right, bottom)])
}
