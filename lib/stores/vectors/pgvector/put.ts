import { PipelineError } from '../../../errors.ts'
import { goOn, unlessStopped } from '../../../stopped.ts'
import type { Connection, PostgresStore, Queryable } from '../../postgres/port.ts'
import { batches } from '../batches.ts'
import { checkPoint } from '../check.ts'
import type { VectorPoint } from '../port.ts'
import { CATALOGUE, look, notFound, pointsOf, postingsOf } from './tables.ts'
import {
  BLOCK_COLUMNS,
  type Block,
  blockBytes,
  POINT_COLUMNS,
  type Tuple,
  tupleOf,
  writeBlock,
  writePoint,
} from './tuples.ts'

/** The embedded store answers nobody while a transaction is open, so its batches are short. */
const LIMITS = {
  server: { points: 4_000, bytes: 16 << 20 },
  embedded: { points: 1_000, bytes: 4 << 20 },
} as const
/** Of the buffer that rows are sent in; one row may be longer. */
const BUFFER_BYTES = 1 << 20
/** Somebody put one of the same points in the same moment: the next try sees it. */
const MET = new Set(['SQL_23505', 'SQL_40001', 'SQL_40P01'])
const TRIES = 5

/** Puts points batch by batch, each in a transaction of its own; resolves with how many came. */
export async function putPoints(
  postgres: PostgresStore,
  collection: string,
  points: Iterable<VectorPoint> | AsyncIterable<VectorPoint>,
  { since, signal }: { since: number; signal: AbortSignal },
): Promise<number> {
  const { dimensions } = await unlessStopped(signal, () => look(postgres, collection))
  const prepared = batches(points, LIMITS[postgres.kind], (point) => {
    checkPoint(point, dimensions)
    const item = tupleOf(point)
    return { id: point.id, bytes: item.bytes, item }
  })
  let connection: Connection | undefined
  let count = 0
  try {
    for await (const batch of prepared) {
      goOn(signal)
      connection ??= await postgres.connect()
      const open = connection
      await unlessStopped(signal, () => putBatch(open, collection, batch, since))
      count += batch.length
    }
    return count
  } finally {
    const closed = connection?.close().catch(() => undefined)
    // After a stop the batch under way ends in its own time, and closing waits for it.
    if (!signal.aborted) await closed
  }
}

async function putBatch(connection: Connection, collection: string, batch: Tuple[], since: number): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await connection.transaction((tx) => write(connection, tx, collection, batch, since))
    } catch (error) {
      if (!(error instanceof PipelineError) || !MET.has(error.code) || attempt === TRIES) throw error
    }
  }
}

async function write(
  connection: Connection,
  tx: Queryable,
  collection: string,
  batch: Tuple[],
  since: number,
): Promise<void> {
  const table = pointsOf(collection)
  // This line is held to the end: one writer at a time, so that numbers and counts are true.
  const { rows } = await tx.query<{ numbered: number }>(
    `select numbered from ${CATALOGUE} where name = $1 for update`,
    [collection],
  )
  const numbered = rows[0]?.numbered
  if (numbered === undefined) throw notFound(collection)
  // A writer that was given up may still write: what a later version has put is not his to replace.
  const ids = batch.map(({ point }) => point.id)
  const { rows: there } = await tx.query<{ id: string; later: boolean }>(
    `select id, since > $2 as later from ${table} where id = any($1::uuid[])`,
    [ids, since],
  )
  let fresh = batch
  if (there.length > 0) {
    const later = new Set(there.filter((row) => row.later).map((row) => row.id))
    fresh = batch.filter(({ point }) => !later.has(point.id))
    await tx.query(`delete from ${table} where id = any($1::uuid[]) and since <= $2`, [ids, since])
    if (fresh.length === 0) return
  }
  await tx.query(
    `update ${CATALOGUE} set numbered = numbered + $2, posted = posted + $2, gone = gone + $3 where name = $1`,
    [collection, fresh.length, there.length - (batch.length - fresh.length)],
  )
  await copyRows(connection, `${table} (${POINT_COLUMNS})`, fresh, {
    size: ({ bytes }) => bytes,
    write: (buffer, at, tuple, index) => writePoint(buffer, at, tuple, { number: numbered + index, since }),
  })
  await copyRows(connection, `${postingsOf(collection)} (${BLOCK_COLUMNS})`, postings(fresh, numbered), {
    size: ([, block]) => blockBytes(block),
    write: (buffer, at, [term, block]) => writeBlock(buffer, at, term, block),
  })
}

/** The blocks of a batch, by term. */
function postings(batch: Tuple[], first: number): [number, Block][] {
  const blocks = new Map<number, Block>()
  batch.forEach(({ point: { lexical } }, index) => {
    lexical.terms.forEach((term, position) => {
      const weight = lexical.weights[position] ?? 0
      const block = blocks.get(term)
      if (block === undefined) blocks.set(term, { points: [first + index], weights: [weight] })
      else {
        block.points.push(first + index)
        block.weights.push(weight)
      }
    })
  })
  return [...blocks].sort(([a], [b]) => a - b)
}

/** Sends rows; the database reads one buffer while the other is filled. */
async function copyRows<T>(
  connection: Connection,
  target: string,
  rows: readonly T[],
  { size, write }: { size(row: T): number; write(buffer: Buffer, at: number, row: T, index: number): number },
): Promise<void> {
  if (rows.length === 0) return
  const sink = await connection.copyIn(target)
  let [filling, sent] = [Buffer.allocUnsafe(BUFFER_BYTES), Buffer.allocUnsafe(BUFFER_BYTES)]
  let at = 0
  let under: Promise<void> = Promise.resolve()
  for (const [index, row] of rows.entries()) {
    const need = size(row)
    if (at > 0 && at + need > filling.length) {
      await under
      under = sink.write(filling.subarray(0, at))
      ;[filling, sent] = [sent, filling]
      at = 0
    }
    if (need > filling.length) filling = Buffer.allocUnsafe(need)
    at = write(filling, at, row, index)
  }
  await under
  await sink.write(filling.subarray(0, at))
  await sink.end()
}
