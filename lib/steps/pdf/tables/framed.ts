import { around } from '../read/boxes.ts'
import { type TextLine, textLines } from './align.ts'
import { cellText } from './cell-text.ts'
import { columnsOf } from './columns.ts'
import { fillGrid, type Grid, type GridCell, gridOf, rowsOfGrid } from './grid.ts'
import { type Frame, framesOf, type Line } from './lines.ts'
import type { PdfTable, TableCell, TableRow } from './model.ts'
import { segmentsOf } from './segments.ts'
import { alignedSpan } from './spans.ts'
import { lineText, type Segment, type Word } from './words.ts'

/** A table that lines draw, where its columns are, and the words in it. */
export interface Framed {
  table: PdfTable
  xs: number[]
  words: Set<Word>
}

/** How often a frame that is the layout of a page is taken apart. */
const deepest = 4

/** Reads a frame as tables. A frame around whole parts of a page is taken apart; one around a chart or a drawing holds none. */
export function framedTables(
  frame: Frame,
  words: readonly Word[],
  page: number,
  cut: readonly Word[] = [],
  depth = 0,
): Framed[] {
  const { box } = frame
  const inside = words.filter((word) => {
    const x = (word.left + word.right) / 2
    const y = (word.top + word.bottom) / 2
    return x > box.left - 1 && x < box.right + 1 && y > box.top - 1 && y < box.bottom + 1
  })
  if (inside.length < 2) return []
  const grid = softGrid(frame, inside)
  if (grid === undefined) return []
  if (isLayout(grid)) {
    if (depth >= deepest) return []
    const longest = frame.vertical.reduce((a, b) => (b.to - b.from > a.to - a.from ? b : a))
    const rest = { horizontal: frame.horizontal, vertical: frame.vertical.filter((line) => line !== longest) }
    return framesOf(rest).flatMap((part) => framedTables(part, words, page, cut, depth + 1))
  }
  if (!looksLikeTable(grid)) return []
  const taken = new Set(grid.cells.flatMap((cell) => cell.words))
  for (const cell of grid.cells) cell.words.push(...restOf(cell.words, cut))
  const { rows, xs } = withoutEmpty(grid)
  if (xs.length < 3 || rows.length === 0) return []
  return [{ table: { page, box, by: 'frame', columns: xs.length - 1, rows }, xs, words: taken }]
}

/** The grid of a frame with the lines that nobody drew but that its words follow. */
function softGrid(frame: Frame, words: readonly Word[]): Grid | undefined {
  let current = frame
  // columns found in some cells part others, and rows parted make more columns clear
  for (const more of [columnsWithin, columnsWithin, rowsWithin, columnsWithin]) {
    const grid = gridOf(current)
    if (grid === undefined) return undefined
    fillGrid(grid, words)
    current = more(current, grid)
  }
  const grid = gridOf(current)
  if (grid !== undefined) fillGrid(grid, words)
  return grid
}

/** Whether a cell holds a table of its own. */
function isLayout(grid: Grid): boolean {
  return grid.cells.some((cell) => {
    if (cell.words.length < 16) return false
    const lines = textLines(segmentsOf(cell.words, []))
    const several = lines.filter((line) => line.segments.length > 1).length
    return lines.length >= 6 && several >= 4 && several >= 0.25 * lines.length
  })
}

/** What the edge of its cell cuts off a text: words of the same marked content. */
function restOf(words: readonly Word[], cut: readonly Word[]): Word[] {
  if (cut.length === 0 || words.length === 0) return []
  const marks = new Set(words.flatMap((word) => [...word.marks]))
  return cut.filter((word) => [...word.marks].some((mark) => marks.has(mark)))
}

function looksLikeTable(grid: Grid): boolean {
  const full = grid.cells.filter((cell) => cell.words.length > 0)
  const rows = new Set(full.map((cell) => cell.r0))
  const columns = new Set(full.map((cell) => cell.c0))
  if (rows.size < 1 || columns.size < 2 || full.length < 3) return false
  if (full.length < 0.3 * grid.cells.length) return false
  return full.some((cell) => /\p{L}{2}/u.test(cellText(cell.words)))
}

/** Adds lines between values that stand beside each other in one cell. */
function columnsWithin(frame: Frame, grid: Grid): Frame {
  const vertical: Line[] = []
  const add = (at: number, cell: GridCell) =>
    vertical.push({ at, from: grid.ys[cell.r0] ?? 0, to: grid.ys[cell.r1] ?? 0 })
  for (let column = 0; column + 1 < grid.xs.length; column += 1) {
    const parts = grid.cells
      .filter((cell) => cell.c0 === column && cell.c1 === column + 1 && cell.words.length > 0)
      .map((cell) => ({ cell, lines: textLines(segmentsOf(cell.words, [])) }))
    const several = parts.filter((part) => part.lines.some((line) => line.segments.length > 1))
    if (several.length < Math.max(2, 0.4 * parts.length)) continue
    const columns = columnsOf(several.flatMap((part) => part.lines.map((line) => line.segments)))
    for (const [index, here] of columns.entries()) {
      const next = columns[index + 1]
      if (next === undefined) break
      const at = (here.right + next.left) / 2
      for (const { cell, lines } of parts) if (!crossed(lines, at)) add(at, cell)
    }
  }
  // a cell over several columns whose texts keep to them is several cells
  const weights = grid.xs.map((x) => sum(frame.vertical.filter((line) => Math.abs(line.at - x) < 4)))
  for (const cell of grid.cells) {
    if (cell.c1 - cell.c0 < 2) continue
    const lines = textLines(segmentsOf(cell.words, []))
    const clear = intervals(lines.flatMap((line) => line.segments))
    for (const [index, segment] of clear.entries()) {
      const next = clear[index + 1]
      if (next === undefined) break
      const between: number[] = []
      for (let at = cell.c0 + 1; at < cell.c1; at += 1) {
        const x = grid.xs[at] ?? 0
        if (x > segment.right - 1 && x < next.left + 1 && !crossed(lines, x)) between.push(at)
      }
      const [first] = between.toSorted((a, b) => (weights[b] ?? 0) - (weights[a] ?? 0))
      if (first !== undefined) add(grid.xs[first] ?? 0, cell)
    }
  }
  return vertical.length === 0 ? frame : { ...frame, vertical: [...frame.vertical, ...vertical] }
}

/** What segments cover together, from left to right. */
function intervals(segments: readonly Segment[]): { left: number; right: number }[] {
  const result: { left: number; right: number }[] = []
  for (const { left, right } of segments.toSorted((a, b) => a.left - b.left)) {
    const last = result.at(-1)
    if (last !== undefined && left <= last.right) last.right = Math.max(last.right, right)
    else result.push({ left, right })
  }
  return result
}

function sum(lines: readonly Line[]): number {
  return lines.reduce((length, line) => length + line.to - line.from, 0)
}

function crossed(lines: readonly TextLine[], at: number): boolean {
  return lines.some((line) => line.segments.some((segment) => segment.left < at - 0.5 && segment.right > at + 0.5))
}

/** Adds lines between rows that nothing parts but their distance. */
function rowsWithin(frame: Frame, grid: Grid): Frame {
  const horizontal: Line[] = []
  for (let row = 0; row + 1 < grid.ys.length; row += 1) {
    const cells = grid.cells.filter((cell) => cell.r0 === row && cell.r1 === row + 1 && cell.words.length > 0)
    if (cells.length < 2) continue
    for (const at of cutsIn(cells.map((cell) => segmentsOf(cell.words, [])))) {
      for (const cell of cells) {
        if (!cell.words.some((word) => word.baseline < at) || !cell.words.some((word) => word.baseline > at)) continue
        horizontal.push({ at, from: grid.xs[cell.c0] ?? 0, to: grid.xs[cell.c1] ?? 0 })
      }
    }
  }
  return horizontal.length === 0 ? frame : { ...frame, horizontal: [...frame.horizontal, ...horizontal] }
}

/** Where to part the cells of a row that hold several lines beside each other: lines of values, or lines far apart in every cell. */
function cutsIn(cells: readonly (readonly Segment[])[]): number[] {
  const lines = textLines(cells.flat())
  const values = lines.filter((line) => {
    const count = line.segments.filter((segment) => isValue(lineText(segment.words))).length
    return count >= 2 && count * 2 >= cells.length
  })
  const full = values.length >= 2 ? values : spaced(lines, cells)
  const cuts: number[] = []
  for (const [index, line] of full.entries()) {
    const next = full[index + 1]
    if (next === undefined) break
    const top = Math.min(...next.segments.map((segment) => segment.top))
    cuts.push((line.baseline + Math.max(top, line.baseline + 0.5)) / 2)
  }
  return cuts
}

/** Lines that begin in the first cell and go on in others, further apart than the lines of a wrapped text. */
function spaced(lines: readonly TextLine[], cells: readonly (readonly Segment[])[]): TextLine[] {
  const [label, ...rest] = cells
  if (label === undefined) return []
  const full = lines.filter((line) => {
    const here = new Set(line.segments)
    return label.some((segment) => here.has(segment)) && rest.some((cell) => cell.some((segment) => here.has(segment)))
  })
  const wide = full.every((line, index) => {
    const before = full[index - 1]
    return before === undefined || line.baseline - before.baseline > 1.36 * Math.max(line.size, before.size)
  })
  // names of models in bold, on two lines
  const bold = full.length === 2 && cells.every((cell) => cell.every((segment) => segment.bold))
  return wide && !bold && full.length === label.length && full.length >= 2 ? full : []
}

function isValue(text: string): boolean {
  return /\d/.test(text) && !/\p{L}{3}/u.test(text)
}

/** Takes out rows and columns in which no cell begins that has text; double lines and gaps between fills make them. */
function withoutEmpty(grid: Grid): { rows: TableRow[]; xs: number[] } {
  const rows = rowsOfGrid(grid)
  const columns = grid.xs.length - 1
  const usedColumn = Array.from({ length: columns }, () => false)
  const usedRow = rows.map(() => false)
  for (const [index, row] of rows.entries()) {
    for (const cell of row.cells) {
      const wide = (grid.xs[cell.column + 1] ?? 0) - (grid.xs[cell.column] ?? 0) > 9
      if (cell.text !== '' || (wide && cell.colSpan === 1)) usedColumn[cell.column] = true
      if (cell.text !== '') usedRow[index] = true
    }
  }
  const keptColumns = usedColumn.flatMap((used, index) => (used ? [index] : []))
  const xs = [...keptColumns.map((column) => grid.xs[column] ?? 0), grid.xs[columns] ?? 0]
  const count = (used: readonly boolean[], from: number, to: number) => used.slice(from, to).filter(Boolean).length
  const result: TableRow[] = []
  for (const [index, row] of rows.entries()) {
    if (!usedRow[index]) continue
    const cells: TableCell[] = []
    for (const cell of row.cells) {
      const colSpan = count(usedColumn, cell.column, cell.column + cell.colSpan)
      const rowSpan = count(usedRow, index, index + cell.rowSpan)
      if (colSpan === 0 || rowSpan === 0) continue
      cells.push({ ...cell, column: count(usedColumn, 0, cell.column), colSpan, rowSpan })
    }
    const full = cells.filter((cell) => cell.text !== '')
    const alone = full.length === 1 && full[0]?.column === 0 && cells.every((cell) => cell.rowSpan === 1)
    result.push({
      cells,
      section:
        alone && keptColumns.length > 1 && cells.reduce((all, cell) => all + cell.colSpan, 0) === keptColumns.length,
    })
  }
  return { rows: result, xs }
}

/**
 * Takes lines of text right above and below a frame into it that stand in its columns: a header without a line over it, a last row
 * without fill. The segments taken.
 */
export function extendFramed(framed: Framed, segments: readonly Segment[]): Set<Segment> {
  const taken = new Set<Segment>()
  const { table, xs } = framed
  const inside = segments.filter((segment) => segment.left > table.box.left - 4 && segment.right < table.box.right + 4)
  for (const up of [true, false]) {
    for (;;) {
      const lines = textLines(inside.filter((segment) => !taken.has(segment)))
      const near = up
        ? lines.findLast((line) => line.baseline < table.box.top + 1)
        : lines.find((line) => line.baseline > table.box.bottom)
      if (near === undefined || near.segments.length < 2) break
      const box = around(near.segments)
      const gap = up ? table.box.top - box.bottom : box.top - table.box.bottom
      if (gap > 1.1 * near.size) break
      const cells = near.segments.map((segment): TableCell => {
        const [first, last] = alignedSpan(xs, segment)
        return {
          text: lineText(segment.words),
          box: { left: segment.left, top: segment.top, right: segment.right, bottom: segment.bottom },
          column: first,
          rowSpan: 1,
          colSpan: last - first + 1,
          header: false,
          bold: segment.bold,
        }
      })
      if (
        cells.some(
          (cell, index) =>
            index > 0 && cell.column < (cells[index - 1]?.column ?? 0) + (cells[index - 1]?.colSpan ?? 1),
        )
      )
        break
      const row = { cells, section: false }
      if (up) table.rows.unshift(row)
      else table.rows.push(row)
      table.box = around([table.box, box])
      for (const segment of near.segments) {
        taken.add(segment)
        for (const word of segment.words) framed.words.add(word)
      }
    }
  }
  return taken
}
