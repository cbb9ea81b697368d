import { alignedSpan } from './spans.ts'
import { textLines } from './align.ts'
import { cellText } from './cell-text.ts'
import { columnsOf } from './columns.ts'
import { fillGrid, type Grid, gridOf, rowsOfGrid } from './grid.ts'
import type { Frame, Line } from './lines.ts'
import type { PdfTable, TableCell, TableRow } from './model.ts'
import { segmentsOf } from './segments.ts'
import { around, lineText, type Segment, type Word } from './words.ts'

/** A table that lines draw, where its columns are, and the words in it. */
export interface Framed {
  table: PdfTable
  xs: number[]
  words: Set<Word>
}

/** Reads a frame as a table; undefined when it holds no text in rows and columns, such as the axes of a chart. */
export function framedTable(frame: Frame, words: readonly Word[], page: number): Framed | undefined {
  const { box } = frame
  const inside = words.filter((word) => {
    const x = (word.left + word.right) / 2
    const y = (word.top + word.bottom) / 2
    return x > box.left - 1 && x < box.right + 1 && y > box.top - 1 && y < box.bottom + 1
  })
  if (inside.length < 2) return undefined
  const hard = gridOf(frame)
  if (hard === undefined) return undefined
  fillGrid(hard, inside)
  const softer = soften(frame, hard)
  const grid = softer === frame ? hard : gridOf(softer)
  if (grid === undefined) return undefined
  const taken = fillGrid(grid, inside)
  if (!looksLikeTable(grid)) return undefined
  const { rows, xs } = withoutEmpty(grid)
  return { table: { page, box, by: 'frame', columns: xs.length - 1, rows }, xs, words: taken }
}

function looksLikeTable(grid: Grid): boolean {
  const full = grid.cells.filter((cell) => cell.words.length > 0)
  const rows = new Set(full.map((cell) => cell.r0))
  const columns = new Set(full.map((cell) => cell.c0))
  if (rows.size < 1 || columns.size < 2 || full.length < 3) return false
  if (full.length < 0.3 * grid.cells.length) return false
  return full.some((cell) => /\p{L}{2}/u.test(cellText(cell.words)))
}

/** Adds the lines that nobody drew but that the words in the cells follow: values in columns within a cell, rows within a cell. */
function soften(frame: Frame, grid: Grid): Frame {
  const vertical: Line[] = []
  const horizontal: Line[] = []
  for (let column = 0; column + 1 < grid.xs.length; column += 1) {
    const cells = grid.cells.filter((cell) => cell.c0 === column && cell.c1 === column + 1 && cell.words.length > 0)
    const parts = cells.map((cell) => ({ cell, lines: textLines(segmentsOf(cell.words, [])) }))
    const several = parts.filter((part) => part.lines.some((line) => line.segments.length > 1))
    if (several.length < Math.max(2, 0.4 * parts.length)) continue
    const columns = columnsOf(several.flatMap((part) => part.lines.map((line) => line.segments)))
    for (const [index, here] of columns.entries()) {
      const next = columns[index + 1]
      if (next === undefined) break
      const at = (here.right + next.left) / 2
      for (const { cell, lines } of parts) {
        if (lines.some((line) => line.segments.some((segment) => segment.left < at && segment.right > at))) continue
        vertical.push({ at, from: grid.ys[cell.r0] ?? 0, to: grid.ys[cell.r1] ?? 0 })
      }
    }
  }
  for (let row = 0; row + 1 < grid.ys.length; row += 1) {
    const cells = grid.cells.filter((cell) => cell.r0 === row && cell.r1 === row + 1 && cell.words.length > 0)
    for (const at of rowsWithin(cells.map((cell) => segmentsOf(cell.words, [])))) {
      for (const cell of cells) {
        if (!cell.words.some((word) => word.baseline < at) || !cell.words.some((word) => word.baseline > at)) continue
        horizontal.push({ at, from: grid.xs[cell.c0] ?? 0, to: grid.xs[cell.c1] ?? 0 })
      }
    }
  }
  if (vertical.length === 0 && horizontal.length === 0) return frame
  return { box: frame.box, vertical: [...frame.vertical, ...vertical], horizontal: [...frame.horizontal, ...horizontal] }
}

/** Where to part the cells of a row that hold several lines of values beside each other. */
function rowsWithin(cells: readonly (readonly Segment[])[]): number[] {
  const lines = textLines(cells.flat())
  const full = lines.filter((line) => {
    const values = line.segments.filter((segment) => isValue(lineText(segment.words)))
    return values.length >= 2 && values.length * 2 >= cells.length
  })
  if (full.length < 2) return []
  const cuts: number[] = []
  for (const [index, line] of full.entries()) {
    const next = full[index + 1]
    if (next === undefined) break
    const top = Math.min(...next.segments.map((segment) => segment.top))
    cuts.push((line.baseline + Math.max(top, line.baseline + 0.5)) / 2)
  }
  return cuts
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
    const only = cells[0]
    result.push({ cells, section: cells.length === 1 && only !== undefined && only.colSpan === keptColumns.length && keptColumns.length > 1 })
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
      if (cells.some((cell, index) => index > 0 && cell.column < (cells[index - 1]?.column ?? 0) + (cells[index - 1]?.colSpan ?? 1))) break
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
