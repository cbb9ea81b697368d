import type { ExtractedEnd, ExtractedPage, ExtractedRow, ExtractedTable } from './extraction-schema.ts'
import { around, insideOf } from './geometry.ts'
import type { Block, Box, Place } from './model.ts'

/** A table that may go on over pages, and where it stands on each. */
export interface PlacedTable {
  block: Omit<Block, 'headings' | 'article'>
  places: readonly Place[]
}

/** Rows of a header that are repeated; more are rows like others. */
const mostHeaderRows = 3

/** The tables of a document: joined over pages where the extraction knows that, else as they stand on each page. */
export function tablesOf(pages: readonly ExtractedPage[], end: ExtractedEnd | undefined): PlacedTable[] {
  const drawn = pages.flatMap((page) => page.tables)
  const joined = end?.tables ?? []
  const all =
    joined.length > 0
      ? joined.map(({ rows }) => rows)
      : drawn.map(({ rows, page }) => rows.map((row) => ({ ...row, page })))
  return all.flatMap((rows) => tableOf(rows, drawn) ?? [])
}

function tableOf(rows: readonly ExtractedRow[], drawn: readonly ExtractedTable[]): PlacedTable | undefined {
  const boxes = new Map<number, Box[]>()
  for (const row of rows) {
    for (const cell of row.cells) {
      const page = cell.page ?? row.page
      const there = boxes.get(page)
      if (there === undefined) boxes.set(page, [cell.box])
      else there.push(cell.box)
    }
  }
  const places = [...boxes].flatMap(([page, cells]) => {
    const box = around(cells)
    return box === undefined ? [] : [{ page, box }]
  })
  const [first] = places
  if (first === undefined) return undefined
  const title = drawn.find(({ page, box }) => page === first.page && insideOf(first.box, box))?.title
  const heads = headerRows(rows)
  const header = [...(title === undefined ? [] : [title]), ...rows.slice(0, heads).map(textOf)].join('\n')
  const parts = rows.slice(heads).flatMap((row) => {
    const text = textOf(row)
    const box = around(row.cells.map((cell) => cell.box))
    if (text === '' || box === undefined) return []
    return [{ text, place: { page: row.page, box } }]
  })
  const block = { kind: 'table' as const, ...(header === '' ? {} : { header }), parts }
  return parts.length === 0 ? undefined : { block, places }
}

/** A first column of names is no header of the rows below it: only rows that are all header count. */
function headerRows(rows: readonly ExtractedRow[]): number {
  let count = 0
  for (const { cells } of rows.slice(0, mostHeaderRows)) {
    if (cells.length === 0 || !cells.every(({ header }) => header)) break
    count += 1
  }
  return count === rows.length ? 0 : count
}

function textOf({ cells }: ExtractedRow): string {
  const texts = cells
    .toSorted((one, other) => one.column - other.column)
    .map(({ text }) => text.replace(/\s+/g, ' ').trim())
  return texts.every((text) => text === '') ? '' : texts.join(' | ')
}
