import type { AnyNode, Element } from 'domhandler'
import { PipelineError } from '../../../errors.ts'
import { isElement, isShown, visibleText } from './dom.ts'

/** A cell of a table; one that spans several places stands in all of them, as the same object. */
export interface Cell {
  text: string
  /** `th`. */
  heads: boolean
}

/** A table with spans resolved: every row is as long as the longest, places without a cell hold {@link blank}. */
export interface Grid {
  rows: Row[]
  columns: number
}

export interface Row {
  cells: Cell[]
  /** Stands in `thead`. */
  inHead: boolean
  /** Has one cell only, and none reaches down into it. */
  lone: boolean
}

export const blank: Cell = { text: '', heads: false }

/** More than any price table has; a page that claims it is broken or hostile. */
const mostCells = 100_000
const mostColumns = 1_000

/** Reads a table's own rows (not those of tables inside it). Throws TABLE_TOO_LARGE. */
export function readGrid(table: Element): Grid {
  const rows: Row[] = []
  let count = 0
  for (const { inHead, elements } of rowGroups(table)) {
    /** Cells that reach down from rows above, by column, with the rows they still fill. */
    const reaching: ({ cell: Cell; left: number } | undefined)[] = []
    elements.forEach((element, index) => {
      const cells: Cell[] = []
      const spans: { at: number; cell: Cell; across: number; left: number }[] = []
      const fillReaching = () => {
        for (let up = reaching[cells.length]; up !== undefined; up = reaching[cells.length]) cells.push(up.cell)
      }
      let own = 0
      for (const child of element.children) {
        if (!isElement(child) || (child.name !== 'td' && child.name !== 'th') || !isShown(child)) continue
        fillReaching()
        const cell = { text: visibleText(child.children), heads: child.name === 'th' }
        const across = span(child.attribs.colspan, mostColumns)
        const down = Math.min(span(child.attribs.rowspan, elements.length, elements.length), elements.length - index)
        if (down > 1) spans.push({ at: cells.length, cell, across, left: down })
        for (let n = 0; n < across; n++) cells.push(cell)
        own += 1
        count += across * down
        if (count > mostCells || cells.length > mostColumns) throw tooLarge()
      }
      while (cells.length < reaching.length) cells.push(reaching[cells.length]?.cell ?? blank)
      rows.push({ cells, inHead, lone: own === 1 && new Set(cells).size === 1 })
      for (const { at, cell, across, left } of spans) for (let n = 0; n < across; n++) reaching[at + n] = { cell, left }
      reaching.forEach((up, at) => {
        if (up !== undefined && --up.left === 0) reaching[at] = undefined
      })
      while (reaching.length > 0 && reaching.at(-1) === undefined) reaching.pop()
    })
  }
  // A lone cell may claim more columns than the table has.
  const widest = (some: readonly Row[]) => some.reduce((most, { cells }) => Math.max(most, cells.length), 0)
  const columns = widest(rows.filter(({ lone }) => !lone)) || widest(rows)
  if (columns * rows.length > mostCells) throw tooLarge()
  for (const { cells } of rows) {
    cells.length = Math.min(cells.length, columns)
    while (cells.length < columns) cells.push(blank)
  }
  return { rows, columns }
}

function tooLarge(): PipelineError {
  return new PipelineError('TABLE_TOO_LARGE', `A table of the page has more than ${mostCells} cells: it is not read`)
}

function rowGroups(table: Element): { inHead: boolean; elements: Element[] }[] {
  const groups: { inHead: boolean; elements: Element[] }[] = []
  let loose: Element[] | undefined
  const rowsOf = (nodes: readonly AnyNode[]) =>
    nodes.filter((node): node is Element => isElement(node) && node.name === 'tr' && isShown(node))
  for (const child of table.children) {
    if (!isElement(child) || !isShown(child)) continue
    if (child.name === 'tr') {
      if (loose === undefined) {
        loose = []
        groups.push({ inHead: false, elements: loose })
      }
      loose.push(child)
    } else if (/^t(head|body|foot)$/.test(child.name)) {
      loose = undefined
      groups.push({ inHead: child.name === 'thead', elements: rowsOf(child.children) })
    }
  }
  return groups
}

/** The value of a span attribute; 0 means "to the end" for rows. */
function span(value: string | undefined, most: number, whenZero = 1): number {
  if (value === undefined) return 1
  const number = Number.parseInt(value, 10)
  if (number === 0) return Math.max(1, whenZero)
  return Number.isNaN(number) || number < 0 ? 1 : Math.min(number, Math.max(1, most))
}
