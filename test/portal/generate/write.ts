import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { PassThrough, Readable, type Transform, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { type Damage, damaged, damagedHeader } from './damage.ts'
import { type DatasetName, tableOf } from './datasets.ts'
import { type Dialect, encode, PORTAL } from './dialect.ts'
import { type FileOptions, header, rows } from './rows.ts'
import type { TableColumn } from './table.ts'
import { ZipStream } from './zip.ts'

/** What was written. */
export interface Written {
  bytes: number
  /** MD5 of the bytes, hexadecimal: what the portal's `hash` looks like. */
  md5: string
}

/** Rows with their header and types, wherever they come from. */
export interface Source {
  header: readonly string[]
  columns: readonly TableColumn[]
  rows: Iterable<readonly string[]>
  /** Whether a value may hold a double quote. */
  hasQuotes: boolean
}

/** The generator of a dataset as a source. */
export function source(dataset: DatasetName, options: FileOptions): Source {
  const { columns, hasQuotes } = tableOf(dataset)
  return { header: header(dataset), columns, rows: rows(dataset, options), hasQuotes }
}

/** How a source is written. */
export interface WriteOptions {
  /** Default: what the portal writes. */
  dialect?: Partial<Dialect> | undefined
  /** Name of the entry in a ZIP. Default `dados.csv`. */
  entry?: string | undefined
  /** Rows spoilt on purpose. */
  damage?: Damage | undefined
}

/**
 * Writes a source to a file (a path) or a stream, in constant memory. A stream is ended. The same source and dialect
 * give the same bytes.
 */
export async function write(target: string | Writable, from: Source, options: WriteOptions = {}): Promise<Written> {
  const dialect = { ...PORTAL, ...options.dialect }
  const chunks = encode(
    damagedHeader(from, options.damage),
    from.columns,
    damaged(from, options.damage),
    dialect,
    from.hasQuotes,
  )
  const hash = createHash('md5')
  let bytes = 0
  const sink = typeof target === 'string' ? createWriteStream(target, { highWaterMark: 1 << 18 }) : target
  const measure = new PassThrough({ highWaterMark: 1 << 18 })
  measure.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    hash.update(chunk)
  })
  // Readable.from takes a turn of the event loop between chunks, so a server in this process stays responsive.
  await pipeline([
    Readable.from(chunks, { objectMode: true, highWaterMark: 4 }),
    ...packer(dialect, options.entry),
    measure,
    sink,
  ])
  return { bytes, md5: hash.digest('hex') }
}

function packer(dialect: Dialect, entry = 'dados.csv'): Transform[] {
  if (dialect.container === 'zip') return [new ZipStream(entry)]
  return dialect.container === 'gzip' ? [createGzip({ level: 1 })] : []
}

/** Writes a dataset's file; see {@link write}. */
export async function writeCsv(
  target: string | Writable,
  dataset: DatasetName,
  options: FileOptions & WriteOptions,
): Promise<Written> {
  return await write(target, source(dataset, options), options)
}

/** The bytes of a source, for small ones. */
export async function bytesOf(from: Source, options: WriteOptions = {}): Promise<Buffer> {
  const kept: Buffer[] = []
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      kept.push(chunk)
      done()
    },
  })
  await write(sink, from, options)
  return Buffer.concat(kept)
}
