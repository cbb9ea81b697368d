import type { RowFormat } from './format.ts'

/** A JSON object a line. */
export const ndjson: RowFormat = {
  name: 'ndjson',
  type: 'application/x-ndjson',
  async *write(_columns, batches) {
    for await (const { rows } of batches) {
      let text = ''
      for (const row of rows) text += `${JSON.stringify(row)}\n`
      yield text
    }
  },
}
