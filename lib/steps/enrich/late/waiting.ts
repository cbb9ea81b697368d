import { randomUUID } from 'node:crypto'
import { hashOf } from '../../../runs/identity.ts'
import { enqueueOutbox } from '../../../runs/outbox.ts'
import { Type } from '../../../schema.ts'
import type { Json } from '../../../stores/cache/port.ts'
import type { Queryable } from '../../../stores/postgres/port.ts'
import { type EnrichInput, EnrichInputSchema } from '../step-schema.ts'

/** Most that waits for one node; what comes then is deferred and not noted. */
const mostWaiting = 10_000
/** How long something waits before it is started again; doubled each time it had to wait anew. */
const firstWaitMs = 30_000
const longestWaitMs = 3_600_000
/** What has waited more often is not brought forward. */
const fewWaits = 3

/** The topic of the outbox under which a node's late runs are started. */
export function lateTopic(node: string): string {
  return `enrich:${node}`
}

/** Something that waits for a model. */
export interface Waiting {
  node: string
  /** With references only: it goes through the outbox. */
  input: EnrichInput
  reason: string
  now: Date
}

/**
 * Notes that an input waits, in the transaction of the step that could not do it. One line for the same node and content. False when so much
 * waits already that it is not noted.
 */
export async function noteWaiting(tx: Queryable, { node, input, reason, now }: Waiting): Promise<boolean> {
  const { waited = 0, ...what } = input
  // those of one node take turns, or several at once would all find the last free place
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`pipeline.enrichment_waiting ${node}`])
  const content = hashOf(what)
  const due = now.getTime() + Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(waited, 10))
  await tx.query(
    `insert into pipeline.enrichment_waiting (id, node, content, input, reason, waited, due_at)
     select $1::uuid, $2::text, $3::text, $4::jsonb, $5::text, $6::int, $7::timestamptz
     where (select count(*) from pipeline.enrichment_waiting where node = $2::text) < $8::int
     on conflict (node, content) do nothing`,
    [
      randomUUID(),
      node,
      content,
      JSON.stringify(what),
      reason.slice(0, 1_000),
      waited,
      new Date(due).toISOString(),
      mostWaiting,
    ],
  )
  const { rows } = await tx.query('select 1 from pipeline.enrichment_waiting where node = $1 and content = $2', [
    node,
    content,
  ])
  return rows.length > 0
}

/** Whether something of a node is due. False too where the tables are not made yet: then nothing has ever waited. */
export async function isDue(q: Queryable, node: string, now: Date): Promise<boolean> {
  if (!(await isMade(q))) return false
  const { rows } = await q.query('select 1 from pipeline.enrichment_waiting where node = $1 and due_at <= $2 limit 1', [
    node,
    now.toISOString(),
  ])
  return rows.length > 0
}

/**
 * Whether it is time to look for the model again: `everyMs` after the last look of any process. Then this is one, and others wait; by the
 * database's clock.
 */
export async function takeLook(q: Queryable, node: string, everyMs: number): Promise<boolean> {
  const { rows } = await q.query(
    `insert into pipeline.enrichment_look as last (node, looked_at) values ($1, clock_timestamp())
     on conflict (node) do update set looked_at = excluded.looked_at
       where last.looked_at <= excluded.looked_at - $2::double precision * interval '1 millisecond'
         -- the clock was set back
         or last.looked_at > excluded.looked_at + interval '1 minute'
     returning node`,
    [node, everyMs],
  )
  return rows.length > 0
}

async function isMade(q: Queryable): Promise<boolean> {
  return (await q.query("select 1 where to_regclass('pipeline.enrichment_look') is not null")).rows.length > 0
}

/** How many late runs of a node are under way: in the outbox, queued, or begun and not over. Of all processes. */
async function underWay(q: Queryable, node: string): Promise<number> {
  const { rows } = await q.query<{ count: string }>(
    `select (select count(*) from pipeline.outbox where topic = $2 and delivered_at is null and failed_at is null)
       -- by its name outside Node-RED too
       + (select count(*) from pipeline.run where flow in ($1, $1 || '/late') and trigger = 'event'
           and state in ('queued', 'running', 'waiting')) as count`,
    [node, lateTopic(node)],
  )
  return Number(rows[0]?.count ?? 0)
}

/**
 * Takes what is due out of the table and puts a run for each into the outbox, both in the caller's transaction: it is in one of the two,
 * whenever the process dies, and of several processes one gets it. Never more than `most` are under way: the queue of runs is bounded, and a model
 * that fails again has failed so many only. Resolves with how many were started.
 */
export async function startDue(
  tx: Queryable,
  node: string,
  { most, now }: { most: number; now: Date },
): Promise<number> {
  // one process at a time counts, or each would find room for all
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`pipeline.enrichment_waiting ${node}`])
  const room = most - (await underWay(tx, node))
  if (room <= 0) return 0
  const { rows } = await tx.query<{ id: string; input: Json; waited: number }>(
    `delete from pipeline.enrichment_waiting where id in (
       select id from pipeline.enrichment_waiting where node = $1 and due_at <= $2
       order by due_at, id limit $3 for update skip locked)
     returning id, input, waited`,
    [node, now.toISOString(), room],
  )
  for (const { id, input, waited } of rows) {
    const payload = { input, waited: waited + 1 }
    await enqueueOutbox(tx, { key: `enrich:${id}`, topic: lateTopic(node), payload })
  }
  return rows.length
}

/** What the first message of a late run carries. */
export const LateSchema = Type.Object({ input: EnrichInputSchema, waited: Type.Integer() })

/**
 * Brings what waits for a node forward, for the model is there again; not what failed it again and again. The next look need not wait for
 * its time.
 */
export async function hasten(q: Queryable, node: string, now: Date): Promise<void> {
  await q.query('delete from pipeline.enrichment_look where node = $1', [node])
  await q.query('update pipeline.enrichment_waiting set due_at = $2 where node = $1 and due_at > $2 and waited < $3', [
    node,
    now.toISOString(),
    fewWaits,
  ])
}

/** Forgets what waits for a node that is gone. Resolves with how many. */
export async function forgetWaiting(q: Queryable, node: string): Promise<number> {
  if (!(await isMade(q))) return 0
  await q.query('delete from pipeline.enrichment_look where node = $1', [node])
  return (await q.query('delete from pipeline.enrichment_waiting where node = $1', [node])).rowCount
}
