import { around } from '../read/boxes.ts'
import { cellText } from './cell-text.ts'
import { type Column, columnsOf, partByColumns, spanOf } from './columns.ts'
import type { TableCell, TableRow } from './model.ts'
import { lineText, type Segment } from './words.ts'

/** A line of segments. */
export interface TextLine {
  segments: Segment[]
  baseline: number
  size: number
}

/** Segments in lines, from top to bottom; what is a third of a letter apart is one line. */
export function textLines(segments: readonly Segment[]): TextLine[] {
  const lines: TextLine[] = []
  for (const segment of segments.toSorted((a, b) => a.baseline - b.baseline || a.left - b.left)) {
    const line = lines.at(-1)
    if (line !== undefined && segment.baseline - line.baseline <= 0.35 * Math.min(line.size, segment.size)) {
      line.segments.push(segment)
      line.size = Math.max(line.size, segment.size)
    } else lines.push({ segments: [segment], baseline: segment.baseline, size: segment.size })
  }
  for (const line of lines) line.segments.sort((a, b) => a.left - b.left)
  return lines
}

/** Rows of cells out of lines that stand under each other; `rules` are the heights of lines drawn between them. */
export function alignRows(
  lines: readonly TextLine[],
  rules: readonly number[],
): { columns: Column[]; rows: TableRow[] } {
  const columns = columnsOf(lines.map((line) => line.segments))
  if (columns.length < 2) return { columns, rows: [] }
  const parted = lines.map((line) => ({ ...line, segments: partByColumns(line.segments, columns) }))
  const bands = bandsOf(parted, rules)
  const pitch = pitchOf(parted)
  const groups = bands.flatMap((band) => groupsOf(band.lines, columns, band.ruled, pitch))
  return { columns, rows: groups.map((group) => rowOf(group, columns)) }
}

interface Band {
  lines: TextLine[]
  /** Lines are drawn around every few lines of text, so what is between two of them is one row. */
  ruled: boolean
}

function bandsOf(lines: readonly TextLine[], rules: readonly number[]): Band[] {
  const bands: TextLine[][] = []
  let open: TextLine[] = []
  let next = 0
  const sorted = rules.toSorted((a, b) => a - b)
  for (const line of lines) {
    let crossed = false
    while (next < sorted.length && (sorted[next] ?? 0) < line.baseline - 0.3 * line.size) {
      next += 1
      crossed = true
    }
    if (crossed && open.length > 0) {
      bands.push(open)
      open = []
    }
    open.push(line)
  }
  if (open.length > 0) bands.push(open)
  const counts = bands.map((band) => band.length).toSorted((a, b) => a - b)
  const dense = bands.length >= 3 && (counts[Math.floor(counts.length / 2)] ?? 9) <= 4
  return bands.map((band) => ({ lines: band, ruled: dense && band.length <= 10 }))
}

function pitchOf(lines: readonly TextLine[]): number {
  const steps: number[] = []
  for (const [index, line] of lines.entries()) {
    const before = lines[index - 1]
    if (before !== undefined && line.segments.length >= 2 && before.segments.length >= 2) {
      steps.push(line.baseline - before.baseline)
    }
  }
  steps.sort((a, b) => a - b)
  return steps[Math.floor(steps.length / 2)] ?? 1.6 * (lines[0]?.size ?? 8)
}

const number = /\d/
const words = /\p{L}{3}/u

function valuesIn(line: TextLine): number {
  return line.segments.filter((segment) => {
    const text = lineText(segment.words)
    return number.test(text) && !words.test(text)
  }).length
}

function groupsOf(lines: readonly TextLine[], columns: readonly Column[], ruled: boolean, pitch: number): TextLine[][] {
  if (lines.length === 1) return [[...lines]]
  if (ruled) {
    // a title or a note that lies over the columns is no part of the row beside it
    const over = lines.findIndex((line) => !liesOver(line, columns))
    const under = lines.findLastIndex((line) => !liesOver(line, columns))
    if (over > 0 || (under >= 0 && under < lines.length - 1)) {
      const alone = (line: TextLine) => [line]
      return [
        ...lines.slice(0, over).map(alone),
        ...groupsOf(lines.slice(over, under + 1), columns, ruled, pitch),
        ...lines.slice(under + 1).map(alone),
      ]
    }
    const full = lines.filter((line) => valuesIn(line) >= 2)
    if (full.length === 1) return besideFull(lines, full[0], columns)
    if (full.length < 2) {
      const labelled = lines.filter(
        (line) =>
          line.segments.length > 1 && line.segments[0] !== undefined && spanOf(columns, line.segments[0])[0] === 0,
      )
      const spaced = labelled.every(
        (line, index) => index === 0 || line.baseline - (labelled[index - 1]?.baseline ?? 0) > 1.36 * line.size,
      )
      return labelled.length > 1 && spaced ? gather(lines, labelled) : [[...lines]]
    }
    // several rows of values between two lines: what stands between them belongs to all
    return gather(lines, full)
  }
  const groups: TextLine[][] = []
  for (const [index, line] of lines.entries()) {
    const group = groups.at(-1)
    const before = group?.at(-1)
    const next = lines[index + 1]
    const last = group !== undefined && before !== undefined ? { group, before } : undefined
    if (last === undefined || beginsNext(last.before, line, next, columns)) groups.push([line])
    else if (goesOn(last.group, last.before, line, next, columns, pitch)) last.group.push(line)
    else groups.push([line])
  }
  return groups
}

/** A row of values with its wrapped label; a line of text further away, which begins where labels do, is a row of its own. */
function besideFull(lines: readonly TextLine[], full: TextLine | undefined, columns: readonly Column[]): TextLine[][] {
  const groups: TextLine[][] = []
  for (const [index, line] of lines.entries()) {
    const before = lines[index - 1]
    const step = before === undefined ? 0 : line.baseline - before.baseline
    const labels = [line, before].every(
      (part) => part?.segments[0] !== undefined && spanOf(columns, part.segments[0])[0] === 0,
    )
    const apart = step > 1.5 * line.size && labels && (line === full || before === full)
    const open = groups.at(-1)
    if (open === undefined || apart) groups.push([line])
    else open.push(line)
  }
  return groups
}

function liesOver(line: TextLine, columns: readonly Column[]): boolean {
  const only = line.segments.length === 1 ? line.segments[0] : undefined
  if (only === undefined) return false
  const [first, last] = spanOf(columns, only)
  return first === 0 && last >= 1 && (last >= 2 || columns.length === 2)
}

function gather(lines: readonly TextLine[], full: readonly TextLine[]): TextLine[][] {
  const groups = full.map((line) => [line])
  for (const line of lines) {
    if (full.includes(line)) continue
    let best = 0
    for (const [index, candidate] of full.entries()) {
      if (Math.abs(candidate.baseline - line.baseline) < Math.abs((full[best]?.baseline ?? 0) - line.baseline))
        best = index
    }
    groups[best]?.push(line)
  }
  for (const group of groups) group.sort((a, b) => a.baseline - b.baseline)
  return groups
}

const startsRow = (line: TextLine, columns: readonly Column[]) =>
  line.segments[0] !== undefined && spanOf(columns, line.segments[0])[0] === 0

/** Whether a line is the top of a wrapped cell whose row has its label in the middle: nearer to the line below than to the one above. */
function beginsNext(before: TextLine, line: TextLine, next: TextLine | undefined, columns: readonly Column[]): boolean {
  if (next === undefined || startsRow(line, columns) || valuesIn(line) >= 2) return false
  const below = next.baseline - line.baseline
  const above = line.baseline - before.baseline
  return below < 1.32 * line.size && above > 1.15 * below
}

/** Whether a line belongs to the row before it. */
function goesOn(
  group: readonly TextLine[],
  before: TextLine,
  line: TextLine,
  next: TextLine | undefined,
  columns: readonly Column[],
  pitch: number,
): boolean {
  const step = line.baseline - before.baseline
  const size = Math.max(line.size, before.size)
  // lines that are not one under the other but beside each other: a label of two lines and its value between them
  if (step < 0.75 * size && apart(group, line, columns)) return true
  if (step < 1.32 * size && startsRow(line, columns) && !group.some((row) => startsRow(row, columns))) return true
  if (valuesIn(line) >= 2 || step > Math.max(1.15 * pitch, 1.45 * size)) return false
  const first = line.segments[0]
  if (first === undefined) return false
  const inFirst = spanOf(columns, first)[0] === 0
  const tight = step < 0.86 * pitch && step < 1.35 * size
  if (!inFirst) {
    const used = new Set(group.flatMap((row) => row.segments.map((segment) => spanOf(columns, segment)[0])))
    if (!line.segments.every((segment) => used.has(spanOf(columns, segment)[0]))) return false
    if (line.segments.length > 1 && line.segments.length * 2 > columns.length) return false
    // the other half of a value of two lines around the middle of its label
    if (next !== undefined && next.baseline - line.baseline < 0.75 * size) return false
    return tight || !valuesOnly(line) || step <= 1.3 * size
  }
  if (line.segments.length > 1 && group.some((row) => row.segments.length > 1)) return false
  const sameStyle = before.segments[0]?.bold === first.bold && Math.abs(before.size - line.size) < 0.6
  const text = lineText(first.words)
  const earlier = lineText(before.segments[0]?.words ?? [])
  const open = earlier.split('(').length > earlier.split(')').length
  const wraps = open || /^\p{Ll}/u.test(text) || /[-/,]$/.test(earlier)
  if (spanOf(columns, before.segments[0] ?? first)[0] !== 0) return false
  return (
    sameStyle && (wraps || (tight && group.every((row) => row.segments.length === 1 || line.segments.length === 1)))
  )
}

function valuesOnly(line: TextLine): boolean {
  return valuesIn(line) === line.segments.length
}

/** Whether the line stands in other columns than the last line of the row. */
function apart(group: readonly TextLine[], line: TextLine, columns: readonly Column[]): boolean {
  const before = group.at(-1)
  if (before === undefined) return false
  const used = new Set(before.segments.map((segment) => spanOf(columns, segment)[0]))
  return line.segments.every((segment) => !used.has(spanOf(columns, segment)[0]))
}

function rowOf(group: readonly TextLine[], columns: readonly Column[]): TableRow {
  const spans = new Map<string, { first: number; last: number; segments: Segment[] }>()
  const all = group.flatMap((line) => line.segments)
  for (const segment of all) {
    const [first, last] = spanOf(columns, segment)
    const overlapping = [...spans.values()].find((span) => span.first <= last && span.last >= first)
    if (overlapping === undefined) spans.set(`${first}`, { first, last, segments: [segment] })
    else {
      overlapping.segments.push(segment)
      overlapping.first = Math.min(overlapping.first, first)
      overlapping.last = Math.max(overlapping.last, last)
    }
  }
  const cells: TableCell[] = [...spans.values()]
    .toSorted((a, b) => a.first - b.first)
    .map(({ first, last, segments }) => cellOf(segments, first, last))
  const only = all.length > 0 && cells.length === 1 ? cells[0] : undefined
  const section = only !== undefined && (only.column === 0 || only.colSpan > 1) && !/^\W*\d[\d.,]*\W*$/.test(only.text)
  return { cells, section }
}

function cellOf(segments: readonly Segment[], first: number, last: number): TableCell {
  const inside = segments.flatMap((segment) => segment.words)
  return {
    text: cellText(inside),
    box: around(segments),
    column: first,
    rowSpan: 1,
    colSpan: last - first + 1,
    header: false,
    bold: segments.every((segment) => segment.bold),
  }
}
