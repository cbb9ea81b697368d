import { createHash } from 'node:crypto'
import { PipelineError } from '../../../errors.ts'
import { parser, Type } from '../../../schema.ts'
import type { Selection } from './port.ts'

/** Where a row stands in the order of a selection. */
export interface Position {
  /** What it is sorted by, as text. */
  values: (string | null)[]
  part: string
  /** Its place in the part. `kh` is an int8, as text. */
  kh: string
  n: number
}

const tokens = parser(
  Type.Tuple([
    Type.String(),
    Type.Array(Type.Union([Type.String(), Type.Null()]), { maxItems: 20 }),
    Type.String(),
    Type.String({ pattern: '^-?\\d{1,19}$' }),
    Type.Integer({ minimum: 0, maximum: 2_147_483_647 }),
  ]),
  'The token',
)

/** A position as a token that is good for this selection only, whatever columns of it are shown. */
export function writePosition(dataset: string, selection: Selection, position: Position): string {
  const { values, part, kh, n } = position
  const token = [seal(dataset, selection, position), values, part, kh, n]
  return Buffer.from(JSON.stringify(token)).toString('base64url')
}

/**
 * Reads a token. Throws QUERY_AFTER for one that is damaged or of another selection. Whoever forges one on purpose reaches a place that they
 * could have asked for: its values are bound like any other.
 */
export function readPosition(dataset: string, selection: Selection, token: string): Position {
  try {
    const [sealed, values, part, kh, n] = tokens.parse(JSON.parse(Buffer.from(token, 'base64url').toString()))
    const position = { values, part, kh, n }
    const fits = values.length === (selection.order ?? []).length
    if (fits && sealed === seal(dataset, selection, position)) return position
  } catch {
    // said below
  }
  throw wrongToken()
}

/** What is said of a token that is none. */
export function wrongToken(): PipelineError {
  return new PipelineError(
    'QUERY_AFTER',
    'The token of the next page is damaged or belongs to another query: ask again for the first page',
  )
}

function seal(dataset: string, { where, order, asOf }: Selection, { values, part, kh, n }: Position): string {
  const conditions = (where ?? []).map(({ column, op, value }) => [column, op, value ?? null])
  const all = [dataset, conditions, order ?? [], asOf ?? null, values, part, kh, n]
  return createHash('sha256').update(JSON.stringify(all)).digest('base64url').slice(0, 16)
}
