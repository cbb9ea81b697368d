import { PipelineError } from '../../../errors.ts'
import type { ReadBytes } from '../parser/parser.ts'
import { firstRecord, sniffDelimiter } from '../parser/record.ts'
import { type OpenSource, openSource } from './source.ts'

/** What the first megabyte of a file says. */
export interface Inspection {
  header: string[]
  delimiter: string
  encoding: 'utf-8' | 'windows-1252'
  /** Line of the first data record. */
  firstLine: number
  /** The first data record's fields, [] when there is none. */
  firstRow: string[]
}

/** A file whose header has been read; `read` goes on with the data. */
export interface InspectedSource extends Inspection {
  source: OpenSource
  read: ReadBytes
  /** The last byte that a reader of `read` saw; it keeps this up to date. A line end to begin with. */
  lastByte: number
}

const SAMPLE = 1024 * 1024

/**
 * Opens a file and reads its dialect by evidence: byte-order mark, else strict UTF-8 over the first megabyte (cut at a line
 * end), else windows-1252. `encoding` overrules the evidence (a second look after NOT_UTF8). Throws FILE_EMPTY, NOT_DATA,
 * HTML_INSTEAD_OF_DATA, FILE_BROKEN, ENCODING_UNSUPPORTED, HEADER_UNREADABLE.
 */
export async function inspect(
  file: string,
  options: { encoding?: Inspection['encoding']; signal?: AbortSignal } = {},
): Promise<InspectedSource> {
  const source = await openSource(file, options.signal)
  try {
    const sample = new Uint8Array(SAMPLE)
    let filled = 0
    while (filled < SAMPLE) {
      const bytes = await source.read(sample.subarray(filled))
      if (bytes === 0) break
      filled += bytes
    }
    const head = sample.subarray(0, filled)
    if (filled === 0)
      throw new PipelineError('FILE_EMPTY', 'The file is empty: 0 bytes arrived where rows were expected')
    if ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)) {
      throw new PipelineError('ENCODING_UNSUPPORTED', 'The file is UTF-16; UTF-8 and windows-1252 are read')
    }
    const bom = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0
    const body = head.subarray(bom)
    const encoding = options.encoding ?? (bom > 0 ? 'utf-8' : sniffEncoding(body, filled < SAMPLE))
    const text = new TextDecoder(encoding).decode(body)
    const delimiter = sniffDelimiter(text.slice(0, 64 * 1024))
    const { fields: header, next } = firstRecord(text, delimiter)
    if (header.length === 1 && (header[0] ?? '').length > 4096) {
      throw new PipelineError('HEADER_UNREADABLE', 'The file does not begin with a header line of column names', {
        details: { head: text.slice(0, 200) },
      })
    }
    const headerText = next < 0 ? text : text.slice(0, next)
    const headerBytes =
      next < 0 ? body.length : encoding === 'utf-8' ? Buffer.byteLength(headerText, 'utf8') : headerText.length
    let left = body.subarray(headerBytes)
    const read: ReadBytes = (into) => {
      if (left.length === 0) return source.read(into)
      const part = left.subarray(0, into.length)
      into.set(part)
      left = left.subarray(part.length)
      return part.length
    }
    return {
      source,
      read,
      lastByte: 10,
      header,
      delimiter,
      encoding,
      firstLine: 1 + headerText.split('\n').length - (next < 0 ? 0 : 1),
      firstRow: next < 0 || next >= text.length ? [] : firstRecord(text, delimiter, next).fields,
    }
  } catch (error) {
    await source.close()
    throw error
  }
}

/** Strict UTF-8 on a sample cut at its last line end, else windows-1252 (which reads any bytes). */
export function sniffEncoding(sample: Uint8Array, whole: boolean): Inspection['encoding'] {
  const lineEnd = whole ? -1 : sample.lastIndexOf(10)
  const cut = lineEnd < 0 ? sample : sample.subarray(0, lineEnd + 1)
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(cut)
    return 'utf-8'
  } catch {
    return 'windows-1252'
  }
}
