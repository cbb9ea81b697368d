import { around } from '../read/boxes.ts'
import type { Box, Glyph } from '../read/model.ts'
import { functions, symbolOf } from './symbols.ts'

/** Glyphs that stand on one line without a wide gap between them. */
export interface Segment extends Box {
  glyphs: Glyph[]
  text: string
  baseline: number
  size: number
  /** Words of ordinary language in it. */
  words: number
  /** It is text and not a formula. */
  prose: boolean
  relation: boolean
}

const word = /^\p{Script=Latin}(?=[\p{Ll}.,;:)]+$)\p{Script=Latin}{2,}[.,;:)]*$/u
/** A function with its argument right behind it. */
const applied = new RegExp(`^(?:${[...functions].join('|')})\\p{L}{0,2}$`, 'u')
const gapWithin = 1.8
/** A gap that is a space, where the file has none. */
const gapOfSpace = 0.18

/** Cuts a page's upright glyphs into segments. */
export function segmentsOf(glyphs: readonly Glyph[]): Segment[] {
  const sorted = glyphs.toSorted((a, b) => a.baseline - b.baseline || a.left - b.left)
  const segments: Segment[] = []
  let at = 0
  while (at < sorted.length) {
    const first = sorted[at]
    if (first === undefined) break
    const line: Glyph[] = []
    while (at < sorted.length) {
      const glyph = sorted[at]
      if (glyph === undefined || glyph.baseline - first.baseline > 0.08 * Math.min(first.size, glyph.size)) break
      line.push(glyph)
      at += 1
    }
    segments.push(...cut(line))
  }
  return segments
}

function cut(line: Glyph[]): Segment[] {
  const runs: Glyph[][] = []
  let end = -Infinity
  let size = 0
  for (const glyph of line.toSorted((a, b) => a.left - b.left)) {
    if (glyph.left - end > gapWithin * Math.max(size, glyph.size)) runs.push([])
    runs.at(-1)?.push(glyph)
    end = Math.max(end, glyph.right)
    size = glyph.size
  }
  return runs.map(segment)
}

const operator = new Set(['relation', 'binary', 'big', 'root'])

/** A dash right between two letters joins words. */
function hyphen(glyphs: readonly Glyph[], at: number): boolean {
  const [before, dash, after] = [glyphs[at - 1], glyphs[at], glyphs[at + 1]]
  if (before === undefined || dash === undefined || after === undefined) return false
  const near = 0.1 * dash.size
  const letters = /^\p{L}$/u.test(before.text) && /^\p{L}$/u.test(after.text)
  return letters && !before.italic && dash.left - before.right < near && after.left - dash.right < near
}

function segment(glyphs: Glyph[]): Segment {
  let text = ''
  let end = Infinity
  for (const glyph of glyphs) {
    if (text !== '' && (glyph.spaced || glyph.left - end > gapOfSpace * glyph.size)) text += ' '
    text += glyph.text
    end = glyph.right
  }
  const words = text.split(' ').filter((one) => word.test(one) && !applied.test(one)).length
  const relation = glyphs.some((glyph) => symbolOf(glyph.text).role === 'relation')
  const operators = glyphs.filter(
    (glyph, at) => operator.has(symbolOf(glyph.text).role) && !(glyph.text === '-' && hyphen(glyphs, at)),
  ).length
  return {
    ...around(glyphs),
    glyphs,
    text,
    baseline: glyphs[0]?.baseline ?? 0,
    size: Math.max(...glyphs.map((glyph) => glyph.size)),
    words,
    prose: words >= 3 || (words >= 1 && operators === 0),
    relation,
  }
}
