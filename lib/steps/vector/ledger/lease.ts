import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { PipelineError } from '../../../errors.ts'
import { systemTimer } from '../../../runs/time.ts'
import type { PostgresStore, Queryable } from '../../../stores/postgres/port.ts'

/** A writer that gives no sign of life for so long has lost the collection; milliseconds. */
const leaseMs = 30_000
const renewMs = 8_000
/** How often, and how long, a process looks whether the collection is free. */
const lookMs = 500
const waitMs = 600_000
/** Writers of a process that may wait for the same collection. */
const mostWaiting = 100

/** This process among all, also among those that had its number before. */
const self = `${hostname()}/${process.pid}/${randomUUID()}`

/** The right to write a collection; everything that is written checks it in the same transaction. */
export interface Lease {
  collection: string
  fence: number
  /** Aborted with the caller's, and when the lease is lost: INDEX_TAKEN. */
  signal: AbortSignal
}

/** Who of this process waits for a collection, by the database it is in. */
const queues = new WeakMap<PostgresStore, Map<string, { tail: Promise<void>; waiting: number }>>()

/**
 * Runs `work` as the only writer of a collection, among all processes. Waits up to ten minutes for others (INDEX_BUSY, retryable). Throws what
 * `work` throws; INDEX_TAKEN (retryable) when this process was silent for too long and another one has the collection.
 */
export async function asWriter<T>(
  postgres: PostgresStore,
  collection: string,
  signal: AbortSignal,
  work: (lease: Lease) => Promise<T>,
): Promise<T> {
  const ours = queues.get(postgres) ?? new Map<string, { tail: Promise<void>; waiting: number }>()
  queues.set(postgres, ours)
  const queue = ours.get(collection) ?? { tail: Promise.resolve(), waiting: 0 }
  ours.set(collection, queue)
  if (queue.waiting >= mostWaiting) throw busy(collection, `${queue.waiting} wait for it in this process already`)
  queue.waiting += 1
  const before = queue.tail
  const done = Promise.withResolvers<void>()
  queue.tail = done.promise
  try {
    await Promise.race([before, aborted(signal)])
    return await alone(postgres, collection, signal, work)
  } finally {
    // whoever gives up while it waits must not let the next one in before its turn
    void before.then(() => done.resolve())
    queue.waiting -= 1
    if (queue.waiting === 0) ours.delete(collection)
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}

async function alone<T>(
  postgres: PostgresStore,
  collection: string,
  signal: AbortSignal,
  work: (lease: Lease) => Promise<T>,
): Promise<T> {
  const fence = await acquire(postgres, collection, signal)
  const lost = new AbortController()
  const lease = { collection, fence, signal: AbortSignal.any([signal, lost.signal]) }
  let last = performance.now()
  const timer = setInterval(() => {
    // a process that slept must not write on before it has asked
    if (performance.now() - last > leaseMs) lost.abort(taken(collection))
    void renew(postgres, lease).then(
      (held) => {
        if (held) last = performance.now()
        else lost.abort(taken(collection))
      },
      () => undefined, // the database is away: the time that is left decides
    )
  }, renewMs)
  timer.unref()
  try {
    return await work(lease)
  } finally {
    clearInterval(timer)
    await postgres
      .query(
        'update pipeline.vector_collection set writer = null, writer_until = null where name = $1 and writer = $2 and fence = $3',
        [collection, self, fence],
      )
      .catch(() => undefined) // it runs out by itself
  }
}

async function acquire(postgres: PostgresStore, collection: string, signal: AbortSignal): Promise<number> {
  await postgres.query('insert into pipeline.vector_collection (name) values ($1) on conflict do nothing', [collection])
  const end = performance.now() + waitMs
  for (;;) {
    const { rows: held } = await postgres.query<{ writer: string | null }>(
      'select writer from pipeline.vector_collection where name = $1',
      [collection],
    )
    const writer = held[0]?.writer ?? null
    const { rows } = await postgres.query<{ fence: number }>(
      `update pipeline.vector_collection set writer = $2, fence = fence + 1,
         writer_until = clock_timestamp() + $3::integer * interval '1 millisecond'
       where name = $1 and (writer is null or writer_until < clock_timestamp() or writer = $4) returning fence`,
      [collection, self, leaseMs, writer !== null && isDead(writer) ? writer : null],
    )
    if (rows[0] !== undefined) return rows[0].fence
    if (performance.now() > end) throw busy(collection, `${writer ?? 'somebody'} writes it`)
    await systemTimer.sleep(lookMs, signal)
  }
}

/** Whether a writer was a process of this machine that is no more: nobody has to wait for its lease to run out. */
function isDead(writer: string): boolean {
  const [host, pid, id] = writer.split('/')
  if (host !== hostname() || writer === self) return false
  if (Number(pid) === process.pid) return id !== self.split('/')[2]
  try {
    process.kill(Number(pid), 0)
    return false
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH'
  }
}

async function renew(q: Queryable, { collection, fence }: Lease): Promise<boolean> {
  const { rowCount } = await q.query(
    `update pipeline.vector_collection set writer_until = clock_timestamp() + $4::integer * interval '1 millisecond'
     where name = $1 and writer = $2 and fence = $3`,
    [collection, self, fence, leaseMs],
  )
  return rowCount > 0
}

/** Holds the lease for the rest of the caller's transaction. Throws INDEX_TAKEN. */
export async function holdLease(tx: Queryable, { collection, fence }: Lease): Promise<void> {
  const { rows } = await tx.query(
    'select 1 from pipeline.vector_collection where name = $1 and writer = $2 and fence = $3 for update',
    [collection, self, fence],
  )
  if (rows.length === 0) throw taken(collection)
}

function taken(collection: string): PipelineError {
  return new PipelineError('INDEX_TAKEN', `Another process writes the collection ${collection} now`, {
    retryable: true,
  })
}

function busy(collection: string, why: string): PipelineError {
  return new PipelineError('INDEX_BUSY', `The collection ${collection} is not free: ${why}`, { retryable: true })
}
