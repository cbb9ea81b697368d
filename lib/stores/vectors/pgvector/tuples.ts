import type { VectorPoint } from '../port.ts'

/** Of int4 and float4, in the header of a binary array. */
const INT4 = 23
const FLOAT4 = 700
/** Dimensions of the `sparsevec` column; term ids count from 0. */
export const TERM_SPACE = 1_000_000_000
/** Of a row, besides what is counted: number of fields, lengths, headers. */
const OVERHEAD = 160
const LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

/** Columns of a point, in the order in which {@link writePoint} writes them. */
export const POINT_COLUMNS = 'id, number, since, document, vector, lexical, facets, payload'
/** Columns of a block of postings, in the order in which {@link writeBlock} writes them. */
export const BLOCK_COLUMNS = 'term, points, weights'

/** A point made ready for COPY: what is text is encoded once, so that its size is known. */
export interface Tuple {
  point: VectorPoint
  document: Buffer
  facets: Buffer
  payload: Buffer
  /** At least as many bytes as {@link writePoint} writes. */
  bytes: number
}

/** Encodes the texts of a point. */
export function tupleOf(point: VectorPoint): Tuple {
  const document = Buffer.from(point.document)
  const facets = Buffer.from(JSON.stringify(point.facets))
  const payload = Buffer.from(JSON.stringify(point.payload))
  const numbers = point.vector.length * 4 + point.lexical.terms.length * 8
  return {
    point,
    document,
    facets,
    payload,
    bytes: OVERHEAD + document.length + facets.length + payload.length + numbers,
  }
}

/** Writes a row of the points in PostgreSQL's binary COPY format; returns where the next one begins. */
export function writePoint(
  to: Buffer,
  at: number,
  { point, document, facets, payload }: Tuple,
  { number, since }: { number: number; since: number },
): number {
  const { terms, weights } = point.lexical
  let next = to.writeInt16BE(8, at)
  next = to.writeInt32BE(16, next)
  next += to.write(point.id.replaceAll('-', ''), next, 'hex')
  next = writeInt4(to, next, number)
  next = to.writeInt32BE(8, next)
  next = to.writeBigInt64BE(BigInt(since), next)
  next = to.writeInt32BE(document.length, next)
  next += document.copy(to, next)

  next = to.writeInt32BE(4 + point.vector.length * 4, next)
  next = to.writeInt16BE(point.vector.length, next)
  next = to.writeInt16BE(0, next)
  next = writeFloats(to, next, point.vector)

  next = to.writeInt32BE(12 + terms.length * 8, next)
  next = to.writeInt32BE(TERM_SPACE, next)
  next = to.writeInt32BE(terms.length, next)
  next = to.writeInt32BE(0, next)
  for (const term of terms) next = to.writeInt32BE(term, next)
  for (const weight of weights) next = to.writeFloatBE(weight, next)

  next = writeJsonb(to, next, facets)
  return writeJsonb(to, next, payload)
}

/** The points of a batch that have one term. */
export interface Block {
  points: number[]
  weights: number[]
}

/** The bytes that {@link writeBlock} writes. */
export function blockBytes({ points }: Block): number {
  return 2 + 8 + 2 * (24 + points.length * 8)
}

/** Writes a row of the postings; returns where the next one begins. */
export function writeBlock(to: Buffer, at: number, term: number, { points, weights }: Block): number {
  let next = to.writeInt16BE(3, at)
  next = writeInt4(to, next, term)
  next = writeArrayHead(to, next, INT4, points.length)
  for (const point of points) next = writeInt4(to, next, point)
  next = writeArrayHead(to, next, FLOAT4, weights.length)
  for (const weight of weights) {
    next = to.writeInt32BE(4, next)
    next = to.writeFloatBE(weight, next)
  }
  return next
}

function writeInt4(to: Buffer, at: number, value: number): number {
  return to.writeInt32BE(value, to.writeInt32BE(4, at))
}

/** Length, dimensions, no nulls, type, and of the one dimension size and first index. */
function writeArrayHead(to: Buffer, at: number, type: number, count: number): number {
  let next = at
  for (const field of [20 + count * 8, 1, 0, type, count, 1]) next = to.writeInt32BE(field, next)
  return next
}

function writeFloats(to: Buffer, at: number, floats: Float32Array): number {
  const bytes = Buffer.from(floats.slice().buffer)
  if (LITTLE_ENDIAN) bytes.swap32()
  return at + bytes.copy(to, at)
}

/** The 1 is the version of the format. */
function writeJsonb(to: Buffer, at: number, text: Buffer): number {
  const next = to.writeUInt8(1, to.writeInt32BE(text.length + 1, at))
  return next + text.copy(to, next)
}
