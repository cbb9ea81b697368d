import type { Contract } from '../dataset/contract.ts'
import type { DataRow } from './read/table.ts'

/**
 * Rows as a CSV file for the load: the contract's columns, comma decimals, sorted, so that the same rows are the same bytes in whatever
 * order the page shows them.
 */
export function csvOf(rows: readonly DataRow[], { columns }: Contract): Buffer {
  const field = (row: DataRow, { name, type }: Contract['columns'][number]) => {
    const value = row[name] ?? ''
    return `"${(type === 'decimal' ? value.replace('.', ',') : value).replaceAll('"', '""')}"`
  }
  const header = columns.map(({ source }) => `"${source}"`).join(';')
  const lines = rows.map((row) => columns.map((column) => field(row, column)).join(';')).sort()
  return Buffer.from(`${[header, ...lines].join('\r\n')}\r\n`, 'utf8')
}
