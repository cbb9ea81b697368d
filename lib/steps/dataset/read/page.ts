import { PipelineError } from '../../../errors.ts'
import { describePast } from './as-of.ts'
import { provenanceOf } from './describe.ts'
import type { Described, Page, Selection } from './port.ts'
import { type Position, readPosition, writePosition, wrongToken } from './position.ts'
import { type DatasetReader, type Proof, proofSql, proves, retrievedAt } from './reader.ts'
import { pageSql, wantedOf } from './select.ts'
import { type Numbers, plainRow } from './values.ts'

/** How much of a selection. */
export interface PageOptions {
  /** Most rows. */
  limit: number
  /** `next` of the page before. */
  after?: string | undefined
  numbers?: Numbers
}

type PageRow = Proof & { _p: number | null; _kh: string | null; _n: number | null }

/** A publication at each try is no load, but something that is broken. */
const tries = 5

/**
 * A page of rows in a total order, in one round trip where nothing was published since the last one (two of a past day): the rows come with
 * the proof that they are of the versions that their provenance names. Without an order rows come by their place, and a page costs the same
 * however deep it is. Throws UNKNOWN_DATASET, NO_COPY, QUERY_COLUMN, QUERY_CONDITION, QUERY_VALUE, QUERY_AFTER, AS_OF_NOT_KEPT, STORE_BUSY.
 */
export async function readPage(
  reader: DatasetReader,
  dataset: string,
  selection: Selection,
  options: PageOptions,
): Promise<Page> {
  const after = options.after === undefined ? null : readPosition(dataset, selection, options.after)
  for (let attempt = 1; attempt <= tries; attempt += 1) {
    const known = await reader.known(dataset)
    try {
      const page = await readOnce(reader, known, selection, after, options)
      if (page !== undefined) return page
      await reader.forget(known)
    } catch (thrown) {
      const error = PipelineError.from(thrown)
      if (after !== null && error.code.startsWith('SQL_22')) throw wrongToken()
      // The column may be new, the table may be gone.
      if (!ofOldNames.has(error.code) || !(await reader.outdated(known))) throw error
    }
  }
  throw new PipelineError('STORE_BUSY', `${dataset} was published anew at each of ${tries} tries`, { retryable: true })
}

const ofOldNames = new Set(['QUERY_COLUMN', 'QUERY_CONDITION', 'QUERY_VALUE', 'SQL_42P01', 'SQL_42703', 'SQL_42704'])

/** Undefined where the description has turned out to be old. */
async function readOnce(
  reader: DatasetReader,
  now: Described,
  selection: Selection,
  after: Position | null,
  { limit, numbers = 'number' }: PageOptions,
): Promise<Page | undefined> {
  const then = selection.asOf === undefined ? now : await describePast(reader.db, now, selection.asOf)
  if (then.parts.some(({ part }) => !now.parts.some((each) => each.part === part))) return undefined
  const wanted = wantedOf(then, selection)
  const values: unknown[] = []
  const proof = proofSql(now, values)
  // One row more than asked for tells whether there is another page.
  const rowsOf = pageSql({ now, then }, wanted, after, limit + 1, values)
  const order = wanted.order.map(({ down }, index) => `p."_o${index}" ${down ? 'desc' : 'asc'} nulls last`)
  const { rows } = await reader.db.query<PageRow>(
    `select * from ${proof} left join (${rowsOf}) p on true order by ${[...order, 'p._p', 'p._kh', 'p._n'].join(', ')}`,
    values,
  )
  const first = rows[0]
  if (first === undefined || !proves(first, now)) return undefined
  const found = first._n === null ? [] : rows
  const shown = found.slice(0, limit)
  const last = found.length > limit ? shown.at(-1) : undefined
  return {
    columns: wanted.columns,
    rows: shown.map(plainRow(wanted.columns, numbers)),
    next:
      last === undefined ? null : writePosition(now.dataset, selection, positionOf(last, then, wanted.order.length)),
    provenance: provenanceOf({ ...then, retrievedAt: retrievedAt(first, then) }, reader.clock),
  }
}

function positionOf(row: PageRow, { parts }: Described, keys: number): Position {
  return {
    values: Array.from({ length: keys }, (_, index) => {
      const value = row[`_o${index}`]
      return value === null || value === undefined ? null : String(value)
    }),
    part: parts[row._p ?? 0]?.part ?? '',
    kh: row._kh ?? '0',
    n: row._n ?? 0,
  }
}
