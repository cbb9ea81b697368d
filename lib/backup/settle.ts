import { PipelineError } from '../errors.ts'
import { journalError } from '../runs/journal.ts'
import { calendar } from '../runs/schedule.ts'
import type { Queryable } from '../stores/postgres/port.ts'
import type { Manifest } from './manifest.ts'

/** What a restore did with what was under way. */
export interface Settled {
  /** Unfinished runs: they go on in the next Node-RED that has their flow, or were cancelled in a copy. */
  unfinished: number
  /** Outbox entries that are sent (once more, perhaps), or were given up in a copy. */
  outbox: number
  /** Schedules of which several missed slots are not made up. */
  slots: number
  /** Collections that the next run of their flow builds anew. */
  rebuilt: string[]
}

/** Numbers go up by so much, so that nothing from before the restore is taken for something after it. */
const leap = 1_000
const eventLeap = 1_000_000

/**
 * Puts what is under way in a restored pipeline into a state from which it can go on, in the transaction of its rows:
 *
 * - Unfinished runs belong to nobody and have a new epoch, above all that were ever given out: a process of before commits nothing.
 * - Leases of the outbox, of shared items and of collections are free.
 * - Of a schedule that makes up all missed slots only the newest is due.
 * - Publications and events are counted from a higher number on, so that no cache and no subscriber mistakes new ones for those it knew.
 */
export async function settle(
  tx: Queryable,
  { vectors }: Pick<Manifest, 'vectors'>,
  { epoch, asCopy, keepVectors }: { epoch: number; asCopy: boolean; keepVectors: boolean },
): Promise<Settled> {
  const has = await tablesOf(tx)
  const error = JSON.stringify(
    journalError(new PipelineError('RESTORED_COPY', 'This is a copy of a backup, restored to be looked at')),
  )
  const counted = async (table: string, text: string, values: unknown[] = []) =>
    has.has(table) ? (await tx.query(text, values, { timeoutMs: 0 })).rowCount : 0

  await counted('process', 'delete from pipeline.process')
  const unfinished = await counted(
    'run',
    `update pipeline.run set epoch = greatest(epoch, $1::int) + ${leap}, owner = null, crashes = 0${
      asCopy ? `, state = 'cancelled', error = $2::jsonb, due_at = null, finished_at = clock_timestamp()` : ''
    } where state in ('queued', 'running', 'waiting')`,
    asCopy ? [epoch, error] : [epoch],
  )
  await counted('shared_item', 'update pipeline.shared_item set owner = null, epoch = null')
  // The jobs that would go on with them are in no backup.
  await counted('queue_map', 'delete from pipeline.queue_map')
  const outbox = await counted(
    'outbox',
    `update pipeline.outbox set leased_by = null, lease_until = null${
      asCopy ? ', failed_at = clock_timestamp(), error = $1::jsonb' : ''
    } where delivered_at is null and failed_at is null`,
    asCopy ? [error] : [],
  )
  if (asCopy) {
    await counted('kept_message', 'delete from pipeline.kept_message')
    await counted('enrichment_waiting', 'delete from pipeline.enrichment_waiting')
  }
  await counted('dataset', `update pipeline.dataset set publications = publications + ${leap} where publications > 0`)
  await counted('event', 'delete from pipeline.event')
  await counted(
    'event_state',
    `update pipeline.event_state set last = last + ${eventLeap}, floor = last + ${eventLeap}`,
  )
  await counted(
    'vector_collection',
    `update pipeline.vector_collection set writer = null, writer_until = null, fence = fence + ${leap}`,
  )
  const rebuilt = vectors === 'elsewhere' && !keepVectors ? await forgetVectors(tx) : []
  return { unfinished, outbox, slots: has.has('schedule') ? await skipSlots(tx) : 0, rebuilt }
}

async function tablesOf(tx: Queryable): Promise<Set<string>> {
  const { rows } = await tx.query<{ name: string }>(
    `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = 'pipeline' and c.relkind = 'r'`,
  )
  return new Set(rows.map(({ name }) => name))
}

/** The points lie in a Qdrant that has gone its own way since: the ledger forgets them, and numbers go on above all that were given out. */
async function forgetVectors(tx: Queryable): Promise<string[]> {
  const { rows } = await tx.query<{ name: string }>(
    `update pipeline.vector_collection set version = 0, generation = null, last_version = last_version + ${leap},
       last_generation = last_generation + ${leap} returning name`,
  )
  for (const table of ['vector_document', 'vector_version', 'vector_generation']) {
    await tx.query(`delete from pipeline.${table}`)
  }
  return rows.map(({ name }) => name)
}

/** Of a schedule that makes up all slots the newest one stays due: the others lie before the restore, and may have run. */
async function skipSlots(tx: Queryable): Promise<number> {
  const { rows } = await tx.query<{ flow: string; expression: string; time_zone: string; last_slot: Date }>(
    `select flow, expression, time_zone, last_slot from pipeline.schedule where catch_up = 'all'`,
  )
  let skipped = 0
  for (const { flow, expression, time_zone: zone, last_slot: last } of rows) {
    const newest = missed(expression, zone, last).at(-2)
    if (newest === undefined) continue
    await tx.query('update pipeline.schedule set last_slot = $2 where flow = $1', [flow, newest.toISOString()])
    skipped += 1
  }
  return skipped
}

function missed(expression: string, zone: string, last: Date): Date[] {
  try {
    return calendar(expression, zone).due(last, new Date()).slots
  } catch {
    return [] // a schedule that cannot be read any more fires nothing either
  }
}
