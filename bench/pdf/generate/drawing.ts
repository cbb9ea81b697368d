import PDFDocument from 'pdfkit'

/** How the rows and columns of a drawn table are told apart. */
export type Look = 'grid' | 'rules' | 'zebra' | 'none'

/** A cell of a drawn table. */
export interface DrawnCell {
  text: string
  colSpan?: number
  rowSpan?: number
  /** Read from bottom to top. */
  turned?: boolean
  bold?: boolean
}

/** A table to draw. Cells that a span covers are left out of the rows. */
export interface DrawnTable {
  look: Look
  widths: number[]
  aligns: ('left' | 'center' | 'right')[]
  rows: DrawnCell[][]
  headerRows: number
  size: number
  padding: number
  /** The header is drawn again on each page. */
  repeatHeader?: boolean
  /** Cells begin at the top of their row; else they stand in its middle. */
  atTop?: boolean
  /** A band of colour behind rows of one cell over all columns. */
  bands?: boolean
}

/** A document under construction. */
export interface Sheet {
  doc: PDFKit.PDFDocument
  y: number
  bytes(): Promise<Uint8Array>
}

const margin = 45

/** Starts a document of A4 pages. */
export function sheet(landscape = false): Sheet {
  const doc = new PDFDocument({ size: 'A4', layout: landscape ? 'landscape' : 'portrait', margin, bufferPages: false })
  const chunks: Uint8Array[] = []
  doc.on('data', (chunk: Uint8Array) => chunks.push(chunk))
  const ended = new Promise<void>((resolve) => {
    doc.on('end', resolve)
  })
  return {
    doc,
    y: margin,
    async bytes() {
      doc.end()
      await ended
      return new Uint8Array(Buffer.concat(chunks))
    },
  }
}

/** A line of text over the page; headings are larger and bold. */
export function heading(page: Sheet, text: string, size = 12, x = margin): void {
  page.doc.font('Helvetica-Bold').fontSize(size).text(text, x, page.y, { lineBreak: false })
  page.y += size * 1.7
}

/** A paragraph in small letters. */
export function note(page: Sheet, text: string, size = 7): void {
  page.doc
    .font('Helvetica')
    .fontSize(size)
    .text(text, margin, page.y + 3, { width: page.doc.page.width - 2 * margin })
  page.y += size * 2.6
}

function wrapped(doc: PDFKit.PDFDocument, text: string, width: number): string[] {
  const lines: string[] = []
  let open = ''
  for (const word of text.split(' ')) {
    const longer = open === '' ? word : `${open} ${word}`
    if (open !== '' && doc.widthOfString(longer) > width) {
      lines.push(open)
      open = word
    } else open = longer
  }
  lines.push(open)
  return lines
}

interface Placed {
  cell: DrawnCell
  row: number
  column: number
  lines: string[]
}

/** Draws a table at the sheet's place, over as many pages as it takes. Rows that spans hold together stay together. */
export function drawTable(page: Sheet, table: DrawnTable, left = margin): void {
  const { doc } = page
  const placed = place(doc, table)
  const heights = table.rows.map((_, row) => rowHeight(table, placed, row))
  const bottom = doc.page.height - margin
  const header = range(0, table.headerRows)
  let start = 0
  while (start < table.rows.length) {
    const first = start > 0 && table.repeatHeader ? header : []
    let y = page.y + first.reduce((sum, row) => sum + (heights[row] ?? 0), 0)
    let end = start
    while (end < table.rows.length) {
      const together = groupEnd(placed, end)
      const height = range(end, together).reduce((sum, row) => sum + (heights[row] ?? 0), 0)
      if (y + height > bottom && end > start) break
      y += height
      end = together
    }
    drawRows(page, table, placed, heights, [...first, ...range(start, end)], left)
    start = end
    if (start < table.rows.length) {
      doc.addPage()
      page.y = margin
    }
  }
  page.y += 14
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index)
}

function place(doc: PDFKit.PDFDocument, table: DrawnTable): Placed[] {
  const taken = new Set<string>()
  const placed: Placed[] = []
  for (const [row, cells] of table.rows.entries()) {
    let column = 0
    for (const cell of cells) {
      while (taken.has(`${row}:${column}`)) column += 1
      const colSpan = cell.colSpan ?? 1
      for (const r of range(row, row + (cell.rowSpan ?? 1)))
        for (const c of range(column, column + colSpan)) taken.add(`${r}:${c}`)
      font(doc, table, cell, row)
      const width = table.widths.slice(column, column + colSpan).reduce((a, b) => a + b, 0)
      placed.push({
        cell,
        row,
        column,
        lines: cell.turned ? [cell.text] : wrapped(doc, cell.text, width - 2 * table.padding),
      })
      column += colSpan
    }
  }
  return placed
}

function font(doc: PDFKit.PDFDocument, table: DrawnTable, cell: DrawnCell, row: number): void {
  doc.font(cell.bold || row < table.headerRows ? 'Helvetica-Bold' : 'Helvetica').fontSize(table.size)
}

function rowHeight(table: DrawnTable, placed: readonly Placed[], row: number): number {
  const lines = placed
    .filter((item) => item.row === row && (item.cell.rowSpan ?? 1) === 1 && !item.cell.turned)
    .map((item) => item.lines.length)
  return Math.max(1, ...lines) * table.size * 1.18 + 2 * table.padding
}

function groupEnd(placed: readonly Placed[], row: number): number {
  let end = row + 1
  for (const item of placed) {
    const last = item.row + (item.cell.rowSpan ?? 1)
    if (item.row < end && last > end && item.row >= row) end = last
  }
  return end
}

function drawRows(
  page: Sheet,
  table: DrawnTable,
  placed: readonly Placed[],
  heights: readonly number[],
  rows: readonly number[],
  left: number,
): void {
  const { doc } = page
  const top = page.y
  const tops = new Map<number, number>()
  let y = top
  for (const row of rows) {
    tops.set(row, y)
    y += heights[row] ?? 0
  }
  const width = table.widths.reduce((a, b) => a + b, 0)
  for (const [index, row] of rows.entries()) {
    const at = tops.get(row) ?? 0
    const height = heights[row] ?? 0
    const band = table.bands && placed.some((item) => item.row === row && item.cell.colSpan === table.widths.length)
    if (band) doc.rect(left, at, width, height).fill('#c8d8e8')
    else if (table.look === 'zebra' && index % 2 === 1) doc.rect(left, at, width, height).fill('#ececec')
    if (table.look === 'rules')
      doc
        .moveTo(left, at + height)
        .lineTo(left + width, at + height)
        .lineWidth(0.5)
        .stroke('#777777')
  }
  if (table.look === 'rules')
    doc
      .moveTo(left, top)
      .lineTo(left + width, top)
      .lineWidth(0.5)
      .stroke('#777777')
  for (const item of placed) {
    const at = tops.get(item.row)
    if (at === undefined) continue
    const x = left + table.widths.slice(0, item.column).reduce((a, b) => a + b, 0)
    const wide = table.widths.slice(item.column, item.column + (item.cell.colSpan ?? 1)).reduce((a, b) => a + b, 0)
    const high = range(item.row, item.row + (item.cell.rowSpan ?? 1)).reduce((sum, row) => sum + (heights[row] ?? 0), 0)
    if (table.look === 'grid') doc.rect(x, at, wide, high).lineWidth(0.5).stroke('#000000')
    drawText(doc, table, item, { x, y: at, width: wide, height: high })
  }
  page.y = y
}

function drawText(
  doc: PDFKit.PDFDocument,
  table: DrawnTable,
  item: Placed,
  box: { x: number; y: number; width: number; height: number },
): void {
  font(doc, table, item.cell, item.row)
  doc.fillColor('#000000')
  const step = table.size * 1.18
  if (item.cell.turned) {
    const length = doc.widthOfString(item.cell.text)
    const x = box.x + box.width / 2 - table.size / 2
    const y = box.y + box.height / 2 + length / 2
    doc
      .save()
      .rotate(-90, { origin: [x, y] })
      .text(item.cell.text, x, y, { lineBreak: false })
      .restore()
    return
  }
  const first = box.y + (table.atTop ? table.padding : (box.height - item.lines.length * step) / 2)
  const align =
    (item.cell.colSpan ?? 1) > 1 && item.cell.colSpan !== table.widths.length
      ? 'center'
      : (table.aligns[item.column] ?? 'left')
  for (const [index, line] of item.lines.entries()) {
    const length = doc.widthOfString(line)
    const free = box.width - 2 * table.padding - length
    const shift = align === 'left' ? 0 : align === 'right' ? free : free / 2
    doc.text(line, box.x + table.padding + shift, first + index * step + 0.1 * table.size, { lineBreak: false })
  }
}
