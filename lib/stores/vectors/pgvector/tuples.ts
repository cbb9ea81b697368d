import type { VectorPoint } from '../port.ts'

/** Oid of int4, the element type in the header of a binary `int4[]`. */
const INT4 = 23
/** Dimensions of the `sparsevec` column; term ids count from 0. */
export const TERM_SPACE = 1_000_000_000
/** Of a row besides what is counted: field count, lengths, headers. */
const OVERHEAD = 160

/** Columns in the order in which {@link writeTuple} writes them. */
export const COLUMNS = ['id', 'document', 'since', 'vector', 'lexical', 'terms', 'facets', 'payload'] as const

/** A point made ready for COPY: what is text is encoded once, so that its size is known. */
export interface Tuple {
  point: VectorPoint
  document: Buffer
  facets: Buffer
  payload: Buffer
  /** At least as many bytes as {@link writeTuple} writes. */
  bytes: number
}

/** Encodes the texts of a point. */
export function tupleOf(point: VectorPoint): Tuple {
  const document = Buffer.from(point.document)
  const facets = Buffer.from(JSON.stringify(point.facets))
  const payload = Buffer.from(JSON.stringify(point.payload))
  const terms = point.lexical.terms.length
  const bytes =
    OVERHEAD + document.length + facets.length + payload.length + point.vector.length * 4 + terms * 16
  return { point, document, facets, payload, bytes }
}

/** Writes one row in PostgreSQL's binary COPY format; resolves to where the next one begins. */
export function writeTuple(to: Buffer, at: number, { point, document, facets, payload }: Tuple, since: number): number {
  const { vector } = point
  const { terms, weights } = point.lexical
  const count = terms.length
  let next = to.writeInt16BE(COLUMNS.length, at)

  next = to.writeInt32BE(16, next)
  next += to.write(point.id.replaceAll('-', ''), next, 'hex')

  next = to.writeInt32BE(document.length, next)
  next += document.copy(to, next)

  next = to.writeInt32BE(8, next)
  next = to.writeBigInt64BE(BigInt(since), next)

  next = to.writeInt32BE(4 + vector.length * 4, next)
  next = to.writeInt16BE(vector.length, next)
  next = to.writeInt16BE(0, next)
  next = writeFloats(to, next, vector)

  next = to.writeInt32BE(12 + count * 8, next)
  next = to.writeInt32BE(TERM_SPACE, next)
  next = to.writeInt32BE(count, next)
  next = to.writeInt32BE(0, next)
  for (const term of terms) next = to.writeInt32BE(term, next)
  for (const weight of weights) next = to.writeFloatBE(weight, next)

  if (count === 0) {
    next = to.writeInt32BE(12, next)
    next = to.writeInt32BE(0, next)
    next = to.writeInt32BE(0, next)
    next = to.writeInt32BE(INT4, next)
  } else {
    next = to.writeInt32BE(20 + count * 8, next)
    next = to.writeInt32BE(1, next)
    next = to.writeInt32BE(0, next)
    next = to.writeInt32BE(INT4, next)
    next = to.writeInt32BE(count, next)
    next = to.writeInt32BE(1, next)
    for (const term of terms) {
      next = to.writeInt32BE(4, next)
      next = to.writeInt32BE(term, next)
    }
  }

  next = writeJsonb(to, next, facets)
  return writeJsonb(to, next, payload)
}

/** Bytes of the floats, whose order of bytes is the other one on every machine that Node runs on but s390x. */
function writeFloats(to: Buffer, at: number, floats: Float32Array): number {
  const copy = Buffer.from(floats.slice().buffer)
  if (LITTLE_ENDIAN) copy.swap32()
  copy.copy(to, at)
  return at + copy.length
}

function writeJsonb(to: Buffer, at: number, text: Buffer): number {
  const next = to.writeInt32BE(text.length + 1, at)
  to[next] = 1
  return next + 1 + text.copy(to, next + 1)
}

const LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1
