import { closeSync, createReadStream, openSync, readSync } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { crc32, createGunzip } from 'node:zlib'
import yauzl, { type Entry, type ZipFile } from 'yauzl'
import { PipelineError } from '../../../errors.ts'
import type { ReadBytes } from '../parser/parser.ts'
import { parquetAsCsv } from './parquet.ts'

/** What a file's first bytes say it is, whatever its name and its declared type. */
export type Container = 'csv' | 'zip' | 'gzip' | 'parquet'

/** A file opened for reading as CSV bytes. */
export interface OpenSource {
  container: Container
  read: ReadBytes
  /** Bytes of the stored file, for progress. */
  bytes: number
  /** Bytes of it consumed so far. */
  consumed(): number
  close(): Promise<void>
}

/** A ZIP or gzip file may grow this much: text compresses 10 to 40 times, a bomb a thousand. */
const MAX_RATIO = 200
/** And never beyond this (the largest file of the portal is 1.5 GB). */
const MAX_INFLATED = 16 * 1024 ** 3

/** Judges a file by its first bytes. Throws FILE_EMPTY, HTML_INSTEAD_OF_DATA (retryable), NOT_DATA. */
export function sniffContainer(head: Uint8Array): Container {
  if (head.length === 0)
    throw new PipelineError('FILE_EMPTY', 'The file is empty: 0 bytes arrived where rows were expected')
  const text = Buffer.from(head.subarray(0, 512)).toString('latin1')
  if (text.startsWith('PK\u0003\u0004') || text.startsWith('PK\u0005\u0006')) return 'zip'
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip'
  if (text.startsWith('PAR1')) return 'parquet'
  const start = text.replace(/^\u00ef\u00bb\u00bf/, '').trimStart()
  if (start.startsWith('<')) {
    const title = /<title[^>]*>([^<]*)/i.exec(text)?.[1]?.trim()
    throw new PipelineError(
      'HTML_INSTEAD_OF_DATA',
      `A web page arrived where a data file was expected${title ? ` ("${title}")` : ''}`,
      { retryable: true, details: { head: start.slice(0, 120) } },
    )
  }
  for (const [magic, what] of [
    ['%PDF', 'a PDF'],
    ['Rar!', 'a RAR archive'],
    ['7z\u00bc\u00af', 'a 7-Zip archive'],
    ['\u00d0\u00cf\u0011\u00e0', 'an old Office document'],
    ['{', 'JSON'],
  ] as const) {
    if (start.startsWith(magic)) {
      throw new PipelineError('NOT_DATA', `${what} arrived where a CSV file was expected`, {
        details: { head: start.slice(0, 120) },
      })
    }
  }
  return 'csv'
}

/** Opens a stored file as CSV bytes: plain, gzip, a ZIP with one CSV in it, or Parquet. The bytes decide. */
export async function openSource(file: string, signal?: AbortSignal): Promise<OpenSource> {
  const { size } = await stat(file)
  const container = sniffContainer(await firstBytes(file))
  if (container === 'csv') return openPlain(file, size)
  if (container === 'zip') return await openZip(file, size)
  if (container === 'parquet') return await parquetAsCsv(file, size, streamed, signal)
  const raw = createReadStream(file, { signal })
  return streamed('gzip', size, raw.pipe(createGunzip()), () => raw.bytesRead, [raw], size * MAX_RATIO)
}

async function firstBytes(file: string): Promise<Uint8Array> {
  const handle = await open(file)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(512), 0, 512, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

function openPlain(file: string, size: number): OpenSource {
  const fd = openSync(file, 'r')
  let position = 0
  return {
    container: 'csv',
    bytes: size,
    consumed: () => position,
    read: (into) => {
      const bytes = readSync(fd, into, 0, into.length, position)
      position += bytes
      return bytes
    },
    close: async () => closeSync(fd),
  }
}

/** Turns a stream into the parser's pull: `read` fills what it is given and keeps the rest for the next call. */
export function streamed(
  container: Container,
  bytes: number,
  stream: Readable,
  consumed: () => number,
  upstream: readonly Readable[],
  limit: number,
): OpenSource {
  // an error upstream of a pipe does not travel down by itself
  for (const source of upstream) source.once('error', (error) => stream.destroy(error))
  const iterator: AsyncIterator<Buffer> = stream[Symbol.asyncIterator]()
  let left: Uint8Array = new Uint8Array(0)
  let total = 0
  const read: ReadBytes = async (into) => {
    if (left.length === 0) {
      const item = await iterator.next().catch((error: unknown) => {
        throw new PipelineError(
          'FILE_BROKEN',
          `The ${container} file cannot be unpacked: ${error instanceof Error ? error.message : String(error)}`,
          {
            retryable: true,
            cause: error,
          },
        )
      })
      if (item.done) return 0
      left = item.value
      total += left.length
      if (total > Math.min(Math.max(limit, 64 * 1024 * 1024), MAX_INFLATED)) {
        throw new PipelineError(
          'FILE_TOO_LARGE',
          `The ${container} file grows beyond ${MAX_RATIO} times its size while unpacking: it is not unpacked further`,
        )
      }
    }
    const part = left.subarray(0, into.length)
    into.set(part)
    left = left.subarray(part.length)
    return part.length
  }
  return {
    container,
    bytes,
    consumed,
    read,
    close: async () => {
      stream.destroy()
      for (const source of upstream) source.destroy()
    },
  }
}

function zipProblem(error: unknown): PipelineError {
  return new PipelineError('FILE_BROKEN', `The ZIP archive cannot be read: ${String(error)}`, {
    retryable: true,
    cause: error,
  })
}

async function openZip(file: string, size: number): Promise<OpenSource> {
  const zip = await new Promise<ZipFile>((resolve, reject) =>
    yauzl.open(file, { lazyEntries: true, autoClose: false, validateEntrySizes: true }, (error, opened) =>
      error ? reject(zipProblem(error)) : resolve(opened),
    ),
  )
  try {
    const entries = await new Promise<Entry[]>((resolve, reject) => {
      const found: Entry[] = []
      zip.on('error', (error) => reject(zipProblem(error)))
      zip.on('end', () => resolve(found))
      zip.on('entry', (entry: Entry) => {
        if (!/(^|\/)(__MACOSX\/|\.)|\/$/.test(entry.fileName)) found.push(entry)
        if (found.length > 100) reject(new PipelineError('ZIP_CONTENT', 'The ZIP archive holds more than 100 files'))
        else zip.readEntry()
      })
      zip.readEntry()
    })
    const tables = entries.filter((entry) => /\.(csv|txt)$/i.test(entry.fileName))
    const entry = tables.length === 1 ? tables[0] : entries.length === 1 ? entries[0] : undefined
    if (entry === undefined) {
      throw new PipelineError(
        'ZIP_CONTENT',
        `One CSV file was expected in the ZIP archive; it holds ${entries.map((e) => e.fileName).join(', ') || 'nothing'}`,
      )
    }
    const stream = await new Promise<Readable>((resolve, reject) =>
      zip.openReadStream(entry, (error, opened) => (error ? reject(zipProblem(error)) : resolve(opened))),
    )
    let unpacked = 0
    let sum = 0
    // the library checks sizes; the sum is what shows a damaged byte
    const checked = Readable.from(
      (async function* () {
        for await (const chunk of stream) {
          unpacked += chunk.length
          sum = crc32(chunk, sum)
          yield chunk
        }
        if (sum !== entry.crc32) throw new Error(`the checksum of ${entry.fileName} is wrong`)
      })(),
    )
    const ratio = entry.uncompressedSize === 0 ? 0 : size / entry.uncompressedSize
    const source = streamed('zip', size, checked, () => Math.min(size, unpacked * ratio), [stream], size * MAX_RATIO)
    return {
      ...source,
      close: async () => {
        await source.close()
        zip.close()
      },
    }
  } catch (error) {
    zip.close()
    throw error
  }
}
