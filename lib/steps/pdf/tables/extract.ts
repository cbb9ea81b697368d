import { around } from '../read/boxes.ts'
import type { PdfPage } from '../read/model.ts'
import { alignRows, type TextLine, textLines } from './align.ts'
import { blocksOf, medianSize } from './blocks.ts'
import { columnsOf, spanOf } from './columns.ts'
import { extendFramed, type Framed, framedTables } from './framed.ts'
import { markHeaders } from './headers.ts'
import { framesOf, type Lines, linesOf } from './lines.ts'
import type { PdfTable } from './model.ts'
import { segmentsOf } from './segments.ts'
import { stacked } from './stack.ts'
import { taggedTables } from './tagged.ts'
import { lineText, type Segment, wordsOf } from './words.ts'

/** A page with more words than this holds no table that a person reads. */
const mostWords = 30_000

/**
 * The tables of a page, from top to bottom: what lines and fills draw, then what a tagged document calls a table, then what stands in
 * columns. The same page always gives the same tables.
 */
export function tablesOf(page: PdfPage): PdfTable[] {
  const words = wordsOf(page)
  if (words.length > mostWords) return []
  const cut = wordsOf(page, page.cut)
  const lines = linesOf(page)
  const framed = framesOf(lines)
    .flatMap((frame) => framedTables(frame, words, page.number, cut))
    .toSorted((a, b) => a.table.box.top - b.table.box.top || a.table.box.left - b.table.box.left)
  const outer = framed.filter((table) => !framed.some((other) => other !== table && inside(table, other)))
  const taken = new Set(outer.flatMap((table) => [...table.words]))
  const tagged = taggedTables(
    page,
    words.filter((word) => !taken.has(word)),
  )
  for (const table of tagged) for (const word of table.words) taken.add(word)
  let rest = segmentsOf(
    words.filter((word) => !taken.has(word)),
    wallsOf(lines),
  )
  const segments = rest
  for (const table of outer) {
    const extended = extendFramed(table, rest)
    rest = rest.filter((segment) => !extended.has(segment))
  }
  const drawn = stacked(outer, rest)
  rest = rest.filter((segment) => !drawn.taken.has(segment))
  const aligned = blocksOf(rest, lines).flatMap((block) => alignedTables(block, lines, page.number))
  const tables = [...drawn.tables, ...tagged.map((item) => item.table), ...aligned]
  for (const table of tables) {
    markHeaders(table)
    const title = titleOf(table, tables, segments)
    if (title !== '') table.title = title
  }
  return tables.toSorted((a, b) => a.box.top - b.box.top || a.box.left - b.box.left)
}

/** The lines right above a table that are in no table. */
function titleOf(table: PdfTable, tables: readonly PdfTable[], segments: readonly Segment[]): string {
  const { box } = table
  const above = segments.filter((segment) => {
    if (segment.baseline > box.top + 1 || box.top - segment.baseline > 60) return false
    if (segment.right < box.left || segment.left > box.right) return false
    const y = (segment.top + segment.bottom) / 2
    const x = (segment.left + segment.right) / 2
    const within = ({ box: other }: PdfTable) => y > other.top && y < other.bottom && x > other.left && x < other.right
    return !tables.some(within)
  })
  const lines: string[] = []
  let top = box.top
  for (const line of textLines(above).toReversed()) {
    if (lines.length === 2 || top - line.baseline > 2.4 * line.size) break
    const text = line.segments.map((segment) => lineText(segment.words)).join(' ')
    if (text.length > 200) break
    lines.unshift(text)
    top = Math.min(...line.segments.map((segment) => segment.top))
  }
  return lines.join(' ')
}

function inside(table: Framed, other: Framed): boolean {
  const a = table.table.box
  const b = other.table.box
  return a.left >= b.left - 1 && a.right <= b.right + 1 && a.top >= b.top - 1 && a.bottom <= b.bottom + 1
}

function wallsOf(lines: Lines) {
  return lines.vertical.map((line) => ({ x: line.at, top: line.from, bottom: line.to }))
}

/** The tables in a block: runs of lines with several segments, parted at headings. */
function alignedTables(block: readonly Segment[], lines: Lines, page: number): PdfTable[] {
  const size = medianSize(block)
  const tables: PdfTable[] = []
  for (const run of runsOf(textLines(block), size).flatMap(byStructure)) {
    const segments = run.flatMap((line) => line.segments)
    const box = around(segments)
    const rules = lines.horizontal
      .filter((line) => line.at > box.top - 1 && line.at < box.bottom + 1)
      .filter((line) => Math.min(line.to, box.right) - Math.max(line.from, box.left) > 0.5 * (box.right - box.left))
      .map((line) => line.at)
    const { columns, rows } = alignRows(run, rules)
    const table: PdfTable = { page, box, by: 'alignment', columns: columns.length, rows }
    if (isTable(table)) tables.push(table)
  }
  return tables
}

/** Runs of lines between headings, without single lines at their ends. */
function runsOf(lines: readonly TextLine[], size: number): TextLine[][] {
  const runs: TextLine[][] = [[]]
  for (const line of lines) {
    const heading = isHeading(line, size)
    if (heading) runs.push([])
    else runs.at(-1)?.push(line)
  }
  return runs
    .map((run) => {
      const first = run.findIndex((line) => line.segments.length > 1)
      const last = run.findLastIndex((line) => line.segments.length > 1)
      return first < 0 ? [] : run.slice(first - (staggered(run, first) ? 1 : 0), last + 2)
    })
    .filter((run) => run.length > 0)
}

/** Whether the line before the first one of several segments is half a line higher: the top of a wrapped cell. */
function staggered(run: readonly TextLine[], first: number): boolean {
  const line = run[first]
  const before = run[first - 1]
  return line !== undefined && before !== undefined && line.baseline - before.baseline < 0.75 * line.size
}

/** Parts a run at single lines where the columns below are other ones than those above. */
function byStructure(run: TextLine[]): TextLine[][] {
  const parts: TextLine[][] = []
  let open: TextLine[] = []
  for (const [index, line] of run.entries()) {
    const several = open.filter((other) => other.segments.length > 1).length
    if (line.segments.length <= 2 && several >= 2) {
      const below = run.slice(index + 1)
      const end = below.findIndex((other, at) => other.segments.length === 1 && at > 2)
      const above = columnsOf(open.map((other) => other.segments))
      const next = columnsOf((end < 0 ? below : below.slice(0, end)).map((other) => other.segments))
      const wide = line.segments.every((segment) => {
        const [first, last] = spanOf(above, segment)
        return first < last || line.segments.length === 1
      })
      if (wide && next.length >= 2 && Math.abs(next.length - above.length) >= 2) {
        parts.push(open)
        open = []
      }
    }
    open.push(line)
  }
  parts.push(open)
  return parts
}

/** A title: larger than the rest, or in capitals and bold; what has a digit may be a row of classes. */
function isHeading(line: TextLine, size: number): boolean {
  if (line.segments.length === 1 && line.size > 1.25 * size) return true
  if (line.segments.length > 2) return false
  const text = line.segments.map((segment) => lineText(segment.words)).join(' ')
  const capitals =
    /\p{Lu}{4}/u.test(text) && !/\d/.test(text) && text.replace(/\p{Ll}/gu, '').length > 0.8 * text.length
  return capitals && (line.size > 1.05 * size || line.segments.every((segment) => segment.bold))
}

function isTable(table: PdfTable): boolean {
  const several = table.rows.filter((row) => row.cells.length >= 2)
  if (table.columns < 2 || several.length < 2) return false
  const filled = several.flatMap((row) => row.cells).reduce((sum, cell) => sum + cell.colSpan, 0)
  if (filled < 0.35 * several.length * table.columns) return false
  const named = several.filter((row) => row.cells.some((cell) => /\p{L}/u.test(cell.text)))
  if (named.length < 0.3 * several.length) return false
  const wide = several.flatMap((row) => row.cells).filter((cell) => cell.text.length > 140).length
  const over = table.rows.filter((row) => row.cells.length === 1 && row.cells[0]?.colSpan === table.columns).length
  return wide < 0.4 * several.length && over <= several.length
}
