import { randomBytes } from 'node:crypto'
import { PipelineError } from '../../../errors.ts'
import type { Json } from '../../../stores/cache/port.ts'
import type { Connection, PostgresStore } from '../../../stores/postgres/port.ts'
import type { Clock } from '../../step.ts'
import { describePast } from './as-of.ts'
import { describeDataset, provenanceOf } from './describe.ts'
import type { DescribedColumn, Provenance, Selection } from './port.ts'
import { prepareDatasets } from './reader.ts'
import { allSql, wantedOf } from './select.ts'
import { type Numbers, plainRow } from './values.ts'

/** Rows on their way, with where they stand among the others. */
export interface Batch {
  rows: Record<string, Json>[]
  /** From 0. */
  index: number
  last: boolean
  /** Whether the limit cut off rows that would have followed; only the last one knows. */
  cut: boolean
}

/** How a selection is read as a whole. */
export interface StreamOptions {
  /** Rows in a batch. */
  batch: number
  /** Most rows; left out for all. */
  limit?: number | undefined
  numbers?: Numbers
  /** Ends the reading; the iterator then throws its reason. */
  signal: AbortSignal
}

/** All rows of a selection. Whoever has one iterates over it or closes it. */
export interface RowStream extends AsyncIterable<Batch> {
  columns: readonly DescribedColumn[]
  provenance: Provenance
  /** Gives up what is held in the database. Iterating to the end, breaking off and aborting do the same. */
  close(): Promise<void>
}

/** Sorting and writing down a large result takes its time. */
const declareMs = 600_000

/**
 * Opens all rows of a selection. The result is fixed here: a version that is published meanwhile does not show. It is read by a cursor that
 * holds neither a lock nor a transaction, batch by batch as they are asked for, at most one ahead, so that memory stays flat. No batch comes
 * where there is no row. Throws UNKNOWN_DATASET, NO_COPY, QUERY_COLUMN, QUERY_CONDITION, QUERY_VALUE, AS_OF_NOT_KEPT; iterating throws
 * QUERY_CURSOR and what the store throws.
 */
export async function streamRows(
  { postgres, clock }: { postgres: PostgresStore; clock: Clock },
  dataset: string,
  selection: Selection,
  options: StreamOptions,
): Promise<RowStream> {
  const { signal, limit, numbers = 'number' } = options
  signal.throwIfAborted()
  await prepareDatasets(postgres)
  const cursor = `ysh_query_${randomBytes(8).toString('hex')}`
  const connection = await postgres.connect()
  try {
    const { then, wanted } = await connection.transaction(async (tx) => {
      const session = await tx.query<{ pid: number }>(
        'set transaction isolation level repeatable read; select pg_backend_pid() as pid',
      )
      const now = await describeDataset(tx, dataset)
      const then = selection.asOf === undefined ? now : await describePast(tx, now, selection.asOf)
      const wanted = wantedOf(then, selection)
      const values: unknown[] = []
      const select = allSql({ now, then }, wanted, values)
      // One row more than asked for tells whether the limit cut any off.
      const most = limit === undefined ? '' : ` limit $${values.push(limit + 1)}::int8`
      const declaring = tx.query(`declare ${cursor} no scroll cursor with hold for ${select}${most}`, values, {
        timeoutMs: declareMs,
      })
      await untilAborted(declaring, session.rows[0]?.pid, postgres, signal)
      return { then, wanted }
    })
    const rows = new CursorRows(connection, cursor, plainRow(wanted.columns, numbers), options)
    return {
      columns: wanted.columns,
      provenance: provenanceOf(then, clock),
      close: () => rows.close(),
      [Symbol.asyncIterator]: () => rows,
    }
  } catch (error) {
    await connection.close()
    throw error
  }
}

/** Waits for a statement, which a server is told to give up when the signal aborts. The embedded store hears nothing while it works. */
async function untilAborted(
  statement: Promise<unknown>,
  pid: number | undefined,
  postgres: PostgresStore,
  signal: AbortSignal,
): Promise<void> {
  const cancel = () => {
    if (postgres.kind === 'embedded' || pid === undefined) return
    postgres.query('select pg_cancel_backend($1::int4)', [pid]).catch(() => undefined)
  }
  signal.addEventListener('abort', cancel, { once: true })
  if (signal.aborted) cancel()
  try {
    await statement
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    signal.removeEventListener('abort', cancel)
  }
}

type PlainRow = Record<string, Json>

/** Reads a cursor's rows; one consumer. */
class CursorRows implements AsyncIterator<Batch> {
  readonly #connection: Connection
  readonly #cursor: string
  readonly #plain: (row: Record<string, unknown>) => PlainRow
  readonly #options: StreamOptions
  #ahead: PlainRow[] = []
  #begun = false
  #over = false
  #index = 0
  #sent = 0
  #closed: Promise<void> | undefined
  readonly #aborted = () => void this.close().catch(() => undefined)

  constructor(
    connection: Connection,
    cursor: string,
    plain: (row: Record<string, unknown>) => PlainRow,
    options: StreamOptions,
  ) {
    this.#connection = connection
    this.#cursor = cursor
    this.#plain = plain
    this.#options = options
    options.signal.addEventListener('abort', this.#aborted, { once: true })
    if (options.signal.aborted) this.#aborted()
  }

  async next(): Promise<IteratorResult<Batch, undefined>> {
    if (this.#over) return { done: true, value: undefined }
    try {
      const batch = await this.#read()
      if (batch === undefined || batch.last) await this.#end()
      return batch === undefined ? { done: true, value: undefined } : { done: false, value: batch }
    } catch (error) {
      await this.#end()
      throw error
    }
  }

  async return(): Promise<IteratorResult<Batch, undefined>> {
    await this.#end()
    return { done: true, value: undefined }
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #read(): Promise<Batch | undefined> {
    const { batch, limit = Number.POSITIVE_INFINITY } = this.#options
    if (!this.#begun) this.#ahead = await this.#fetch(batch + 1)
    else this.#ahead.push(...(await this.#fetch(batch)))
    this.#begun = true
    const rows = this.#ahead.slice(0, Math.min(batch, limit - this.#sent))
    this.#ahead = this.#ahead.slice(rows.length)
    if (rows.length === 0) return undefined
    this.#sent += rows.length
    const cut = this.#sent >= limit && this.#ahead.length > 0
    return { rows, index: this.#index++, last: cut || this.#ahead.length === 0, cut }
  }

  async #fetch(count: number): Promise<PlainRow[]> {
    this.#options.signal.throwIfAborted()
    try {
      const { rows } = await this.#connection.query(`fetch forward ${count} from ${this.#cursor}`)
      this.#options.signal.throwIfAborted()
      return rows.map(this.#plain)
    } catch (thrown) {
      this.#options.signal.throwIfAborted()
      throw cursorError(thrown)
    }
  }

  async #end(): Promise<void> {
    this.#over = true
    await this.close()
  }

  async #close(): Promise<void> {
    this.#options.signal.removeEventListener('abort', this.#aborted)
    // the embedded store has one session for all: there it would stay
    await this.#connection.query(`close ${this.#cursor}`).catch(() => undefined)
    await this.#connection.close()
  }
}

/** A pooler that shares sessions loses cursors. */
function cursorError(thrown: unknown): PipelineError {
  const error = PipelineError.from(thrown)
  if (error.code !== 'SQL_34000') return error
  return new PipelineError('QUERY_CURSOR', 'The database lost the query’s cursor: a pooler must keep sessions apart', {
    cause: error,
  })
}
