import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { DatasetName } from './datasets.ts'
import { c1ToCp1252 } from './dialect.ts'
import { columnsOf, type FileOptions, rows } from './rows.ts'
import type { TableColumn } from './table.ts'

/**
 * A portal text as a PostgreSQL literal in CSV: ISO dates, dot decimals with the column's scale (half away from zero),
 * 14-digit CNPJ, trimmed text without NUL; `null` for blank and for what means "none". Names are not masked. This is a
 * second, slow and plain statement of what a load must give, to compare loads with.
 */
export function cleanValue(column: TableColumn, text: string): string | null {
  const trimmed = plainText(text).trim()
  if (trimmed === '' || column.nulls?.includes(trimmed) === true) return null
  switch (column.type) {
    case 'text':
    case 'timestamp':
      return trimmed
    case 'integer':
      return String(BigInt(trimmed))
    case 'cnpj':
      return trimmed.replace(/\D/g, '').padStart(14, '0')
    case 'decimal':
      return rounded(trimmed, column.scale ?? 0)
    case 'date':
      return date(trimmed, column.nullBeforeYear)
    case 'month':
      return `${isoDate(trimmed.length === 7 && trimmed[2] === '/' ? `01/${trimmed}` : trimmed).slice(0, 7)}-01`
  }
}

/** Without NUL; the dash that 0x1A and C1 controls stand for is a dash again. */
function plainText(text: string): string {
  return c1ToCp1252(text.replaceAll('\0', '').replaceAll('\u001a', '–'))
}

/** `DD/MM/YYYY` or an ISO date, a time dropped, as an ISO date. */
function isoDate(text: string): string {
  return text[2] === '/' ? `${text.slice(6, 10)}-${text.slice(3, 5)}-${text.slice(0, 2)}` : text.slice(0, 10)
}

function date(text: string, nullBeforeYear: number | undefined): string | null {
  const iso = isoDate(text)
  return nullBeforeYear !== undefined && Number(iso.slice(0, 4)) < nullBeforeYear ? null : iso
}

/** Decimal text to a plain number text of the scale, in integer arithmetic: no double is involved. */
function rounded(text: string, scale: number): string {
  const match = /^(-?)(\d*)(?:[.,](\d*))?(?:E([+-]?\d+))?$/i.exec(text)
  if (match === null) throw new RangeError(`not a number: ${text}`)
  const [, sign = '', whole = '', decimals = '', exponent = '0'] = match
  // The usual case: as many decimals as the scale, nothing to round.
  if (decimals.length === scale && exponent === '0') {
    const plain = `${whole === '' ? '0' : whole}${scale === 0 ? '' : `.${decimals}`}`
    return sign === '-' && /[1-9]/.test(plain) ? `-${plain}` : plain
  }
  const power = Number(exponent) + scale - decimals.length
  let units = BigInt(whole + decimals === '' ? 0 : whole + decimals)
  if (power >= 0) units *= 10n ** BigInt(power)
  else {
    const divisor = 10n ** BigInt(-power)
    units = (units * 2n + divisor) / (divisor * 2n)
  }
  const digits = units.toString().padStart(scale + 1, '0')
  const plain = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`
  return sign === '-' && units !== 0n ? `-${plain}` : plain
}

/** Options of {@link cleanRows} and {@link writeClean}. */
export interface CleanOptions extends FileOptions {
  /** The columns wanted, in order; a contract's columns fit. Default: all of the file's, as the replica knows them. */
  columns?: readonly TableColumn[]
}

/** Rows of literals; `null` is NULL. A wanted column that the file lacks is NULL in every row. */
export function* cleanRows(dataset: DatasetName, options: CleanOptions): Generator<(string | null)[], void, void> {
  const names = columnsOf(dataset).map((column) => column.source.toLowerCase())
  const wanted = (options.columns ?? columnsOf(dataset)).map((column) => ({
    column,
    position: names.indexOf(column.source.toLowerCase()),
  }))
  for (const row of rows(dataset, options)) {
    yield wanted.map(({ column, position }) => (position < 0 ? null : cleanValue(column, row[position] ?? '')))
  }
}

/**
 * Writes {@link cleanRows} as comma-separated UTF-8 with LF and no header, for `COPY … WITH (FORMAT csv)`: NULL is an
 * empty field, text is quoted where needed.
 */
export async function writeClean(path: string, dataset: DatasetName, options: CleanOptions): Promise<void> {
  await pipeline(
    Readable.from(chunks(dataset, options), { objectMode: true, highWaterMark: 4 }),
    createWriteStream(path),
  )
}

function* chunks(dataset: DatasetName, options: CleanOptions): Generator<Buffer, void, void> {
  let text = ''
  for (const row of cleanRows(dataset, options)) {
    for (let i = 0; i < row.length; i++) {
      if (i > 0) text += ','
      const value = row[i]
      if (value === null || value === undefined) continue
      text += /[,"\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value
    }
    text += '\n'
    if (text.length > 256 * 1024) {
      yield Buffer.from(text, 'utf8')
      text = ''
    }
  }
  if (text !== '') yield Buffer.from(text, 'utf8')
}
