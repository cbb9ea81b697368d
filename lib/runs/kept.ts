import type { Json } from '../stores/cache/port.ts'
import type { Migration } from '../stores/postgres/migrate.ts'
import type { PostgresStore, Queryable } from '../stores/postgres/port.ts'
import { hasDied } from './leases.ts'
import type { Claimant } from './lifecycle.ts'

/** The table of messages from outside any run that wait for their next try. */
export const keptMigrations: readonly Migration[] = [
  {
    component: 'retry',
    id: 1,
    name: 'kept_message',
    sql: `
      create table pipeline.kept_message (
        id uuid primary key,
        node text not null,
        owner text not null,
        attempt integer not null,
        message jsonb not null,
        bytes integer not null,
        due_at timestamptz not null,
        created_at timestamptz not null default clock_timestamp()
      );
      comment on table pipeline.kept_message is
        'Messages from outside any run that wait for their next try; who deletes a row sends its message';
      comment on column pipeline.kept_message.owner is 'Process that has a timer for it, as name/instance';
      create index kept_message_node on pipeline.kept_message (node, due_at);
    `,
  },
]

/** Most bytes of JSON in one message that is kept. */
export const maxKeptBytes = 1_048_576
/** Most bytes of JSON that the messages of one node take together. */
const maxNodeBytes = 67_108_864

/** A message to be kept. */
export interface KeptMessage {
  /** A UUID of its own. */
  id: string
  /** Stable id of the retry node. */
  node: string
  /** The try that it waits for. */
  attempt: number
  /** JSON text of at most {@link maxKeptBytes}, without NUL characters. */
  text: string
  dueAt: Date
}

/** What is known of a kept message without reading it. */
export interface KeptEntry {
  id: string
  attempt: number
  dueAt: Date
}

/** Messages from outside any run that wait for their next try, in the database: they outlive restart and deploy. */
export class KeptMessages {
  readonly #store: PostgresStore
  readonly #claimant: () => Claimant

  constructor({ store, claimant }: { store: PostgresStore; claimant(): Claimant }) {
    this.#store = store
    this.#claimant = claimant
  }

  get #owner(): string {
    return this.#claimant().owner
  }

  /** Keeps a message; false when the node keeps `limit` already, or too many bytes. The same id again replaces it. */
  async keep({ id, node, attempt, text, dueAt }: KeptMessage, limit: number): Promise<boolean> {
    return this.#store.transaction(async (tx) => {
      // Messages of one node take turns, or several at once would all find the last free place.
      await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`pipeline.kept_message ${node}`])
      const { rowCount } = await tx.query(
        `insert into pipeline.kept_message as k (id, node, owner, attempt, message, bytes, due_at)
       select $1::uuid, $2::text, $3::text, $4::int, $5::jsonb, $6::int, $7::timestamptz
       from (select count(*) as messages, coalesce(sum(bytes), 0) as bytes from pipeline.kept_message
         where node = $2::text and id <> $1::uuid) as have
       where have.messages < $8::int and have.bytes + $6::int <= $9::bigint
       on conflict (id) do update set owner = excluded.owner, attempt = excluded.attempt, message = excluded.message,
         bytes = excluded.bytes, due_at = excluded.due_at`,
        [id, node, this.#owner, attempt, text, Buffer.byteLength(text), dueAt.toISOString(), limit, maxNodeBytes],
      )
      return rowCount === 1
    })
  }

  /** Takes a message out, to be sent: only one caller gets it. */
  async take(id: string): Promise<Json | undefined> {
    const { rows } = await this.#store.query<{ message: Json }>(
      'delete from pipeline.kept_message where id = $1::uuid returning message',
      [id],
    )
    return rows[0]?.message
  }

  /**
   * The messages of a node that this process is to send, the next due first: its own, and those of an earlier process of its name,
   * of a dead one, or (embedded store) of whoever it was. At most `limit`.
   */
  async adopt(node: string, limit: number): Promise<KeptEntry[]> {
    const { rows } = await this.#store.query<{ id: string; attempt: number; due_at: Date }>(
      `with adopted as (
         update pipeline.kept_message k set owner = $2::text
         where node = $1::text and owner <> $2::text and ($3::boolean
           or split_part(owner, '/', 1) = split_part($2::text, '/', 1) or ${hasDied('k.owner', '$2', '$4')})
         returning id, attempt, due_at
       )
       select id, attempt, due_at from (
         select id, attempt, due_at from adopted
         union all
         select id, attempt, due_at from pipeline.kept_message where node = $1::text and owner = $2::text
       ) as mine order by due_at, id limit $5::int`,
      [node, this.#owner, this.#store.kind === 'embedded', this.#claimant().silentMs, limit],
    )
    return rows.map(({ id, attempt, due_at }) => ({ id, attempt, dueAt: due_at }))
  }

  /** Deletes the messages of a node that is gone for good, as far as this process has them. Resolves with how many. */
  async forget(node: string): Promise<number> {
    const { rowCount } = await this.#store.query(
      'delete from pipeline.kept_message where node = $1::text and owner = $2::text',
      [node, this.#owner],
    )
    return rowCount
  }
}

/** Deletes messages that have been due for `keepDays` and that nobody sent: their node is gone. */
export async function pruneKept(q: Queryable, keepDays: number): Promise<void> {
  await q.query(`delete from pipeline.kept_message where due_at < clock_timestamp() - $1::int * interval '1 day'`, [
    keepDays,
  ])
}
