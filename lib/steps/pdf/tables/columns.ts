import { segmentOf } from './segments.ts'
import type { Segment } from './words.ts'

/** Where a column is. */
export interface Column {
  left: number
  right: number
}

/**
 * The columns that the segments of lines stand in. Lines with the most segments say it first, the others widen columns, or add one where
 * none is. Single segments say nothing: they may be titles.
 */
export function columnsOf(lines: readonly (readonly Segment[])[]): Column[] {
  const columns: Column[] = []
  const order = lines
    .filter((line) => line.length >= 2)
    .map((line, index) => ({ line, index }))
    .toSorted((a, b) => b.line.length - a.line.length || a.index - b.index)
  for (const { line } of order) {
    for (const segment of line) {
      const hit = columns.filter((column) => overlaps(column, segment))
      const only = hit[0]
      if (only === undefined) {
        columns.push({ left: segment.left, right: segment.right })
        columns.sort((a, b) => a.left - b.left)
      } else if (hit.length === 1) {
        const at = columns.indexOf(only)
        only.left = Math.max(Math.min(only.left, segment.left), columns[at - 1]?.right ?? -Infinity)
        only.right = Math.min(Math.max(only.right, segment.right), columns[at + 1]?.left ?? Infinity)
      }
    }
  }
  return columns
}

/** Whether they stand under each other, by more than a sliver. */
export function overlaps(a: Column, b: Column): boolean {
  const shared = Math.min(a.right, b.right) - Math.max(a.left, b.left)
  return shared > Math.min(2, 0.25 * Math.min(a.right - a.left, b.right - b.left))
}

/** First and last column of a segment. Between columns, the nearest one. */
export function spanOf(columns: readonly Column[], segment: Column): [number, number] {
  let first = -1
  let last = -1
  for (const [index, column] of columns.entries()) {
    if (!overlaps(column, segment)) continue
    if (first < 0) first = index
    last = index
  }
  if (first >= 0) return [first, last]
  let nearest = 0
  let distance = Infinity
  for (const [index, column] of columns.entries()) {
    const away = Math.max(column.left - segment.right, segment.left - column.right)
    if (away < distance) {
      distance = away
      nearest = index
    }
  }
  return [nearest, nearest]
}

const valueLike = /^[≥≤<>±+−–-]?\s?\d[\d.,]*\s?[%°]?[A-Za-z]{0,3}$|^[-–—]$|^(STC|NOCT|NMOT|BNPI|BSTC)$/

/** Texts of neighbouring columns that stand as close as words do are parted where the other lines have their columns. */
export function partByColumns(segments: readonly Segment[], columns: readonly Column[]): Segment[] {
  return segments.flatMap((segment) => {
    const [first, last] = spanOf(columns, segment)
    if (first === last || segment.words.length < 2) return [segment]
    return piecesByColumn(segment, columns, first, last) ?? labelAndValue(segment, columns, first) ?? [segment]
  })
}

function piecesByColumn(
  segment: Segment,
  columns: readonly Column[],
  first: number,
  last: number,
): Segment[] | undefined {
  const pieces: { words: Segment['words']; column: number }[] = []
  for (const word of segment.words) {
    const [from, to] = spanOf(columns, word)
    if (from !== to) return undefined
    const open = pieces.at(-1)
    if (open?.column === from) open.words.push(word)
    else pieces.push({ words: [word], column: from })
  }
  const parts = pieces.map((piece) => ({ segment: segmentOf(piece.words), column: columns[piece.column] }))
  const text = (part: Segment) => part.words.map((word) => word.text).join(' ')
  const values = parts.every((part) => valueLike.test(text(part.segment)))
  // a header of several lines: in every column a word or two in its middle or at its edge
  const header = () =>
    pieces.length === last - first + 1 &&
    parts.every(
      (part) => part.segment.words.length <= 2 && part.column !== undefined && inPlace(part.segment, part.column),
    )
  return values || header() ? parts.map((part) => part.segment) : undefined
}

function inPlace(segment: Segment, column: Column): boolean {
  const off = Math.abs(segment.left + segment.right - column.left - column.right) / 2
  return off < 3 || Math.abs(segment.left - column.left) < 2 || Math.abs(segment.right - column.right) < 2
}

/** A label that reaches so near to its value that they look like one text: the value begins where its column does. */
function labelAndValue(segment: Segment, columns: readonly Column[], first: number): Segment[] | undefined {
  const label = columns[first]
  const end = columns.at(-1)
  const edges = columns.slice(first + 1).map((column) => column.left)
  if (label === undefined || end === undefined || first !== 0 || Math.abs(segment.left - label.left) > 2)
    return undefined
  if (segment.right > end.right + 2 || /^[*†¹²³(\d]/.test(segment.words[0]?.text ?? '')) return undefined
  const at = segment.words.findIndex(
    (word, index) => index > 0 && edges.some((edge) => Math.abs(word.left - edge) < 1.2),
  )
  if (at < 0) return undefined
  return [segmentOf(segment.words.slice(0, at)), segmentOf(segment.words.slice(at))]
}
