import type { Json } from '../stores/cache/port.ts'
import type { Queryable } from '../stores/postgres/port.ts'
import { outputText } from './journal.ts'

/** Something that must leave this system because of what a transaction did. */
export interface OutboxEntry {
  /** Idempotency key, derived from run, node and item: the receiver sees it too. */
  key: string
  /** The run it comes from; undefined outside any. */
  run?: string
  /** What it is about, for whoever delivers it: `notify.email`. */
  topic: string
  payload: Json
}

/**
 * Puts an entry into the outbox, in the transaction whose effect it tells of: both commit or neither. The same key again changes
 * nothing; resolves with whether it was new. Throws OUTPUT_TOO_LARGE above 64 KiB of JSON.
 */
export async function enqueueOutbox(tx: Queryable, { key, run, topic, payload }: OutboxEntry): Promise<boolean> {
  const { rowCount } = await tx.query(
    `insert into pipeline.outbox (key, run_id, topic, payload) values ($1, $2, $3, $4::jsonb) on conflict do nothing`,
    [key, run ?? null, topic, outputText(`the outbox entry ${key}`, payload)],
  )
  return rowCount === 1
}
