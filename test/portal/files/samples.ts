import { isUtf8 } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { open, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { constants, gunzipSync, inflateRawSync } from 'node:zlib'
import { parse } from 'csv-parse/sync'
import {
  c1ToCp1252,
  columnsOf,
  DATASETS,
  type DatasetName,
  type Dialect,
  header,
  type Source,
} from '../generate/index.ts'

/** A real file that stands for a dataset. */
export interface Sample {
  path: string
  file: string
  dataset: DatasetName
  /** The year or decade of its rows, for a dataset in parts. */
  part: string
  /** The day in its name, else the one in its first row, `YYYY-MM-DD`. */
  date: string
  dialect: Dialect
  size: number
  /** Rows, or -1 when the file is too large to be read whole. */
  rows: number
}

/** A folder's files by dataset, each dataset's in order of date; and what could not be mapped, with the reason. */
export interface Samples {
  mapped: Sample[]
  unmapped: { file: string; reason: string }[]
}

const SNIFFED = 64 * 1024
/** Larger files are served, but not read for the datastore or rewritten by a misbehaviour. */
const READ_WHOLE = 64 * 1024 * 1024

const byHeader = new Map(DATASETS.map((dataset) => [signature(header(dataset)), dataset]))
/** Where the part of a dataset in parts can be read off a row. */
const PART_COLUMNS: Partial<Record<DatasetName, string>> = {
  samp: 'DatCompetencia',
  componentes_tarifarias: 'DatInicioVigencia',
  dec_fec: 'AnoIndice',
}

function signature(names: readonly string[]): string {
  return names.join(';').toLowerCase()
}

/** Maps the files of a folder (not of folders in it) to datasets by their first line. */
export async function findSamples(directory: string): Promise<Samples> {
  const result: Samples = { mapped: [], unmapped: [] }
  const entries = await readdir(directory, { withFileTypes: true })
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (!entry.isFile()) continue
    const found = await sample(join(directory, entry.name), entry.name)
    if (typeof found === 'string') result.unmapped.push({ file: entry.name, reason: found })
    else result.mapped.push(found)
  }
  result.mapped.sort((a, b) => (a.date === b.date ? (a.file < b.file ? -1 : 1) : a.date < b.date ? -1 : 1))
  return result
}

async function sample(path: string, file: string): Promise<Sample | string> {
  const { size } = await stat(path)
  const { head, container } = unpackHead(await firstBytes(path))
  const end = head.lastIndexOf(0x0a)
  const text = decode(end < 0 ? head : head.subarray(0, end + 1))
  const [first = '', second = ''] = text.text.replace(/^\ufeff/, '').split(/\r?\n/)
  const delimiter = first.split(';').length >= first.split(',').length ? ';' : ','
  const names = cells(first, delimiter)
  const dataset = byHeader.get(signature(names[0] === '_id' ? names.slice(1) : names))
  if (dataset === undefined) return `the first line is the header of no known dataset (${first.slice(0, 60)})`
  const row = cells(second, delimiter)
  const at = (column: string | undefined) =>
    row[names.findIndex((name) => column !== undefined && name === column)] ?? ''
  const year = at(PART_COLUMNS[dataset]).slice(0, 4)
  const date = /\d{4}-\d{2}-\d{2}/.exec(file)?.[0] ?? at('DatGeracaoConjuntoDados').slice(0, 10)
  const dialect: Dialect = {
    encoding: text.encoding,
    bom: text.text.startsWith('\ufeff'),
    quote: first.startsWith('"') ? 'all' : text.text.includes('"') ? 'needed' : 'none',
    delimiter,
    eol: text.text.includes('\r\n') ? '\r\n' : '\n',
    decimal: ',',
    container,
  }
  const part =
    dataset === 'siga' ? 'diario' : dataset === 'dec_fec' ? `${year.slice(0, 3)}0-${year.slice(0, 3)}9` : year
  const found = { path, file, dataset, part, date, dialect, size, rows: -1 }
  return { ...found, rows: size > READ_WHOLE ? -1 : table(found, await readFile(path)).rows.length }
}

async function firstBytes(path: string): Promise<Buffer> {
  const handle = await open(path)
  try {
    const bytes = Buffer.alloc(SNIFFED)
    const { bytesRead } = await handle.read(bytes, 0, SNIFFED, 0)
    return bytes.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

const partly = { finishFlush: constants.Z_SYNC_FLUSH }

/** The beginning of the CSV inside; for a ZIP, of its first entry. */
function unpackHead(bytes: Buffer): { head: Buffer; container: Dialect['container'] } {
  if (bytes.length > 30 && bytes.readUInt32LE(0) === 0x04034b50 && bytes.readUInt16LE(8) === 8) {
    const start = 30 + bytes.readUInt16LE(26) + bytes.readUInt16LE(28)
    return { head: inflateRawSync(bytes.subarray(start), partly), container: 'zip' }
  }
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return { head: gunzipSync(bytes, partly), container: 'gzip' }
  return { head: bytes, container: 'none' }
}

function decode(bytes: Buffer): { text: string; encoding: 'utf-8' | 'windows-1252' } {
  if (isUtf8(bytes)) return { text: bytes.toString('utf8'), encoding: 'utf-8' }
  return { text: c1ToCp1252(bytes.toString('latin1')), encoding: 'windows-1252' }
}

/** The cells of a header or a first row; those of the known files have no delimiter inside. */
function cells(line: string, delimiter: string): string[] {
  return line.split(delimiter).map((cell) => cell.replace(/^"|"$/g, ''))
}

function table(sample: Pick<Sample, 'dialect'>, bytes: Buffer): { names: string[]; rows: string[][] } {
  const { container, delimiter } = sample.dialect
  // Read whole only below READ_WHOLE, and from a folder the caller chose.
  const plain = container === 'gzip' ? gunzipSync(bytes) : container === 'zip' ? unpackHead(bytes).head : bytes
  const rows: string[][] = parse(decode(plain).text, {
    delimiter,
    bom: true,
    relax_column_count: true,
    skip_empty_lines: true,
  })
  const [names = [], ...rest] = rows
  return { names, rows: rest }
}

/** A sample as rows with types, in the file's own columns. Throws for a file that is too large. */
export function sampleSource(sample: Sample): Source {
  if (sample.rows < 0) throw new RangeError(`${sample.file} is too large to be read whole`)
  const { names, rows } = table(sample, readFileSync(sample.path))
  const types = new Map(columnsOf(sample.dataset).map((column) => [column.source.toLowerCase(), column]))
  const columns = names.map((source) => types.get(source.toLowerCase()) ?? { source, type: 'integer' as const })
  return { header: names, columns, rows, hasQuotes: true }
}
