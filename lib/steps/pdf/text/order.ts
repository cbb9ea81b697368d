import { around, median } from '../read/boxes.ts'
import type { Box, Rule } from '../read/model.ts'
import type { Segment } from './model.ts'

/** Segments that are read one after the other: a column, or the rows of a table. */
export type Block = Segment[]

/** Cuts inside each other; a page that needs more is no page of text. */
const deepest = 80

/**
 * The blocks of a page in reading order: it is cut where white runs through, first between columns of text, then between what lies below
 * each other. Columns of a table are not columns of text, and stay together.
 */
export function blocksOf(segments: readonly Segment[], rules: readonly Rule[]): Block[] {
  const horizontal = rules.filter((rule) => rule.direction === 'horizontal')
  return cut([...segments], horizontal, 0)
}

function cut(segments: Segment[], rules: readonly Rule[], depth: number): Block[] {
  if (segments.length < 2 || depth >= deepest) return segments.length === 0 ? [] : [segments]
  const gutter = columnGutter(segments, rules)
  if (gutter !== undefined) {
    const left = segments.filter(({ frame }) => (frame.left + frame.right) / 2 < gutter)
    const right = segments.filter(({ frame }) => (frame.left + frame.right) / 2 >= gutter)
    return [...cut(left, rules, depth + 1), ...cut(right, rules, depth + 1)]
  }
  const at = widestGap(segments)
  if (at === undefined) return [segments]
  const above = segments.filter(({ frame }) => (frame.top + frame.bottom) / 2 < at)
  const below = segments.filter(({ frame }) => (frame.top + frame.bottom) / 2 >= at)
  return [...cut(above, rules, depth + 1), ...cut(below, rules, depth + 1)]
}

/** White stripes along one direction, as [from, to]. */
function gaps(segments: readonly Segment[], from: (box: Box) => number, to: (box: Box) => number): [number, number][] {
  const sorted = segments.map((segment) => segment.frame).toSorted((a, b) => from(a) - from(b))
  const found: [number, number][] = []
  let end = -Infinity
  for (const box of sorted) {
    if (from(box) > end && end !== -Infinity) found.push([end, from(box)])
    end = Math.max(end, to(box))
  }
  return found
}

/** Columns of text have lines of words on either side; a table's have labels and numbers. */
const leastCharacters = 18
const leastLines = 3

/** Where two columns of text part, or undefined. */
function columnGutter(segments: readonly Segment[], rules: readonly Rule[]): number | undefined {
  if (segments.length < 2 * leastLines) return undefined
  const size = median(segments.map((segment) => segment.size))
  const box = around(segments.map((segment) => segment.frame))
  const candidates = gaps(
    segments,
    ({ left }) => left,
    ({ right }) => right,
  )
    .filter(([from, to]) => to - from >= 0.9 * size)
    .toSorted((a, b) => b[1] - b[0] - (a[1] - a[0]))
  for (const [from, to] of candidates) {
    const middle = (from + to) / 2
    const left = segments.filter(({ frame }) => frame.right <= middle)
    const right = segments.filter(({ frame }) => frame.left >= middle)
    if (!isText(left) || !isText(right)) continue
    // lines drawn across the gap are a table's
    const across = rules.filter(
      (rule) => rule.left < from && rule.right > to && rule.top > box.top && rule.bottom < box.bottom,
    )
    if (across.length >= 3) continue
    return middle
  }
  return undefined
}

function isText(segments: readonly Segment[]): boolean {
  const lines = new Set(segments.map((segment) => Math.round(segment.baseline))).size
  if (lines < leastLines) return false
  const characters = segments.reduce((sum, segment) => sum + segment.glyphs.length, 0)
  return characters / segments.length >= leastCharacters
}

/** The widest white between what lies below each other, when it is wide enough to part it. */
function widestGap(segments: readonly Segment[]): number | undefined {
  const size = median(segments.map((segment) => segment.size))
  let best: [number, number] | undefined
  for (const gap of gaps(
    segments,
    ({ top }) => top,
    ({ bottom }) => bottom,
  )) {
    if (best === undefined || gap[1] - gap[0] > best[1] - best[0]) best = gap
  }
  return best === undefined || best[1] - best[0] < 0.35 * size ? undefined : (best[0] + best[1]) / 2
}
