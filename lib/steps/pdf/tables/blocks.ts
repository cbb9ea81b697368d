import { around } from '../read/boxes.ts'
import type { Line, Lines } from './lines.ts'
import type { Segment } from './words.ts'

/** Deeper than a page is ever parted. */
const deepest = 24
/** A block of more segments is not tried at every white band. */
const mostSegments = 2_500

/** Parts segments into blocks that are read for themselves: by white bands across, and by gutters between columns of the page. */
export function blocksOf(segments: readonly Segment[], lines: Lines): Segment[][] {
  const blocks: Segment[][] = []
  const cut = (part: readonly Segment[], depth: number) => {
    if (part.length < 4 || depth > deepest) {
      if (part.length > 0) blocks.push([...part])
      return
    }
    const parts =
      byGutter(part, lines, true) ?? byBands(part, lines) ?? byGutter(part, lines, false) ?? byHeading(part, lines)
    if (parts === undefined) blocks.push([...part])
    else for (const piece of parts) cut(piece, depth + 1)
  }
  cut(segments, 0)
  return blocks
}

export function medianSize(segments: readonly Segment[]): number {
  const sizes = segments.map((segment) => segment.size).toSorted((a, b) => a - b)
  return sizes[Math.floor(sizes.length / 2)] ?? 8
}

/** Parts where a band of the page is white for more than two lines. */
function byBands(segments: readonly Segment[], lines: Lines): Segment[][] | undefined {
  const size = medianSize(segments)
  const limit = 2.2 * size
  const box = around(segments)
  const wide = lines.horizontal.filter((line) => line.from < box.left + 8 && line.to > box.right - 8)
  // a row of a ruled table may be empty: its lines go on
  const ruled = (top: number, bottom: number) =>
    bottom - top < 5 * size && wide.filter((line) => line.at > top && line.at < bottom).length >= 2
  const parts: Segment[][] = []
  let bottom = -Infinity
  for (const segment of segments.toSorted((a, b) => a.top - b.top)) {
    if (parts.length === 0 || (segment.top - bottom > limit && !ruled(bottom, segment.top))) parts.push([])
    parts.at(-1)?.push(segment)
    bottom = Math.max(bottom, segment.bottom)
  }
  return parts.length > 1 ? parts : undefined
}

interface Gutter {
  left: number
  right: number
}

function gutters(segments: readonly Segment[], narrowest: number): Gutter[] {
  const result: Gutter[] = []
  let right = -Infinity
  for (const segment of segments.toSorted((a, b) => a.left - b.left)) {
    if (right > -Infinity && segment.left - right > narrowest) result.push({ left: right, right: segment.left })
    right = Math.max(right, segment.right)
  }
  return result
}

/** Parts at a gutter where drawn lines end on both sides (`sure`), or where lines of text do not go on on the other side. */
function byGutter(segments: readonly Segment[], lines: Lines, sure: boolean): Segment[][] | undefined {
  const size = medianSize(segments)
  const box = around(segments)
  const inside = lines.horizontal.filter(
    (line) => line.at > box.top - size && line.at < box.bottom + size && line.to - line.from > 20,
  )
  let best: Gutter | undefined
  for (const gutter of gutters(segments, (sure ? 0.3 : 1.1) * size)) {
    if (best !== undefined && gutter.right - gutter.left <= best.right - best.left) continue
    if (parts(gutter, segments, inside, size, sure)) best = gutter
  }
  if (best === undefined) return undefined
  const middle = best
  const left = segments.filter((segment) => segment.right <= middle.left + 0.01)
  return [left, segments.filter((segment) => !left.includes(segment))]
}

function parts(
  gutter: Gutter,
  segments: readonly Segment[],
  lines: readonly Line[],
  size: number,
  sure: boolean,
): boolean {
  const left = segments.filter((segment) => segment.right <= gutter.left + 0.01)
  const right = segments.filter((segment) => segment.right > gutter.left + 0.01)
  const crossing = lines.filter((line) => line.from < gutter.left - size && line.to > gutter.right + size).length
  const before = lines.filter((line) => line.to <= gutter.right + 1 && line.to > gutter.left - 60).length
  const after = lines.filter((line) => line.from >= gutter.left - 1 && line.from < gutter.right + 60).length
  if (sure) return before >= 2 && after >= 2 && crossing <= 0.15 * Math.min(before, after)
  const rows = (side: readonly Segment[]) => {
    const result: number[] = []
    for (const baseline of side.map((segment) => segment.baseline).toSorted((a, b) => a - b)) {
      if (baseline - (result.at(-1) ?? -Infinity) > 0.4 * size) result.push(baseline)
    }
    return result
  }
  const a = rows(left)
  const b = rows(right)
  const [fewer, more] = a.length < b.length ? [a, b] : [b, a]
  if (fewer.length === 0 || crossing >= Math.max(2, 0.3 * fewer.length)) return false
  const matched = fewer.filter((baseline) => more.some((other) => Math.abs(other - baseline) < 0.3 * size)).length
  return matched < 0.5 * fewer.length && fewer.length >= 4
}

/** Parts at a small white band when one of the parts can then be parted at a gutter: a heading over two columns. */
function byHeading(segments: readonly Segment[], lines: Lines): Segment[][] | undefined {
  if (segments.length > mostSegments) return undefined
  const limit = 0.5 * medianSize(segments)
  const sorted = segments.toSorted((a, b) => a.top - b.top)
  const candidates: number[] = []
  let bottom = -Infinity
  for (const [index, segment] of sorted.entries()) {
    if (index > 0 && segment.top - bottom > limit) candidates.push(index)
    bottom = Math.max(bottom, segment.bottom)
  }
  if (candidates.length > 80) return undefined
  const gain = (part: readonly Segment[]) => {
    const parted = part.length >= 6 && (byGutter(part, lines, true) ?? byGutter(part, lines, false))
    return parted ? part.length : 0
  }
  let best: { index: number; gain: number } | undefined
  for (const index of candidates) {
    const sum = gain(sorted.slice(0, index)) + gain(sorted.slice(index))
    if (sum > (best?.gain ?? 0)) best = { index, gain: sum }
  }
  return best === undefined ? undefined : [sorted.slice(0, best.index), sorted.slice(best.index)]
}
