import type { TableColumn } from './table.ts'

/** How a file is written. */
export interface Dialect {
  encoding: 'utf-8' | 'windows-1252' | 'iso-8859-1' | 'utf-16le'
  bom: boolean
  /** `all`: every field. `needed`: where the value has a delimiter, quote or line break. `none`: those become spaces. */
  quote: 'all' | 'needed' | 'none'
  delimiter: ';' | ','
  eol: '\r\n' | '\n'
  decimal: ',' | '.'
  container: 'none' | 'zip' | 'gzip'
}

/** What the portal has written since 2026 in most of its files. */
export const PORTAL: Dialect = {
  encoding: 'utf-8',
  bom: false,
  quote: 'all',
  delimiter: ';',
  eol: '\r\n',
  decimal: ',',
  container: 'none',
}

/** About how many characters go into one buffer. */
const BATCH = 32 * 1024

/**
 * Rows as encoded buffers of about 32 KB, the header first, without the container. `hasQuotes` says whether a value may
 * hold a double quote; looking for one in every row costs a third of the time.
 */
export function* encode(
  header: readonly string[],
  columns: readonly TableColumn[],
  rows: Iterable<readonly string[]>,
  dialect: Dialect,
  hasQuotes: boolean,
): Generator<Buffer, void, void> {
  const line = writer(dialect, columns, hasQuotes)
  const bytes = encoder(dialect.encoding)
  let text = (dialect.bom ? '\ufeff' : '') + plainHeader(header, dialect)
  for (const row of rows) {
    text += line(row)
    if (text.length >= BATCH) {
      yield bytes(text)
      text = ''
    }
  }
  if (text !== '') yield bytes(text)
}

function plainHeader(header: readonly string[], { quote, delimiter, eol }: Dialect): string {
  return header.map((name) => (quote === 'all' ? `"${name}"` : name)).join(delimiter) + eol
}

function writer(
  dialect: Dialect,
  columns: readonly TableColumn[],
  hasQuotes: boolean,
): (row: readonly string[]) => string {
  const { quote, delimiter, eol } = dialect
  const plain = quoting(quote, delimiter, eol, hasQuotes)
  if (dialect.decimal === ',') return plain
  const decimals = columns.flatMap((column, index) => (column.type === 'decimal' ? [index] : []))
  return (row) => {
    const dotted = [...row]
    for (const index of decimals) dotted[index] = (dotted[index] ?? '').replace(/^(-?),/, '$10.').replace(',', '.')
    return plain(dotted)
  }
}

function quoting(
  quote: Dialect['quote'],
  delimiter: string,
  eol: string,
  hasQuotes: boolean,
): (row: readonly string[]) => string {
  if (quote === 'all') {
    const between = `"${delimiter}"`
    const end = `"${eol}`
    if (!hasQuotes) return (row) => `"${row.join(between)}${end}`
    return (row) =>
      `"${row.map((value) => (value.includes('"') ? value.replaceAll('"', '""') : value)).join(between)}${end}`
  }
  const special = delimiter === ';' ? /[;"\r\n]/ : /[,"\r\n]/
  if (quote === 'none') {
    const each = delimiter === ';' ? /[;"\r\n]/g : /[,"\r\n]/g
    return (row) => row.map((value) => (special.test(value) ? value.replace(each, ' ') : value)).join(delimiter) + eol
  }
  return (row) =>
    row.map((value) => (special.test(value) ? `"${value.replaceAll('"', '""')}"` : value)).join(delimiter) + eol
}

/** The 27 characters of windows-1252 outside Latin-1, by the byte they have there. */
const CP1252 = new Map<string, string>(
  Object.entries({
    '€': 0x80,
    '‚': 0x82,
    ƒ: 0x83,
    '„': 0x84,
    '…': 0x85,
    '†': 0x86,
    '‡': 0x87,
    ˆ: 0x88,
    '‰': 0x89,
    Š: 0x8a,
    '‹': 0x8b,
    Œ: 0x8c,
    Ž: 0x8e,
    '‘': 0x91,
    '’': 0x92,
    '“': 0x93,
    '”': 0x94,
    '•': 0x95,
    '–': 0x96,
    '—': 0x97,
    '˜': 0x98,
    '™': 0x99,
    š: 0x9a,
    '›': 0x9b,
    œ: 0x9c,
    ž: 0x9e,
    Ÿ: 0x9f,
  }).map(([character, byte]) => [character, String.fromCharCode(byte)]),
)
const C1 = new Map([...CP1252].map(([character, byte]) => [byte, character]))

/** C1 control characters as the windows-1252 characters of their bytes: what a Latin-1 reader makes of a cp1252 text, undone. */
export function c1ToCp1252(text: string): string {
  return text.replace(/[\u0080-\u009f]/g, (found) => C1.get(found) ?? found)
}

const OUTSIDE_LATIN1 = /[\u0100-\uffff]/g

function encoder(encoding: Dialect['encoding']): (text: string) => Buffer {
  switch (encoding) {
    case 'utf-8':
      return (text) => Buffer.from(text, 'utf8')
    case 'utf-16le':
      return (text) => Buffer.from(text, 'utf16le')
    case 'windows-1252':
      return (text) =>
        Buffer.from(
          text.replace(OUTSIDE_LATIN1, (found) => CP1252.get(found) ?? '?'),
          'latin1',
        )
    case 'iso-8859-1':
      return (text) => Buffer.from(text.replace(OUTSIDE_LATIN1, '?'), 'latin1')
  }
}
