import type { JoinedRow, JoinedTable, PdfTable, TableCell, TableRow } from './model.ts'

/** How far apart the edges of columns may lie on two pages, in points. */
const slack = 8

/**
 * Joins what goes on over pages: the last table of a page and the first one of the next with the same columns, whose repeated header
 * is dropped; and columns of the same rows on further pages, where the names of the rows are printed only once. Tables in the order of
 * their pages.
 */
export function joinTables(pages: readonly (readonly PdfTable[])[]): JoinedTable[] {
  const done: JoinedTable[] = []
  let open: JoinedTable[] = []
  for (const tables of pages) {
    const next: JoinedTable[] = []
    for (const [index, table] of tables.entries()) {
      const wider = open.find((candidate) => goesOnBeside(candidate, table))
      const longer =
        index === 0 && tables.length > 0 ? open.findLast((candidate) => goesOnBelow(candidate, table)) : undefined
      if (longer !== undefined && wider === undefined) {
        append(longer, table)
        next.push(longer)
      } else if (wider !== undefined) {
        widen(wider, table)
        next.push(wider)
      } else {
        const fresh = start(table)
        done.push(fresh)
        next.push(fresh)
      }
    }
    open = next
  }
  return done
}

function start(table: PdfTable): JoinedTable {
  const rows = table.rows.map(
    (row): JoinedRow => ({ ...row, cells: row.cells.map((cell) => ({ ...cell })), page: table.page }),
  )
  return { pages: [table.page], parts: [table], columns: table.columns, rows }
}

function headerOf(rows: readonly TableRow[]): TableRow[] {
  const end = rows.findIndex((row) => !row.cells.some((cell) => cell.header))
  return rows.slice(0, end < 0 ? rows.length : end)
}

const plain = (row: TableRow) =>
  row.cells.map((cell) => `${cell.column}:${cell.text.replace(/\s+/g, ' ').trim()}`).join('|')

/** How many rows at the top of `table` repeat the header of the one before. */
function repeated(before: JoinedTable, table: PdfTable): number {
  const header = headerOf(before.rows)
  let count = 0
  while (count < header.length && header[count] !== undefined) {
    const here = table.rows[count]
    const there = header[count]
    if (here === undefined || there === undefined || plain(here) !== plain(there)) break
    count += 1
  }
  return count
}

function goesOnBelow(before: JoinedTable, table: PdfTable): boolean {
  const last = before.parts.at(-1)
  if (last === undefined || last.page + 1 !== table.page || before.columns !== table.columns) return false
  const aligned = Math.abs(last.box.left - table.box.left) < slack && Math.abs(last.box.right - table.box.right) < slack
  if (repeated(before, table) > 0) return true
  // a header of its own that is another one begins another table
  return aligned && last.by === table.by && headerOf(table.rows).length === 0
}

function append(before: JoinedTable, table: PdfTable): void {
  const drop = repeated(before, table)
  const covering = table.rows
    .slice(0, drop)
    .flatMap((row, index) =>
      row.cells
        .filter((cell) => index + cell.rowSpan > drop)
        .map((cell) => ({ cell, beyond: index + cell.rowSpan - drop })),
    )
  const rows = table.rows
    .slice(drop)
    .map((row): JoinedRow => ({ ...row, cells: row.cells.map((cell) => ({ ...cell })), page: table.page }))
  for (const { cell, beyond } of covering) lengthen(before, cell, beyond)
  const first = rows[0]
  if (first !== undefined && drop > 0) {
    // a cell without text at the top is the rest of the one at the foot of the page before
    for (const cell of first.cells.filter((candidate) => candidate.text === '')) {
      if (lengthen(before, cell, cell.rowSpan)) first.cells.splice(first.cells.indexOf(cell), 1)
    }
  }
  if (first !== undefined && drop > 0 && isRest(before, first)) {
    const last = before.rows.at(-1)
    for (const cell of first.cells) {
      const same = last?.cells.find((candidate) => candidate.column === cell.column)
      if (same !== undefined && cell.text !== '') same.text = same.text === '' ? cell.text : `${same.text} ${cell.text}`
    }
    rows.shift()
  }
  before.rows.push(...rows)
  before.pages.push(table.page)
  before.parts.push(table)
}

/** Lets the cell that ends at the foot of the page before reach over more rows. */
function lengthen(before: JoinedTable, cell: TableCell, rows: number): boolean {
  const end = before.rows.length
  for (let index = end - 1; index >= 0; index -= 1) {
    const above = before.rows[index]?.cells.find((candidate) => candidate.column === cell.column)
    if (above === undefined) continue
    if (index + above.rowSpan < end || above.header || above.colSpan !== cell.colSpan) return false
    above.rowSpan += rows
    return true
  }
  return false
}

/** Whether a row is the rest of the last one of the page before: its first cell is gone, and it goes on with small letters. */
function isRest(before: JoinedTable, row: TableRow): boolean {
  const full = row.cells.filter((cell) => cell.text !== '')
  if (full.length === 0 || full.some((cell) => cell.column === 0)) return false
  const last = before.rows.at(-1)
  if (last === undefined || last.cells.some((cell) => cell.column === 0 && cell.rowSpan > 1)) return false
  return full.length <= 0.5 * before.columns && full.some((cell) => /^[\p{Ll}(,;]/u.test(cell.text))
}

const middle = (row: TableRow) => {
  const full = row.cells.filter((cell) => cell.text !== '')
  return full.length === 0
    ? undefined
    : full.reduce((sum, cell) => sum + cell.box.top + cell.box.bottom, 0) / (2 * full.length)
}

/** Whether a table on a later page has its rows where the table before has them, and no names of its own for them. */
function goesOnBeside(before: JoinedTable, table: PdfTable): boolean {
  const first = before.parts[0]
  const last = before.parts.at(-1)
  if (first === undefined || last === undefined || before.rows.length < 4) return false
  const nextPage = last.page + 1 === table.page
  const samePage = last.page === table.page && first.page < table.page && before.columns > first.columns
  if (!(nextPage || samePage) || !hasNames(first) || hasNames(table) || sameNames(first, table)) return false
  const matched = (distance: number) => table.rows.filter((row) => rowAt(before, row, distance) !== undefined).length
  const { length } = table.rows
  if (length >= 4 && length >= 0.6 * first.rows.length && matched(near) >= 0.8 * length) return true
  // a part of it, which white rows part from the rest: only where every row fits exactly
  return length >= 3 && matched(exact) === length
}

/** How far apart the same row may lie on two pages, in points; and how far when little else says that it is the same. */
const near = 4.5
const exact = 1.5

/** Whether the first column names the rows: mostly words. */
function hasNames(table: PdfTable): boolean {
  const texts = table.rows.flatMap((row) => row.cells.filter((cell) => cell.column === 0 && cell.text !== ''))
  const named = texts.filter((cell) => /^\W*\p{L}{3}/u.test(cell.text)).length
  return named >= 0.6 * texts.length
}

function sameNames(a: PdfTable, b: PdfTable): boolean {
  const names = new Set(a.rows.flatMap((row) => row.cells.filter((cell) => cell.column === 0).map((cell) => cell.text)))
  const own = b.rows.flatMap((row) => row.cells.filter((cell) => cell.column === 0 && cell.text !== ''))
  return own.filter((cell) => names.has(cell.text)).length > 0.5 * own.length
}

function rowAt(before: JoinedTable, row: TableRow, farthest: number): JoinedRow | undefined {
  const at = middle(row)
  if (at === undefined) return undefined
  const first = before.parts[0]
  let best: JoinedRow | undefined
  let distance = farthest
  for (const candidate of before.rows) {
    if (candidate.page !== first?.page) continue
    const labels = candidate.cells.filter((cell) => cell.column === 0 && cell.text !== '')
    const here = middle(labels.length > 0 ? { ...candidate, cells: labels } : candidate)
    if (here === undefined || Math.abs(here - at) >= distance) continue
    best = candidate
    distance = Math.abs(here - at)
  }
  return best
}

function widen(before: JoinedTable, table: PdfTable): void {
  const last = before.parts.at(-1)
  // another part of the columns that were added just now
  const again = last?.page === table.page && last.columns === table.columns
  const shift = again ? before.columns - table.columns : before.columns
  for (const row of table.rows) {
    const target = rowAt(before, row, near)
    if (target === undefined) continue
    for (const cell of row.cells) {
      target.cells.push({
        ...cell,
        column: cell.column + shift,
        page: table.page,
        header: cell.header || target.cells.some((other) => other.header),
      })
    }
  }
  before.columns = shift + table.columns
  if (last?.page !== table.page) before.pages.push(table.page)
  before.parts.push(table)
}
