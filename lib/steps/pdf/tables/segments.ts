import { around } from '../read/boxes.ts'
import type { Box } from '../read/model.ts'
import type { Segment, Word } from './words.ts'

/** Upright lines that keep what is left of them apart from what is right. */
export interface Wall {
  x: number
  top: number
  bottom: number
}

const decimal = /^[≥≤<>±+−–-]?\d+[.,]\d+$/

/** Makes segments of upright words: words of a line with gaps as between words, and no wall between. */
export function segmentsOf(words: readonly Word[], walls: readonly Wall[]): Segment[] {
  const upright = words
    .filter((word) => word.angle === 0)
    .toSorted((a, b) => a.baseline - b.baseline || a.left - b.left)
  const sorted = walls.toSorted((a, b) => a.x - b.x)
  const segments: Segment[] = []
  let at = 0
  while (at < upright.length) {
    const first = upright[at]
    if (first === undefined) break
    let end = at
    while (end < upright.length && sameBaseline(first, upright[end])) end += 1
    const line = upright.slice(at, end).toSorted((a, b) => a.left - b.left)
    segments.push(...splitLine(line, sorted))
    at = end
  }
  return segments
}

function sameBaseline(first: Word, word: Word | undefined): boolean {
  return word !== undefined && word.baseline - first.baseline <= 0.22 * Math.min(first.size, word.size)
}

function splitLine(line: readonly Word[], walls: readonly Wall[]): Segment[] {
  const segments: Segment[] = []
  const even = spacesAreEven(line)
  let open: Word[] = []
  for (const word of line) {
    const last = open.at(-1)
    if (last !== undefined && apart(last, word, walls, even)) {
      segments.push(segmentOf(open))
      open = []
    }
    open.push(word)
  }
  if (open.length > 0) segments.push(segmentOf(open))
  return segments
}

/** Whether the gaps within texts of a line are those of spaces, so that a gap of twice the width is none; in justified text they are not. */
function spacesAreEven(line: readonly Word[]): boolean {
  return line.every((word, index) => {
    const before = line[index - 1]
    const em = Math.max(before?.size ?? 0, word.size)
    const gap = before === undefined ? 0 : word.left - before.right
    return gap < 0.42 * em || gap > 0.62 * em
  })
}

function apart(last: Word, word: Word, walls: readonly Wall[], even: boolean): boolean {
  const gap = word.left - last.right
  const em = Math.max(last.size, word.size)
  if (gap > (even ? 0.66 : 0.95) * em || gap < -0.9 * em) return true
  if (gap > 0.36 * em && decimal.test(last.text) && decimal.test(word.text)) return true
  const middle = (word.top + word.bottom) / 2
  for (let index = firstFrom(walls, last.right - 1); index < walls.length; index += 1) {
    const wall = walls[index]
    if (wall === undefined || wall.x >= word.left + 1) return false
    if (wall.top <= middle && wall.bottom >= middle) return true
  }
  return false
}

/** Where in walls from left to right those begin that are right of `x`. */
function firstFrom(walls: readonly Wall[], x: number): number {
  let low = 0
  let high = walls.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((walls[middle]?.x ?? Infinity) > x) high = middle
    else low = middle + 1
  }
  return low
}

/** A segment of words that stand in order. */
export function segmentOf(words: Word[]): Segment {
  const box: Box = around(words)
  const size = words.reduce((most, word) => Math.max(most, word.size), 0)
  const baseline = words.find((word) => word.size === size)?.baseline ?? box.bottom
  const letters = words.reduce((sum, word) => sum + word.text.length, 0)
  const bold = words.reduce((sum, word) => sum + (word.bold ? word.text.length : 0), 0)
  return { ...box, words, baseline, size, bold: bold * 2 > letters }
}
