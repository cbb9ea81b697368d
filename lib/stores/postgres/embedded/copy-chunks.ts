const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1')
const HEADER_BYTES = 19
/** A chunk goes to the database when this much has come in. */
const CHUNK = 4 * 1024 * 1024
/** A row that has not ended after so much never will. */
const MAX_ROW = 64 * 1024 * 1024

/** What stands before and after the rows of every chunk. */
export const COPY_HEADER = Buffer.concat([SIGNATURE, Buffer.alloc(8)])
export const COPY_TRAILER = Buffer.from([0xff, 0xff])

/** A stream that is not binary COPY. */
export class CopyFormatError extends Error {}

/** Cuts a binary COPY stream into chunks of whole rows, wherever the messages were cut. */
export class CopyChunks {
  #parts: Buffer[] = []
  #bytes = 0
  #threshold = CHUNK
  #opened = false
  #ended = false

  /** Bytes that wait here. */
  get bytes(): number {
    return this.#bytes
  }

  /** Whether a chunk is worth taking. */
  get full(): boolean {
    return this.#bytes >= this.#threshold
  }

  push(part: Buffer): void {
    this.#parts.push(part)
    this.#bytes += part.length
  }

  /**
   * The whole rows that have come in so far. With `last` the stream has ended and nothing may be left over. Throws
   * {@link CopyFormatError}.
   */
  take(last: boolean): Buffer<ArrayBuffer> {
    const bytes = Buffer.concat(this.#parts)
    let from = 0
    if (!this.#opened) {
      const start = headerEnd(bytes)
      if (start === undefined) {
        if (last) throw new CopyFormatError('COPY file header is missing or incomplete')
        return bytes.subarray(0, 0)
      }
      from = start
      this.#opened = true
    }
    const { end, trailer } = this.#ended ? { end: from, trailer: false } : wholeRows(bytes, from)
    if (trailer) this.#ended = true
    const rest = bytes.subarray(trailer ? end + COPY_TRAILER.length : end)
    if (this.#ended && rest.length > 0) throw new CopyFormatError('received copy data after EOF marker')
    if (rest.length > (last ? 0 : MAX_ROW)) throw new CopyFormatError('unexpected EOF in COPY data')
    // A copy, so that a few bytes do not keep the whole chunk in memory.
    this.#parts = rest.length === 0 ? [] : [Buffer.from(rest)]
    this.#bytes = rest.length
    // The row that is being waited for may be longer than a chunk: look again when as much has come in once more.
    this.#threshold = rest.length + CHUNK
    return bytes.subarray(from, end)
  }
}

/** Where the rows start; undefined if that much has not come yet. */
function headerEnd(bytes: Buffer): number | undefined {
  const length = Math.min(bytes.length, SIGNATURE.length)
  if (bytes.compare(SIGNATURE, 0, length, 0, length) !== 0) {
    throw new CopyFormatError('COPY file signature not recognized')
  }
  if (bytes.length < HEADER_BYTES) return undefined
  const end = HEADER_BYTES + bytes.readUInt32BE(15)
  return bytes.length < end ? undefined : end
}

function wholeRows(bytes: Buffer, from: number): { end: number; trailer: boolean } {
  let end = from
  for (;;) {
    if (end + 2 > bytes.length) return { end, trailer: false }
    const fields = bytes.readInt16BE(end)
    if (fields === -1) return { end, trailer: true }
    let at = end + 2
    for (let field = 0; field < fields; field += 1) {
      if (at + 4 > bytes.length) return { end, trailer: false }
      const length = bytes.readInt32BE(at)
      if (length < -1) throw new CopyFormatError('invalid field size')
      at += 4 + Math.max(0, length)
    }
    if (at > bytes.length) return { end, trailer: false }
    end = at
  }
}
