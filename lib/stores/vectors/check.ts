import { PipelineError } from '../../errors.ts'
import type { CollectionShape, VectorPoint } from './port.ts'

const NAME = /^[a-z][a-z0-9_]{0,47}$/
/** Qdrant reads a dot or a bracket in a key as a path; what is left needs no quotes anywhere. */
const FACET = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const MAX_DIMENSIONS = 16_000
const MAX_TERM = 999_999_999
/** Of pgvector's sparse vectors. */
const MAX_TERMS = 16_000
const MAX_LIMIT = 1_000

/** Throws VECTOR_NAME. */
export function checkName(collection: string): void {
  if (NAME.test(collection)) return
  throw new PipelineError(
    'VECTOR_NAME',
    `A collection is named by 1 to 48 lower-case letters, digits and _, a letter first: ${collection.slice(0, 60)}`,
  )
}

/** Throws VECTOR_DIMENSIONS. */
export function checkShape({ dimensions }: CollectionShape): void {
  if (Number.isInteger(dimensions) && dimensions >= 1 && dimensions <= MAX_DIMENSIONS) return
  throw new PipelineError('VECTOR_DIMENSIONS', `A vector has 1 to ${MAX_DIMENSIONS} dimensions, not ${dimensions}`)
}

/** Throws VECTOR_DIMENSIONS. */
export function checkDimensions(expected: number, actual: number, what: string): void {
  if (expected === actual) return
  throw new PipelineError('VECTOR_DIMENSIONS', `${what} has ${actual} dimensions, the collection ${expected}`, {
    details: { expected, actual },
  })
}

/** Throws VECTOR_FILTER. */
export function checkLimit(limit: number): void {
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT) return
  throw new PipelineError('VECTOR_FILTER', `A list has 1 to ${MAX_LIMIT} entries, not ${limit}`)
}

/** Whether a facet may have this name. */
export function isFacetName(name: string): boolean {
  return FACET.test(name)
}

/** Throws VECTOR_POINT or VECTOR_DIMENSIONS for a point that a store would refuse, or keep otherwise than it was given. */
export function checkPoint(point: VectorPoint, dimensions: number): void {
  const wrong = (why: string) => new PipelineError('VECTOR_POINT', `Point ${point.id.slice(0, 40)}: ${why}`)
  if (!UUID.test(point.id)) throw wrong('its id is not a UUID in lower case')
  checkDimensions(dimensions, point.vector.length, `The vector of ${point.id}`)
  if (!allFinite(point.vector)) throw wrong('its vector holds something that is not a number')
  const { terms, weights } = point.lexical
  if (terms.length !== weights.length) throw wrong(`${terms.length} terms have ${weights.length} weights`)
  if (terms.length > MAX_TERMS) throw wrong(`it has ${terms.length} terms; ${MAX_TERMS} are the most`)
  let last = -1
  for (const term of terms) {
    if (!Number.isInteger(term) || term <= last || term > MAX_TERM) {
      throw wrong(`its terms are not rising numbers of 0 to ${MAX_TERM}`)
    }
    last = term
  }
  if (!weights.every((weight) => Number.isFinite(weight) && weight > 0)) throw wrong('a weight is not above 0')
  if (point.document.includes('\0')) throw wrong('the name of its document holds a NUL')
  for (const name of Object.keys(point.facets)) {
    if (!isFacetName(name)) throw wrong(`a facet is named by letters, digits, _ and -: ${name.slice(0, 70)}`)
  }
}

/** A number of a version: 0 to 2^53 - 1. Throws VECTOR_POINT. */
export function checkVersion(version: number): void {
  if (Number.isSafeInteger(version) && version >= 0) return
  throw new PipelineError('VECTOR_POINT', `A version is a whole number from 0 on, not ${version}`)
}

/** What is not finite shows in the sum: single precision cannot overflow double precision here. */
function allFinite(vector: Float32Array): boolean {
  let sum = 0
  for (const value of vector) sum += value
  return Number.isFinite(sum)
}
