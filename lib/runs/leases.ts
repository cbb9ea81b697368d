import { PipelineError } from '../errors.ts'
import type { Queryable } from '../stores/postgres/port.ts'
import { journalError } from './journal.ts'
import { maxOpenLetters } from './letter.ts'
import { afterRuns } from './letter-sql.ts'
import { runLetter } from './lifecycle.ts'

/** What a sign of life found. */
export interface Sign {
  /** An older process of the same name lives beside this one: one that gave a sign after this one had begun. */
  twin: boolean
  /** The database's time, in epoch milliseconds. */
  at: number
}

/**
 * SQL: the process named by `owner` has died, by what the parameter `silent` (ms) says. A sign from the future tells of a clock that was
 * set back; and whoever finds its own sign old (`me`, a parameter) judges nobody: the clock has jumped, or it was asleep itself.
 */
export function hasDied(owner: string, me: string, silent: string): string {
  const ms = `${silent}::double precision`
  const fresh = (p: string) => `(${p}.seen_at > clock_timestamp() - ${ms} * interval '1 ms'
    and ${p}.seen_at < clock_timestamp() + greatest(${ms}, 60000) * interval '1 ms')`
  return `(not exists (select from pipeline.process p where p.owner = ${owner} and ${fresh('p')})
    and not exists (select from pipeline.process me where me.owner = ${me}::text and not ${fresh('me')}))`
}

/** A sign of life of a process that holds runs. */
export async function keepAlive(q: Queryable, owner: string): Promise<Sign> {
  const { rows } = await q.query<{ twin: boolean; at: number }>(
    `with me as (
       insert into pipeline.process (owner, seen_at) values ($1::text, clock_timestamp())
       on conflict (owner) do update set seen_at = excluded.seen_at returning started_at, seen_at
     )
     select exists (
       select from pipeline.process p, me
       where p.owner <> $1::text and split_part(p.owner, '/', 1) = split_part($1::text, '/', 1)
         and p.started_at < me.started_at and p.seen_at > me.started_at + interval '1 second'
         and p.seen_at > clock_timestamp() - interval '15 seconds'
     ) as twin, (select extract(epoch from seen_at)::float8 * 1000 from me) as at`,
    [owner],
  )
  return { twin: rows[0]?.twin === true, at: rows[0]?.at ?? 0 }
}

/** Of the given runs those that the owner still holds: `id` to `epoch`. */
export async function heldRuns(q: Queryable, owner: string, ids: readonly string[]): Promise<Map<string, number>> {
  const { rows } = await q.query<{ id: string; epoch: number }>(
    `select id, epoch from pipeline.run where id = any($2::uuid[]) and owner = $1 and state = 'running'`,
    [owner, ids],
  )
  return new Map(rows.map((row) => [row.id, row.epoch]))
}

/** Gives runs back in good order: whoever claims them next does not count it as a crash. */
export async function releaseRuns(q: Queryable, owner: string, ids: readonly string[]): Promise<void> {
  await q.query(
    `update pipeline.run set owner = null, updated_at = clock_timestamp()
     where owner = $1 and id = any($2::uuid[]) and state in ('running', 'waiting')`,
    [owner, ids],
  )
}

/**
 * Gives back what is the owner's by the journal alone: taking it, or giving it back, broke off in between. `live` are the runs it
 * does work on; one claimed within the last minute may not be among them yet.
 */
export async function releaseAstray(q: Queryable, owner: string, live: readonly string[]): Promise<void> {
  await q.query(
    `update pipeline.run set owner = null, updated_at = clock_timestamp()
     where owner = $1 and not id = any($2::uuid[]) and state = 'running' and trigger <> 'message'
       and claimed_at < clock_timestamp() - interval '1 minute'`,
    [owner, live],
  )
}

/** The process ends in good order. */
export async function sayGoodbye(q: Queryable, owner: string): Promise<void> {
  await q.query('delete from pipeline.process where owner = $1', [owner])
}

/**
 * Keeps the journal bounded: deletes at most 1,000 runs that ended more than `keepDays` ago, with their steps, and fails
 * unfinished ones that nobody has held for as long (their flow is gone). Runs with open dead letters stay, for a redrive starts from
 * them. Resolves with how many it deleted.
 */
export async function pruneRuns(q: Queryable, keepDays: number): Promise<number> {
  const error = journalError(
    new PipelineError('ABANDONED', `Nobody worked on this run for ${keepDays} days: its flow is gone`),
  )
  await q.query(`delete from pipeline.process where seen_at < clock_timestamp() - interval '1 day'`)
  const { rows: left } = await q.query<{ id: string }>(
    `select r.id from pipeline.run r where ${abandoned} limit 1000`,
    [keepDays],
  )
  if (left.length > 0) {
    const ids = left.map((row) => row.id)
    await q.query(
      `with ended as (
         update pipeline.run r set state = 'failed', owner = null, error = $2::jsonb, updated_at = clock_timestamp(),
           finished_at = clock_timestamp()
         from unnest($3::uuid[], $4::uuid[]) as given(run, letter) where r.id = given.run and ${abandoned}
         returning r.*, given.letter
       ), ${afterRuns('$5')}
       select from ended`,
      [keepDays, JSON.stringify(error), ids, ids.map(runLetter), maxOpenLetters],
    )
  }
  await q.query(
    `delete from pipeline.shared_list l where not exists (
       select from pipeline.run r where r.id = l.run_id and r.state in ('running', 'waiting'))`,
  )
  const { rowCount } = await q.query(
    `delete from pipeline.run where id in (
       select id from pipeline.run r where finished_at < clock_timestamp() - $1::int * interval '1 day'
         and not exists (select from pipeline.dead_letter l where l.run_id = r.id and l.state = 'open') limit 1000)`,
    [keepDays],
  )
  return rowCount
}

/** SQL: nobody has held the unfinished run `r` for $1 days. */
const abandoned = `r.state in ('queued', 'running', 'waiting') and greatest(r.updated_at, r.due_at) < clock_timestamp() - $1::int * interval '1 day'
  and not exists (select from pipeline.process p where p.owner = r.owner)`
