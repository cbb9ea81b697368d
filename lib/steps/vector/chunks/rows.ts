import type { Block } from './model.ts'

/** Blocks of rows: each row is a line of `name: value` pairs, so that a chunk needs no header to be understood. Blank values are left out. */
export function* rowBlocks(rows: readonly Readonly<Record<string, unknown>>[]): Generator<Block> {
  const parts = rows.map((row) => ({ text: lineOf(row) })).filter(({ text }) => text !== '')
  if (parts.length > 0) yield { kind: 'rows', headings: [], parts, article: false }
}

function lineOf(row: Readonly<Record<string, unknown>>): string {
  return Object.entries(row)
    .map(([name, value]) => [name, valueText(value)] as const)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}: ${value}`)
    .join('; ')
}

function valueText(value: unknown): string {
  if (value === null || value === undefined) return ''
  return (typeof value === 'object' ? JSON.stringify(value) : String(value)).replace(/\s+/g, ' ').trim()
}
