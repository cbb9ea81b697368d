import type { Box } from '../read/model.ts'

/** A table of one page, as it is drawn. Measures as in PdfPage: points from the top left. */
export interface PdfTable {
  page: number
  box: Box
  /** What told its shape: lines and fills around cells, the document's own structure, or how words stand under each other. */
  by: 'frame' | 'structure' | 'alignment'
  columns: number
  rows: TableRow[]
  /** The lines right above it that belong to no table. */
  title?: string
}

/** A row; cells that a span from above covers are not repeated. */
export interface TableRow {
  cells: TableCell[]
  /** A line of text over the whole table that names what follows. */
  section: boolean
}

export interface TableCell {
  /** Lines of a wrapped cell are joined with a space, hyphens at their ends taken back. */
  text: string
  box: Box
  /** From 0. */
  column: number
  rowSpan: number
  colSpan: number
  header: boolean
  bold: boolean
  /** Where it stands on another page than its row. */
  page?: number
}

/** A table that may go on over pages. */
export interface JoinedTable {
  pages: number[]
  parts: PdfTable[]
  columns: number
  /** Of all pages; headers that are repeated are there once. */
  rows: JoinedRow[]
}

/** A row and the page it begins on. */
export interface JoinedRow extends TableRow {
  page: number
}
