import { PipelineError } from '../errors.ts'
import type { Json } from '../stores/cache/port.ts'
import type { PostgresStore, Queryable } from '../stores/postgres/port.ts'
import { fenced } from './fence.ts'
import { runId } from './identity.ts'
import { journalError, outputText } from './journal.ts'
import { hasDied } from './leases.ts'
import { letterId, maxOpenLetters } from './letter.ts'
import { afterRuns } from './letter-sql.ts'
import { type OnlyItem, type Redrive, redriveOf } from './only.ts'
import type { Overlap, RunState, Trigger } from './run.ts'

/** Most runs of one flow that may wait for their turn. */
export const maxQueued = 10_000
/** Channel on which processes tell each other that a run waits for somebody; the table says which. */
export const runsChannel = 'ysh_runs'
/** More owners than this may not die in a row without finishing a single step of the run. */
const maxCrashes = 10

/** What is to run. */
export interface RunRequest {
  flow: string
  /** The scheduled instant in ISO UTC, or the event's key: the same slot never runs twice. */
  slot: string
  trigger: Trigger
  /** What the flow starts with; bounded like a step's output. */
  input: Json
  overlap: Overlap
}

/** A run that this process holds. */
export interface ClaimedRun {
  id: string
  flow: string
  slot: string
  trigger: Trigger
  epoch: number
  input: Json
  createdAt: Date
  /** Present in a redrive of dead letters. */
  redrive?: Redrive
}

/**
 * What became of a request: `started` by this process, `queued` behind another run or for a process with room, `skipped` because
 * of another, or a `duplicate` of a slot that already has its run. `replaced` lists the runs that were cancelled for it.
 */
export type Started =
  | { outcome: 'started'; run: ClaimedRun; replaced: string[] }
  | { outcome: 'queued'; id: string; replaced: string[] }
  | { outcome: 'skipped' | 'duplicate'; id: string }

/**
 * Inserts the run of a slot, once whichever process is first, and settles the overlap with unfinished runs of the same flow
 * in the same transaction. Without `room` in this process a run that could begin is queued for another, or for later. Throws
 * RUN_QUEUE_FULL (retryable), OUTPUT_TOO_LARGE.
 */
export async function startRun(
  store: PostgresStore,
  request: RunRequest,
  owner: string,
  room: boolean,
): Promise<Started> {
  const { flow, slot, overlap } = request
  const id = runId(flow, slot)
  const input = outputText(`the trigger ${flow}`, request.input)
  return store.transaction(async (tx) => {
    await takeTurn(tx, flow)
    const { rows } = await tx.query<{ known: boolean; active: boolean; queued: number }>(
      `select exists (select from pipeline.run where id = $1) as known,
         exists (select from pipeline.run
           where flow = $2 and state in ('running', 'waiting') and trigger <> 'message') as active,
         (select count(*) from pipeline.run where flow = $2 and state = 'queued')::int as queued`,
      [id, flow],
    )
    const { known, active, queued } = rows[0] ?? { known: false, active: false, queued: 0 }
    if (known) return { outcome: 'duplicate', id }
    const blocked = overlap !== 'parallel' && (active || queued > 0)
    if (blocked && overlap === 'skip') {
      const skipped = await insertRun(tx, id, request, input, 'skipped', owner)
      return { outcome: skipped === undefined ? 'duplicate' : 'skipped', id }
    }
    const replaced = blocked && overlap === 'replace' ? await cancelRuns(tx, flow, id) : []
    const waits = (blocked && overlap === 'queue') || !room
    if (waits && queued >= maxQueued) {
      throw new PipelineError(
        'RUN_QUEUE_FULL',
        `${maxQueued} runs of ${flow} wait already; slot ${slot} was not added`,
        { retryable: true },
      )
    }
    const run = await insertRun(tx, id, request, input, waits ? 'queued' : 'running', owner)
    if (run === undefined) return { outcome: 'duplicate', id }
    if (!waits) return { outcome: 'started', run, replaced }
    await tx.query('select pg_notify($1, $2)', [runsChannel, flow])
    return { outcome: 'queued', id, replaced }
  })
}

/** Two processes that start runs of one flow take turns here, until the end of their transactions. */
export async function takeTurn(tx: Queryable, flow: string): Promise<void> {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`pipeline.run ${flow}`])
}

/**
 * Inserts the run of one step for a message that came from outside any run; it belongs to no flow's queue and is never
 * replayed.
 */
export async function startMessageRun(q: Queryable, flow: string, slot: string, owner: string): Promise<ClaimedRun> {
  const run = await insertRun(
    q,
    runId(flow, slot),
    { flow, slot, trigger: 'message', input: null, overlap: 'parallel' },
    'null',
    'running',
    owner,
  )
  if (run === undefined) throw new PipelineError('RUN_EXISTS', `There is a run of ${flow} for ${slot} already`)
  return run
}

async function insertRun(
  q: Queryable,
  id: string,
  request: RunRequest,
  input: string,
  state: 'running' | 'queued' | 'skipped',
  owner: string,
): Promise<ClaimedRun | undefined> {
  const { flow, slot, trigger, overlap } = request
  // Without a conflict target: the unique slot and the derived id can each be the one that collides.
  const { rows } = await q.query<{ created_at: Date }>(
    `insert into pipeline.run (id, flow, slot, trigger, input, state, overlap, epoch, owner, claimed_at, finished_at)
     select $1::uuid, $2::text, $3::text, $4::text, $5::jsonb, $6::text, $8::text, held::int, case when held then $7::text end,
       case when held then clock_timestamp() end,
       case when $6::text = 'skipped' then clock_timestamp() end
     from (select $6::text = 'running' as held) as h
     on conflict do nothing returning created_at`,
    [id, flow, slot, trigger, input, state, owner, overlap],
  )
  const row = rows[0]
  return row && { id, flow, slot, trigger, epoch: 1, input: request.input, createdAt: row.created_at }
}

/** Cancels the unfinished runs of a flow in favour of another; resolves with their ids. */
async function cancelRuns(tx: Queryable, flow: string, by: string): Promise<string[]> {
  const error = journalError(new PipelineError('REPLACED', `Run ${by} of the same flow took its place`))
  const { rows } = await tx.query<{ id: string }>(
    `update pipeline.run set state = 'cancelled', epoch = epoch + 1, owner = null, error = $2::jsonb,
       updated_at = clock_timestamp(), finished_at = clock_timestamp()
     where flow = $1 and state in ('queued', 'running', 'waiting') and trigger <> 'message' returning id`,
    [flow, JSON.stringify(error)],
  )
  await reopenLetters(
    tx,
    rows.map((row) => row.id),
  )
  return rows.map((row) => row.id)
}

/** What runs that were cancelled were to redrive is not: somebody has to look at it again. */
export async function reopenLetters(tx: Queryable, runs: readonly string[]): Promise<void> {
  await tx.query(
    `update pipeline.dead_letter set state = 'open', settled_at = null, settled_by = null, redrive_run = null
     where redrive_run = any($1::uuid[]) and state = 'redriven' and recovered_run is null`,
    [runs],
  )
}

/** Who wants runs, and whose. */
export interface Claimant {
  /** This process: name/instance. */
  owner: string
  /**
   * Whose runs are to be had: `all` (this process is alone on the store), `mine` (those of an earlier process of the same
   * name) or `none`; besides those given back, and those of an owner that gave no sign of life for `silentMs`.
   */
  from: 'all' | 'mine' | 'none'
  silentMs: number
  /** What o'clock it is for parked runs; the database's time when left out. */
  now?: Date
}

/** Most runs asked for at once. */
const maxAsked = 100

/**
 * SQL: the run `r` is not parked until later than the instant in the parameter (the database's time when that is null). One that was parked
 * in the future was so before the clock was set back: it goes on now rather than hours late.
 */
const isDue = (parameter: string) =>
  `(r.state <> 'waiting' or coalesce(r.due_at <= coalesce(${parameter}::timestamptz, clock_timestamp()), true)
  or r.updated_at > clock_timestamp() + interval '1 minute')`

const nowOf = (who: Claimant) => who.now?.toISOString() ?? null

/** SQL: the run `r` may be had by the claimant in parameters $1 (owner), $2 (from), $3 (silentMs). */
const toBeHad = `(r.owner is null or (r.owner <> $1::text and (
  $2::text = 'all' or ($2::text = 'mine' and split_part(r.owner, '/', 1) = split_part($1::text, '/', 1)) or ${hasDied('r.owner', '$1', '$3')})))`

const claimant = (who: Claimant) => [who.owner, who.from, who.silentMs]

/** Ids of unfinished runs of the given flows that this process may claim, the oldest first, without those in `except`. */
export async function claimable(
  q: Queryable,
  flows: readonly string[],
  except: readonly string[],
  who: Claimant,
): Promise<string[]> {
  const { rows } = await q.query<{ id: string }>(
    `select id from pipeline.run r
     where state in ('running', 'waiting') and trigger <> 'message' and flow = any($4::text[]) and not id = any($5::uuid[])
       and ${toBeHad} and ${isDue('$6')} order by created_at limit ${maxAsked}`,
    [...claimant(who), flows, except, nowOf(who)],
  )
  return rows.map((row) => row.id)
}

/** The queued runs of the given flows whose turn it is, the oldest first. */
export async function nextQueued(q: Queryable, flows: readonly string[]): Promise<string[]> {
  const { rows } = await q.query<{ id: string }>(
    `select id from (
       select id, flow, overlap, created_at, slot, row_number() over (partition by flow order by created_at, slot) as place
       from pipeline.run where state = 'queued' and flow = any($1::text[])
     ) q
     where overlap = 'parallel' or (place = 1 and not exists (
       select from pipeline.run o where o.flow = q.flow and o.state in ('running', 'waiting') and o.trigger <> 'message'))
     order by created_at, slot limit ${maxAsked}`,
    [flows],
  )
  return rows.map((row) => row.id)
}

/**
 * Takes a run over: its epoch rises, so nothing that an earlier owner still does can commit. `gone` when it has ended
 * or was just taken by another; `poisoned` when it has killed too many owners without progress: then it has failed now.
 */
export async function claimRun(q: Queryable, id: string, who: Claimant): Promise<ClaimedRun | 'gone' | 'poisoned'> {
  const poison = journalError(
    new PipelineError(
      'POISONED',
      `More than ${maxCrashes} processes died in a row while they worked on this run, without finishing a step`,
    ),
  )
  const { rows } = await q.query<ClaimRow>(
    `with old as (
       select id, case
           when owner is null then crashes
           when exists (select from pipeline.step s where s.run_id = r.id and s.finished_at > r.claimed_at) then 1
           else crashes + 1
         end as crashes
       from pipeline.run r
       where id = $4::uuid and state in ('queued', 'running', 'waiting') and ${toBeHad}
         and ${isDue('$7')}
       for no key update
     ), ended as (
     update pipeline.run r set epoch = r.epoch + 1, crashes = old.crashes, claimed_at = clock_timestamp(),
       due_at = null, updated_at = clock_timestamp(), state = case when poisoned then 'failed' else 'running' end,
       owner = case when not poisoned then $1::text end, error = case when poisoned then $6::jsonb end,
       finished_at = case when poisoned then clock_timestamp() end
     from (select id, crashes, crashes > $5::int as poisoned from old) as old where r.id = old.id
     returning r.*, $8::uuid as letter), ${afterRuns('$9')}
     select id, flow, slot, trigger, state, epoch, input, created_at, redrive_of, only_items from ended`,
    [...claimant(who), id, maxCrashes, JSON.stringify(poison), nowOf(who), runLetter(id), maxOpenLetters],
  )
  const row = rows[0]
  if (row === undefined) return 'gone'
  if (row.state !== 'running') return 'poisoned'
  const { created_at, state: _, redrive_of: of, only_items: only, ...run } = row
  return { ...run, createdAt: created_at, ...redriveOf(of, only) }
}

type ClaimRow = Omit<ClaimedRun, 'createdAt' | 'redrive'> & {
  state: RunState
  created_at: Date
  redrive_of: string | null
  only_items: OnlyItem[] | null
}

/** The id of a whole run's letter. */
export function runLetter(run: string): string {
  return letterId(run, '', '')
}

/** Fails the one-step runs of messages whose process died: nobody will send such a message again. */
export async function failLostMessages(q: Queryable, who: Claimant): Promise<number> {
  const error = journalError(new PipelineError('MESSAGE_LOST', 'The process ended while it worked on this message'))
  const { rowCount } = await q.query(
    `update pipeline.run r set state = 'failed', owner = null, error = $4::jsonb, updated_at = clock_timestamp(),
       finished_at = clock_timestamp()
     where trigger = 'message' and state = 'running' and ${toBeHad}`,
    [...claimant(who), JSON.stringify(error)],
  )
  return rowCount
}

/** How a run ends. */
export interface Ending {
  outcome: 'done' | 'failed' | 'cancelled'
  error?: PipelineError
  /** Small JSON for people: what the run brought. Bounded like a step's output. */
  summary?: Json
}

/**
 * Ends a run that this process holds; one that failed becomes a dead letter in the same statement. Throws FENCED when it is not in
 * these hands (any more). Resolves with the seconds since it began, and whether there was no room for the letter.
 */
export async function endRun(
  q: Queryable,
  run: { id: string; epoch: number },
  ending: Ending,
): Promise<{ seconds: number; unkept: boolean }> {
  const { rows } = await q.query<{ seconds: number; unkept: boolean }>(
    `with over as (
       delete from pipeline.shared_list where run_id = $1::uuid
     ), ended as (
     update pipeline.run set state = $3::text, error = $4::jsonb, summary = $5::jsonb, owner = null,
       updated_at = clock_timestamp(), finished_at = clock_timestamp()
     where id = $1::uuid and epoch = $2::int and state = 'running'
     returning *, $6::uuid as letter), ${afterRuns('$7')}, settled as (
       -- What was tried again and is behind a run that is done was done in the end.
       update pipeline.step set state = 'done', next_at = null, finished_at = clock_timestamp()
       where run_id = $1::uuid and state = 'retry' and $3::text = 'done' and exists (select from ended)
     )
     select extract(epoch from finished_at - created_at)::double precision as seconds,
       exists (select from wanting) and not exists (select from letter) as unkept from ended`,
    [
      run.id,
      run.epoch,
      ending.outcome,
      ending.error === undefined ? null : JSON.stringify(journalError(ending.error)),
      ending.summary === undefined ? null : outputText('the end of the run', ending.summary),
      runLetter(run.id),
      maxOpenLetters,
    ],
  )
  const row = rows[0]
  if (row === undefined) throw fenced(run.id, `epoch ${run.epoch} is over, or the run has ended`)
  return row
}
