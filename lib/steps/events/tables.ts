import { createHash } from 'node:crypto'
import { raiseIncident, recoverItem } from '../../runs/incidents.ts'
import type { Migration } from '../../stores/postgres/migrate.ts'
import type { Queryable } from '../../stores/postgres/port.ts'

/** Tables of event sources: messages that were set aside, files of watched folders that have had their run. */
export const eventMigrations: readonly Migration[] = [
  {
    component: 'events',
    id: 1,
    name: 'event_sources',
    sql: `
create table pipeline.refused_event (
  node text not null,
  hash text not null,
  origin text not null,
  code text not null,
  message text not null,
  body text not null,
  times integer not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  primary key (node, hash)
);
comment on table pipeline.refused_event is 'Messages that are no events, or of a foreign bucket; at most 1,000 a node.';
create table pipeline.watched_file (
  node text not null,
  path text not null,
  stamp text not null,
  sha256 text not null,
  taken_at timestamptz not null,
  primary key (node, path)
);
comment on table pipeline.watched_file is 'Files of watched folders that have had their run, by size and time.';
`,
  },
]

/** Most messages that are kept of a node. */
const maxRefused = 1_000
/** Longest body that is kept, in characters; no message of SQS or SNS is longer. */
const maxBody = 1_048_576
const flapMinutes = 30

/** A message that is set aside. */
export interface Refused {
  node: string
  /** Queue, topic or path it came by. */
  origin: string
  code: string
  message: string
  body: string
  at: Date
}

/** Sets a message aside and raises the incident of its source, in the caller's transaction. */
export async function refuseMessage(tx: Queryable, refused: Refused): Promise<void> {
  const { node, origin, code, message, body, at } = refused
  const hash = createHash('sha256').update(body).digest('hex')
  await tx.query(
    `insert into pipeline.refused_event as r (node, hash, origin, code, message, body, times, first_at, last_at)
     values ($1, $2, $3, $4, $5, $6, 1, $7, $7)
     on conflict (node, hash) do update set times = r.times + 1, last_at = excluded.last_at`,
    [node, hash, origin, code, message.slice(0, 1_000), clean(body).slice(0, maxBody), at.toISOString()],
  )
  await tx.query(
    `delete from pipeline.refused_event where node = $1 and hash in (
       select hash from pipeline.refused_event where node = $1 order by last_at desc, hash offset $2)`,
    [node, maxRefused],
  )
  await raiseIncident(tx, {
    ...{ key: keyOf(node), kind: 'custom', what: `Events from ${origin}`, item: '', at, flapMinutes, served: null },
    error: { code, message: clean(message) },
  })
}

/** Notes, in the caller's transaction, that a source sends good messages again. */
export async function sourceRecovered(tx: Queryable, node: string, at: Date): Promise<void> {
  await recoverItem(tx, { key: keyOf(node), item: '', at, difference: null })
}

const keyOf = (node: string) => `events ${node}`
// PostgreSQL keeps no NUL, and no half of a pair.
const clean = (text: string) => text.replaceAll('\u0000', '').toWellFormed()
