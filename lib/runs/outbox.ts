import type { Json } from '../stores/cache/port.ts'
import type { PostgresStore, Queryable } from '../stores/postgres/port.ts'
import { outputText } from './journal.ts'

/** Something that must leave this system because of what a transaction did. */
export interface OutboxEntry {
  /** Idempotency key, derived from run, node and item: the receiver sees it too. */
  key: string
  /** The run it comes from; undefined outside any. */
  run?: string
  /** What it is about, for whoever delivers it: `alert`. */
  topic: string
  payload: Json
}

/**
 * Puts an entry into the outbox, in the transaction whose effect it tells of: both commit or neither. The same key again changes
 * nothing; resolves with whether it was new. Call {@link wakeOutbox} once the transaction has committed. Throws OUTPUT_TOO_LARGE
 * above 64 KiB of JSON.
 */
export async function enqueueOutbox(tx: Queryable, { key, run, topic, payload }: OutboxEntry): Promise<boolean> {
  const { rowCount } = await tx.query(
    `insert into pipeline.outbox (key, run_id, topic, payload) values ($1, $2, $3, $4::jsonb) on conflict do nothing`,
    [key, run ?? null, topic, outputText(`the outbox entry ${key}`, payload)],
  )
  return rowCount === 1
}

/** Who delivers from which store in this process. Only a shortcut: whoever delivers looks every few seconds anyway. */
const listeners = new WeakMap<PostgresStore, Set<() => void>>()

/** Says that something was put into the outbox of a store, so that it is delivered at once. */
export function wakeOutbox(store: PostgresStore): void {
  for (const wake of listeners.get(store) ?? []) wake()
}

/** Has `wake` called by {@link wakeOutbox}. Returns how to stop that. */
export function onOutboxNews(store: PostgresStore, wake: () => void): () => void {
  const known = listeners.get(store) ?? new Set()
  listeners.set(store, known)
  known.add(wake)
  return () => known.delete(wake)
}
