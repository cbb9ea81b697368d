import { blank, type Cell, type Grid, type Row } from './grid.ts'
import { parseDecimal, withoutFootnotes } from './number.ts'
import { clean } from './text.ts'
import { withoutUnits } from './unit.ts'

/** A table told apart into what it says of itself and its rows. */
export interface Sheet {
  /** Rows above the header that hold one text across the table. */
  titles: string[]
  /** Text of each column's header, of all header rows from top to bottom. */
  columns: string[]
  headerRows: string[][]
  body: Row[]
}

/** Texts of a row's cells, each spanning cell once. */
export function ownTexts(cells: readonly Cell[]): string[] {
  return [...new Set(cells)].map((cell) => cell.text).filter((text) => text !== '')
}

/** Whether a row holds one text only, from its first place on, over its width or beside blank cells. */
export function isLine({ cells }: Row): boolean {
  return cells.length > 1 && cells[0]?.text !== '' && new Set(cells.filter(({ text }) => text !== '')).size === 1
}

/** Whether a row is one cell over the width of the table: a section or a note, and surely no row with blank values. */
export function isSpanning({ cells, lone }: Row): boolean {
  return lone && cells[0] !== undefined && cells[0].text !== '' && cells[1] === cells[0]
}

/**
 * Tells titles, header and body apart. The header is: the rows of `thead`; else the first rows made of `th`; else the first row. A
 * second row belongs to it when it divides what the first one spans or leaves blank. `rows` overrules what is found.
 */
export function readSheet(grid: Grid, rows?: number): Sheet {
  const all = grid.rows.filter(({ cells }) => cells.some((cell) => cell.text !== ''))
  let start = 0
  const titles: string[] = []
  for (let row = all[start]; row !== undefined && isLine(row); row = all[start]) {
    titles.push(ownTexts(row.cells).join(' '))
    start += 1
  }
  const depth = rows ?? headerDepth(all, start)
  const header = all.slice(start, start + depth).map(({ cells }) => cells)
  return {
    titles,
    columns: columnTexts(header, grid.columns),
    headerRows: header.map((cells) => cells.map((cell) => cell.text)),
    body: all.slice(start + depth),
  }
}

function headerDepth(rows: readonly Row[], start: number): number {
  const first = rows[start]
  if (first === undefined) return 0
  let depth = 1
  if (first.inHead) while (rows[start + depth]?.inHead === true) depth += 1
  else if (allHeads(first)) while (allHeads(rows[start + depth])) depth += 1
  for (let next = rows[start + depth]; next !== undefined; next = rows[start + depth]) {
    const above = rows[start + depth - 1]
    if (above === undefined || depth >= 4 || !(divides(above.cells, next.cells) || holdsUnits(next.cells))) break
    depth += 1
  }
  return depth
}

const allHeads = (row: Row | undefined) =>
  row !== undefined && ownTexts(row.cells).length > 1 && row.cells.every((cell) => cell.heads || cell.text === '')

/** Whether a row says units and nothing else. */
const holdsUnits = (cells: readonly Cell[]) =>
  cells.some(({ text }) => text !== '') && cells.every(({ text }) => withoutUnits(text) === '')

/** Whether a row goes on with the header above it: it has words where that one spans several columns or is blank, and no number. */
function divides(above: readonly Cell[], below: readonly Cell[]): boolean {
  if (ownTexts(below).length < 2 || below.some((cell) => isNumber(cell.text))) return false
  return below.some((cell, at) => {
    if (cell.text === '' || cell === above[at]) return false
    const spanned =
      above[at] !== undefined && above[at] !== blank && (above[at - 1] === above[at] || above[at + 1] === above[at])
    const apart = below[at - 1] !== cell && below[at + 1] !== cell
    return (spanned && apart) || (above[at]?.text === '' && at > 0)
  })
}

/** A number, perhaps with a unit beside it. */
const isNumber = (text: string) =>
  parseDecimal(withoutFootnotes(text).replace(/^R\$\s?|\s?(?:%|R\$.*|\/.*)$/g, '')) !== undefined

function columnTexts(header: readonly (readonly Cell[])[], columns: number): string[] {
  return Array.from({ length: columns }, (_, at) => {
    const texts: string[] = []
    header.forEach((cells, level) => {
      let cell = cells[at]
      // In a header of several rows a blank place belongs to the cell on its left, as readers see it.
      const upper = level < header.length - 1
      for (let left = at - 1; upper && left >= 0 && cell !== undefined && cell.text === ''; left--) cell = cells[left]
      if (cell !== undefined && cell.text !== '' && texts.at(-1) !== cell.text) texts.push(cell.text)
    })
    return clean(texts.join(' '))
  })
}
