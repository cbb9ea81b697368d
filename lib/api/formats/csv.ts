import type { Json } from '../../stores/cache/port.ts'
import type { RowFormat } from './format.ts'

/**
 * CSV by RFC 4180, UTF-8, with a header. Decimals are as they are stored. A missing value is nothing, an empty text is `""`. Values that a
 * spreadsheet would take for a formula are left as they are: this is data for programs.
 */
export const csv: RowFormat = {
  name: 'csv',
  type: 'text/csv; charset=utf-8; header=present',
  numbers: 'text',
  async *write(columns, batches) {
    const names = columns.map(({ name }) => name)
    yield `${names.map(field).join(',')}\r\n`
    for await (const { rows } of batches) {
      let text = ''
      for (const row of rows) {
        let line = ''
        for (let at = 0; at < names.length; at += 1) line += `${at === 0 ? '' : ','}${field(row[names[at] ?? ''])}`
        // one column and no value: an empty line would be no record
        text += `${line === '' ? '""' : line}\r\n`
      }
      yield text
    }
  },
}

const special = /[",\r\n]/

function field(value: Json | undefined): string {
  if (value === null || value === undefined) return ''
  const text = typeof value === 'string' ? value : String(value)
  if (text === '') return '""'
  return special.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
