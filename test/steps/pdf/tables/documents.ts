import { type DrawnTable, drawTable, sheet } from '../../../../bench/pdf/generate/drawing.ts'
import { openDocument } from '../../../../lib/steps/pdf/read/document.ts'
import { readPages } from '../../../../lib/steps/pdf/read/pages.ts'
import { tablesOf } from '../../../../lib/steps/pdf/tables/extract.ts'
import type { PdfTable } from '../../../../lib/steps/pdf/tables/model.ts'

/** The tables of each page of a document. */
export async function tablesIn(bytes: Uint8Array): Promise<PdfTable[][]> {
  const document = await openDocument(bytes)
  const pages: PdfTable[][] = []
  for await (const result of readPages(document)) {
    if (!('page' in result)) throw new Error(result.problem)
    pages.push(tablesOf(result.page))
  }
  await document.close()
  return pages
}

/** A document with one table. */
export async function documentWith(table: DrawnTable): Promise<Uint8Array> {
  const page = sheet()
  drawTable(page, table)
  return await page.bytes()
}

/** A table to draw, with the texts of its rows. */
export function drawn(rows: string[][], more: Partial<DrawnTable>): DrawnTable {
  return {
    look: 'grid',
    widths: rows[0]?.map(() => 90) ?? [],
    aligns: rows[0]?.map((_, index) => (index === 0 ? 'left' : 'center')) ?? [],
    rows: rows.map((row) => row.map((text) => ({ text }))),
    headerRows: 1,
    size: 8,
    padding: 3,
    ...more,
  }
}

/** The texts of a table's rows. */
export function texts(table: PdfTable | undefined): string[][] {
  return table?.rows.map((row) => row.cells.map((cell) => cell.text)) ?? []
}
