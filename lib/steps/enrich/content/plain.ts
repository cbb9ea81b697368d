import type { Piece } from './piece.ts'

/** The pieces of a plain or Markdown text: what blank lines part. */
export function textPieces(text: string): Piece[] {
  return text
    .replaceAll('\r\n', '\n')
    .split(/\n[^\S\n]*\n\s*/)
    .filter((piece) => piece.trim() !== '')
    .map((piece) => ({ text: piece, heading: isHeading(piece) }))
}

function isHeading(piece: string): boolean {
  if (piece.length > 200 || piece.includes('\n')) return false
  return /^#{1,6}\s/.test(piece) || /^(?:CAPÍTULO|SEÇÃO|TÍTULO|ANEXO|MÓDULO)\b/i.test(piece)
}

/** Rows as text: `name: value` lines, a blank line after each row. Nested values are JSON. */
export function rowsText(rows: readonly Readonly<Record<string, unknown>>[]): string {
  return rows
    .map((row) =>
      Object.entries(row)
        .filter(([, value]) => value !== null && value !== undefined && value !== '')
        .map(([name, value]) => `${name}: ${cell(value)}`)
        .join('\n'),
    )
    .join('\n\n')
}

function cell(value: unknown): string {
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  // a value of several lines must not look like several values
  return text.replaceAll(/\s*\n\s*/g, ' ')
}
