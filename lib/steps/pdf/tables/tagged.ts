import { around } from '../read/boxes.ts'
import type { PdfPage, StructureNode } from '../read/model.ts'
import { cellText } from './cell-text.ts'
import type { PdfTable, TableCell, TableRow } from './model.ts'
import type { Word } from './words.ts'

/** A table of the document's own structure, and the words in it. */
export interface Tagged {
  table: PdfTable
  words: Set<Word>
}

/** Deeper than a structure is ever followed. */
const deepest = 60

/** The tables that a tagged document names, out of these words. A table whose cells do not lie as in a table is left out. */
export function taggedTables(page: PdfPage, words: readonly Word[]): Tagged[] {
  if (page.structure === undefined) return []
  const byMark = new Map<string, Word[]>()
  for (const word of words) {
    for (const mark of word.marks) {
      const list = byMark.get(mark)
      if (list === undefined) byMark.set(mark, [word])
      else list.push(word)
    }
  }
  const tables: Tagged[] = []
  const walk = (node: StructureNode, depth: number) => {
    if (depth > deepest) return
    if (node.role === 'Table') {
      const table = tableOf(node, byMark, page.number)
      if (table !== undefined) {
        tables.push(table)
        return
      }
    }
    for (const child of node.children) walk(child, depth + 1)
  }
  walk(page.structure, 0)
  return tables
}

function rowsOf(node: StructureNode): StructureNode[] {
  return node.children.flatMap((child) => {
    if (child.role === 'TR') return [child]
    return child.role === 'THead' || child.role === 'TBody' || child.role === 'TFoot' ? rowsOf(child) : []
  })
}

function marksOf(node: StructureNode): string[] {
  return [...node.marks, ...node.children.flatMap(marksOf)]
}

function tableOf(node: StructureNode, byMark: ReadonlyMap<string, Word[]>, page: number): Tagged | undefined {
  const used = new Set<Word>()
  const rows: TableRow[] = []
  /** For each column, the rows that a span from above still covers. */
  const covered: number[] = []
  let columns = 0
  for (const source of rowsOf(node)) {
    const cells: TableCell[] = []
    let column = 0
    for (const item of source.children) {
      if (item.role !== 'TD' && item.role !== 'TH') continue
      while ((covered[column] ?? 0) > 0) column += 1
      const words = marksOf(item)
        .flatMap((mark) => byMark.get(mark) ?? [])
        .filter((word) => !used.has(word))
      for (const word of words) used.add(word)
      const colSpan = item.colSpan ?? 1
      const rowSpan = item.rowSpan ?? 1
      cells.push(cellOf(words, column, colSpan, rowSpan, item.role === 'TH'))
      for (let at = column; at < column + colSpan; at += 1) covered[at] = rowSpan
      column += colSpan
    }
    columns = Math.max(columns, column)
    for (let at = 0; at < covered.length; at += 1) covered[at] = Math.max(0, (covered[at] ?? 0) - 1)
    if (cells.some((cell) => cell.text !== '')) rows.push({ cells, section: false })
  }
  if (rows.length < 2 || columns < 2 || used.size < 4 || !ordered(rows)) return undefined
  for (const row of rows) {
    const full = row.cells.filter((cell) => cell.text !== '')
    row.section = columns > 1 && row.cells.length === 1 && full[0]?.colSpan === columns
  }
  return { table: { page, box: around([...used]), by: 'structure', columns, rows }, words: used }
}

function cellOf(words: readonly Word[], column: number, colSpan: number, rowSpan: number, header: boolean): TableCell {
  const bold = words.filter((word) => word.bold).length
  return {
    text: cellText(words),
    box: words.length > 0 ? around(words) : { left: 0, top: 0, right: 0, bottom: 0 },
    column,
    rowSpan,
    colSpan,
    header,
    bold: words.length > 0 && bold * 2 > words.length,
  }
}

/** Whether the rows stand one under the other, and the cells of a row one beside the other. */
function ordered(rows: readonly TableRow[]): boolean {
  let wrong = 0
  let pairs = 0
  let bottom = -Infinity
  for (const row of rows) {
    const full = row.cells.filter((cell) => cell.text !== '')
    for (const [index, cell] of full.entries()) {
      const next = full[index + 1]
      if (next === undefined) break
      pairs += 1
      if (next.box.left < cell.box.right - 4) wrong += 1
    }
    if (full.length === 0) continue
    pairs += 1
    const top = Math.min(...full.map((cell) => cell.box.top))
    if (top < bottom - 6) wrong += 1
    bottom = Math.min(...full.map((cell) => cell.box.bottom))
  }
  return wrong <= 0.1 * pairs
}
