import { around } from '../read/boxes.ts'
import type { Box } from '../read/model.ts'
import { cellText } from './cell-text.ts'
import type { Frame, Line } from './lines.ts'
import type { TableCell, TableRow } from './model.ts'
import type { Word } from './words.ts'

/** Where the lines of a frame are, each once. */
export interface Grid {
  xs: number[]
  ys: number[]
  /** Boxes of cells in rows and columns of the grid; `r1` and `c1` are one past the end. */
  cells: GridCell[]
}

export interface GridCell {
  r0: number
  r1: number
  c0: number
  c1: number
  words: Word[]
}

const same = 3
const mostCells = 12_000

/** The grid that the lines of a frame draw; undefined when it is none, or too large to be a table. */
export function gridOf(frame: Frame): Grid | undefined {
  const ys = positions(frame.horizontal, [frame.box.top, frame.box.bottom])
  const xs = positions(frame.vertical, [frame.box.left, frame.box.right])
  const rows = ys.length - 1
  const columns = xs.length - 1
  if (rows < 1 || columns < 2 || rows * columns > mostCells) return undefined
  const group = Array.from({ length: rows * columns }, (_, index) => index)
  const find = (index: number): number => {
    let at = index
    while (group[at] !== at) at = group[at] ?? at
    return at
  }
  const near = (lines: readonly Line[], edges: readonly number[]) =>
    edges.map((at) => lines.filter((line) => Math.abs(line.at - at) <= same))
  const upright = near(frame.vertical, xs)
  const flat = near(frame.horizontal, ys)
  const wall = (lines: readonly Line[] | undefined, middle: number) =>
    lines?.some((line) => line.from - 1 <= middle && line.to + 1 >= middle) ?? false
  for (let row = 0; row < rows; row += 1) {
    const y = middleOf(ys, row)
    for (let column = 0; column < columns; column += 1) {
      const index = row * columns + column
      const x = middleOf(xs, column)
      if (column + 1 < columns && !wall(upright[column + 1], y)) group[find(index + 1)] = find(index)
      if (row + 1 < rows && !wall(flat[row + 1], x)) group[find(index + columns)] = find(index)
    }
  }
  const boxes = new Map<number, GridCell & { size: number }>()
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const root = find(row * columns + column)
      const cell = boxes.get(root)
      if (cell === undefined) boxes.set(root, { r0: row, r1: row + 1, c0: column, c1: column + 1, words: [], size: 1 })
      else {
        cell.r0 = Math.min(cell.r0, row)
        cell.r1 = Math.max(cell.r1, row + 1)
        cell.c0 = Math.min(cell.c0, column)
        cell.c1 = Math.max(cell.c1, column + 1)
        cell.size += 1
      }
    }
  }
  const cells: GridCell[] = []
  for (const [root, { size, ...cell }] of boxes) {
    if (size === (cell.r1 - cell.r0) * (cell.c1 - cell.c0)) cells.push(cell)
    else cells.push(...strips(cell, (row, column) => find(row * columns + column) === root))
  }
  return { xs, ys, cells }
}

/** A region that is no rectangle, row by row. */
function strips(cell: GridCell, inside: (row: number, column: number) => boolean): GridCell[] {
  const result: GridCell[] = []
  for (let row = cell.r0; row < cell.r1; row += 1) {
    let from: number | undefined
    for (let column = cell.c0; column <= cell.c1; column += 1) {
      const here = column < cell.c1 && inside(row, column)
      if (here && from === undefined) from = column
      if (!here && from !== undefined) {
        result.push({ r0: row, r1: row + 1, c0: from, c1: column, words: [] })
        from = undefined
      }
    }
  }
  return result
}

function positions(lines: readonly Line[], edges: readonly number[]): number[] {
  const sorted = [...lines.map((line) => line.at), ...edges].toSorted((a, b) => a - b)
  const result: { sum: number; count: number; first: number }[] = []
  for (const at of sorted) {
    const last = result.at(-1)
    if (last !== undefined && at - last.first <= same) {
      last.sum += at
      last.count += 1
    } else result.push({ sum: at, count: 1, first: at })
  }
  return result.map(({ sum, count }) => sum / count)
}

function middleOf(edges: readonly number[], index: number): number {
  return ((edges[index] ?? 0) + (edges[index + 1] ?? 0)) / 2
}

/** Puts words into the cells that their middles lie in. The words that were taken. */
export function fillGrid(grid: Grid, words: readonly Word[]): Set<Word> {
  const rows = grid.ys.length - 1
  const columns = grid.xs.length - 1
  const at: (GridCell | undefined)[] = new Array<GridCell | undefined>(rows * columns)
  for (const cell of grid.cells) {
    cell.words = []
    for (let row = cell.r0; row < cell.r1; row += 1) {
      for (let column = cell.c0; column < cell.c1; column += 1) at[row * columns + column] = cell
    }
  }
  const taken = new Set<Word>()
  for (const word of words) {
    const row = indexOf(grid.ys, (word.top + word.bottom) / 2)
    const column = indexOf(grid.xs, (word.left + word.right) / 2)
    const cell = row < 0 || column < 0 ? undefined : at[row * columns + column]
    if (cell === undefined) continue
    cell.words.push(word)
    taken.add(word)
  }
  return taken
}

function indexOf(edges: readonly number[], value: number): number {
  for (let index = 0; index + 1 < edges.length; index += 1) {
    if (value >= (edges[index] ?? 0) && value < (edges[index + 1] ?? 0)) return index
  }
  return -1
}

/** The rows of a filled grid. */
export function rowsOfGrid(grid: Grid): TableRow[] {
  const columns = grid.xs.length - 1
  const rows: TableRow[] = []
  for (let row = 0; row + 1 < grid.ys.length; row += 1) {
    const cells = grid.cells
      .filter((cell) => cell.r0 === row)
      .toSorted((a, b) => a.c0 - b.c0)
      .map((cell) => tableCell(grid, cell))
    const only = cells[0]
    const section = cells.length === 1 && only !== undefined && only.colSpan === columns && only.rowSpan === 1
    rows.push({ cells, section: section && columns > 1 && only.text !== '' })
  }
  return rows
}

function tableCell(grid: Grid, cell: GridCell): TableCell {
  const box: Box = {
    left: grid.xs[cell.c0] ?? 0,
    right: grid.xs[cell.c1] ?? 0,
    top: grid.ys[cell.r0] ?? 0,
    bottom: grid.ys[cell.r1] ?? 0,
  }
  const { words } = cell
  const letters = words.reduce((sum, word) => sum + word.text.length, 0)
  const bold = words.reduce((sum, word) => sum + (word.bold ? word.text.length : 0), 0)
  return {
    text: cellText(words),
    box: words.length > 0 ? around(words) : box,
    column: cell.c0,
    rowSpan: cell.r1 - cell.r0,
    colSpan: cell.c1 - cell.c0,
    header: false,
    bold: letters > 0 && bold * 2 > letters,
  }
}
