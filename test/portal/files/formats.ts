import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ColumnType, Source } from '../generate/index.ts'

/** Rows up to which the replica makes Parquet: the encoder is plain JavaScript. */
export const PARQUET_ROWS = 300_000

/**
 * Writes a source as Parquet, the way a data frame reader infers types: numbers as doubles, integers and CNPJ as int64
 * (which loses the CNPJ's leading zeros, as on the portal), dates as text. Needs the package hyparquet-writer.
 */
export async function writeParquet(path: string, source: Source): Promise<void> {
  const { fileWriter, parquetWriteRows } = await import('hyparquet-writer')
  const columns = source.columns.map(({ source: name, type }) => ({ name, type: parquetType(type) }))
  async function* objects(): AsyncGenerator<Record<string, unknown>> {
    let count = 0
    for (const row of source.rows) {
      if (count++ % 1000 === 0) await turn()
      const object: Record<string, unknown> = {}
      for (const [index, column] of source.columns.entries()) {
        object[column.source] = parquetValue(column.type, (row[index] ?? '').replaceAll('\0', '').trim())
      }
      yield object
    }
  }
  await parquetWriteRows({ writer: fileWriter(path), rows: objects(), columns, rowGroupSize: 10_000 })
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function parquetType(type: ColumnType): 'STRING' | 'INT64' | 'DOUBLE' {
  if (type === 'decimal') return 'DOUBLE'
  return type === 'integer' || type === 'cnpj' ? 'INT64' : 'STRING'
}

function parquetValue(type: ColumnType, text: string): string | number | bigint | undefined {
  if (text === '') return undefined
  if (type === 'decimal') return Number(text.replace(/^(-?),/, '$10.').replace(',', '.'))
  return type === 'integer' || type === 'cnpj' ? BigInt(text) : text
}

/** Writes a source as XML, an element a row. */
export async function writeXml(path: string, source: Source): Promise<void> {
  function* chunks(): Generator<string> {
    yield '<?xml version="1.0" encoding="utf-8"?>\n<dataset>\n'
    for (const row of source.rows) {
      const fields = source.header.map((name, index) => `<${name}>${escaped(row[index] ?? '')}</${name}>`)
      yield `<row>${fields.join('')}</row>\n`
    }
    yield '</dataset>\n'
  }
  await pipeline(Readable.from(chunks()), createWriteStream(path))
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** A PDF of one page with a title: where the portal has a data dictionary. */
export function pdf(title: string): Buffer {
  const text = title
    .normalize('NFD')
    .replace(/[^ -~]/g, '')
    .replace(/[()\\]/g, ' ')
  const stream = `BT /F1 18 Tf 60 500 Td (${text}) Tj ET`
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 842 595] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    `<< /Length ${stream.length} >>\nstream\n${stream}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ]
  let body = '%PDF-1.7\n'
  const offsets = objects.map((object, index) => {
    const at = body.length
    body += `${index + 1} 0 obj\n${object}\nendobj\n`
    return at
  })
  const table = offsets.map((at) => `${String(at).padStart(10, '0')} 00000 n \n`).join('')
  const start = body.length
  body += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}`
  body += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`
  return Buffer.from(body, 'latin1')
}
