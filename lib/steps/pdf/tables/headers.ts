import type { PdfTable, TableRow } from './model.ts'

/** At most so many rows are a header. */
const most = 4

/** Marks the cells of header rows: the first rows, when they hold no values and the rows after them do, or when only they are bold. */
export function markHeaders(table: PdfTable): void {
  const { rows } = table
  if (rows.some((row) => row.cells.some((cell) => cell.header))) return
  const count = headerRows(rows, table.columns)
  for (const row of rows.slice(0, count)) for (const cell of row.cells) cell.header = true
}

function headerRows(rows: readonly TableRow[], columns: number): number {
  const firstData = rows.findIndex((row) => !row.section && row.cells.length > 1 && dataLike(row))
  if (firstData > 0 && columns > 2) {
    const limit = Math.min(firstData, most)
    let count = 0
    while (count < limit && rows[count]?.section === false && !stub(rows[count])) count += 1
    if (count > 0 && firstData <= most) return count
  }
  const first = rows[0]
  if (first === undefined || first.cells.length < 2) return 0
  const bold = (row: TableRow) => row.cells.every((cell) => cell.bold || cell.text === '')
  const rest = rows.slice(1).filter((row) => !row.section)
  return bold(first) && rest.length > 0 && rest.filter(bold).length < 0.5 * rest.length ? 1 : 0
}

/** A row whose cells after the first are values. */
function dataLike(row: TableRow): boolean {
  const values = row.cells.filter((cell) => cell.text !== '' && cell.column > 0)
  if (values.length === 0) return false
  return values.filter((cell) => isValue(cell.text)).length >= Math.max(1, values.length <= 6 ? 0 : 0.3 * values.length)
}

/** A row of one cell in the first column. */
function stub(row: TableRow | undefined): boolean {
  const full = row?.cells.filter((cell) => cell.text !== '') ?? []
  return full.length === 1 && full[0]?.column === 0
}

function isValue(text: string): boolean {
  return /^[≥≤<>~±+−–-]?\s?\d/.test(text) && !/\p{L}{4}/u.test(text)
}
