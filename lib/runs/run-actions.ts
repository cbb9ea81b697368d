import { PipelineError } from '../errors.ts'
import type { PostgresStore, Queryable } from '../stores/postgres/port.ts'
import { runId } from './identity.ts'
import { journalError } from './journal.ts'
import { checkQueue } from './letter-settle.ts'
import { reopenLetters, runsChannel, takeTurn } from './lifecycle.ts'
import type { RunState, Trigger } from './run.ts'

/** Who does something to a run, and why. */
export interface RunAction {
  by: string
  reason?: string
}

/** The run that a replay made. */
export interface RunReplay {
  id: string
  flow: string
  slot: string
  /** Steps whose recorded outputs it starts with. */
  kept: number
}

interface Found extends Record<string, unknown> {
  id: string
  flow: string
  slot: string
  trigger: Trigger
  state: RunState
}

/** Slot of a run that sends dead letters of a single node again; it holds no messages itself. */
const ofMessages = /^redrive of \d+ messages \(/

/**
 * Has a run go on from its first unfinished step: one that waits, now instead of later; one that failed or was cancelled, once it is its
 * flow's turn. Finished steps answer from the journal. Failed items are sent again unless their dead letters were redriven or
 * discarded; the open letters of this run are withdrawn, and come back should it fail again. Throws RUN_UNKNOWN, RUN_STATE, RUN_QUEUE_FULL.
 */
export async function resumeRun(store: PostgresStore, id: string, action: RunAction): Promise<void> {
  await store.transaction(async (tx) => {
    const run = await found(tx, id)
    if (run.trigger === 'message' || ofMessages.test(run.slot)) {
      throw refused(run, 'its messages are not in the journal: redrive the dead letters instead')
    }
    if (run.state === 'waiting') {
      await tx.query(`update pipeline.run set due_at = null, updated_at = clock_timestamp() where id = $1`, [run.id])
      await tx.query(
        `update pipeline.step set next_at = clock_timestamp() where run_id = $1 and state = 'retry' and next_at is not null`,
        [run.id],
      )
    } else if (run.state === 'failed' || run.state === 'cancelled') {
      await checkQueue(tx, run.flow)
      await refuseRedriven(tx, run)
      await reopenSteps(tx, run.id)
      await tx.query(
        `update pipeline.run set state = 'queued', owner = null, crashes = 0, due_at = null, error = null, summary = null,
           finished_at = null, updated_at = clock_timestamp() where id = $1`,
        [run.id],
      )
    } else throw refused(run, `it is ${run.state}; a run that waits, failed or was cancelled can be resumed`)
    await note(tx, run.id, 'resume', action)
    await tx.query('select pg_notify($1, $2)', [runsChannel, run.flow])
  })
}

/** A redrive has taken the whole run over: two of them would do the same work. */
async function refuseRedriven(tx: Queryable, run: Found): Promise<void> {
  const { rows } = await tx.query<{ redrive_run: string | null }>(
    `select redrive_run from pipeline.dead_letter where run_id = $1 and kind = 'run' and state = 'redriven'`,
    [run.id],
  )
  if (rows.length > 0) throw refused(run, `run ${rows[0]?.redrive_run ?? ''} redrives it`)
}

/** Forgets what failed, so that it is done again. */
async function reopenSteps(tx: Queryable, run: string): Promise<void> {
  // An item inside one that a join has recorded as done is never sent again: its line stays, and tells what happened.
  await tx.query(
    `delete from pipeline.step s where run_id = $1::uuid and state = 'failed' and recorded_by is not null
       and not exists (select from pipeline.dead_letter l
         where l.run_id = $1::uuid and l.node = s.node and l.item = s.item and l.state <> 'open')
       and (position('/' in item) = 0 or not exists (select from pipeline.step a
         where a.run_id = $1::uuid and a.recorded_by is not null and a.state = 'done' and starts_with(s.item, a.item || '/')))`,
    [run],
  )
  // Tries that were given up begin anew; a wait is over now.
  await tx.query(`delete from pipeline.step where run_id = $1 and state = 'failed' and step like 'retry-backoff@%'`, [
    run,
  ])
  await tx.query(
    `update pipeline.step set next_at = clock_timestamp() where run_id = $1 and state = 'retry' and next_at is not null`,
    [run],
  )
  await tx.query(
    `delete from pipeline.dead_letter l where run_id = $1::uuid and state = 'open' and (kind = 'run' or not exists (
       select from pipeline.step s where s.run_id = $1::uuid and s.node = l.node and s.item = l.item and s.recorded_by is not null))`,
    [run],
  )
}

/**
 * Ends a run that is not over. What its steps had committed stays; what is at work commits nothing more. Letters that it was to redrive are
 * open again. Throws RUN_UNKNOWN, RUN_STATE. Resolves with the error that the run now bears.
 */
export async function cancelRun(store: PostgresStore, id: string, action: RunAction): Promise<PipelineError> {
  const why = action.reason?.trim() ? `: ${action.reason.trim().slice(0, 500)}` : ''
  const error = new PipelineError('CANCELLED', `Cancelled by ${action.by}${why}`)
  await store.transaction(async (tx) => {
    const run = await found(tx, id)
    if (run.trigger === 'message') throw refused(run, 'it is a single message, which ends with its step')
    if (!['queued', 'running', 'waiting'].includes(run.state)) throw refused(run, `it is over (${run.state})`)
    await tx.query(
      `update pipeline.run set state = 'cancelled', epoch = epoch + 1, owner = null, due_at = null, error = $2::jsonb,
         updated_at = clock_timestamp(), finished_at = clock_timestamp() where id = $1`,
      [run.id, JSON.stringify(journalError(error))],
    )
    await tx.query('delete from pipeline.shared_list where run_id = $1', [run.id])
    await reopenLetters(tx, [run.id])
    await note(tx, run.id, 'cancel', action)
    await tx.query('select pg_notify($1, $2)', [runsChannel, run.flow])
  })
  return error
}

/**
 * Starts a new run with the input that a run was started with. Its steps do their work again: sources are asked anew, and what comes
 * of it is published as further versions (an unchanged source publishes none). With `from`, a node of the run, what had
 * finished before that node began is not done again but answers with its recorded output. Throws RUN_UNKNOWN, RUN_STATE,
 * RUN_QUEUE_FULL, STEP_UNKNOWN.
 */
export async function replayRun(
  store: PostgresStore,
  id: string,
  action: RunAction & { from?: string },
): Promise<RunReplay> {
  return store.transaction(async (tx) => {
    const run = await found(tx, id)
    if (run.trigger === 'message' || ofMessages.test(run.slot)) throw refused(run, 'its message is not in the journal')
    await checkQueue(tx, run.flow)
    const slot = `replay ${await nextReplay(tx, run)} of ${run.slot.replace(/^replay \d+ of /, '')}`
    const fresh = runId(run.flow, slot)
    // Epoch 1: whoever takes it reads the lines that it already has.
    const { rowCount } = await tx.query(
      `insert into pipeline.run (id, flow, slot, trigger, overlap, input, state, epoch, redrive_of, only_items, replay_of)
       select $2, flow, $3, 'manual', 'queue', input, 'queued', 1, redrive_of, only_items, id from pipeline.run where id = $1
       on conflict do nothing`,
      [run.id, fresh, slot],
    )
    if (rowCount !== 1) throw new PipelineError('RUN_EXISTS', `There is a run of ${run.flow} for ${slot} already`)
    const kept = action.from === undefined ? 0 : await keepBefore(tx, run, fresh, action.from)
    await note(tx, run.id, 'replay', action, fresh)
    await tx.query('select pg_notify($1, $2)', [runsChannel, run.flow])
    return { id: fresh, flow: run.flow, slot, kept }
  })
}

/** Gives a new run the lines that were done before a node of the old one first began. */
async function keepBefore(tx: Queryable, run: Found, fresh: string, from: string): Promise<number> {
  const { rows } = await tx.query<{ began: string | null }>(
    `select min(started_at)::text as began from pipeline.step where run_id = $1 and node = $2 and recorded_by is null`,
    [run.id, from],
  )
  const began = rows[0]?.began ?? null
  if (began === null) throw new PipelineError('STEP_UNKNOWN', `The node ${from} did nothing in run ${run.id}`)
  // Beginnings are whole milliseconds, ends are not: of two in the same one the end would seem later.
  const { rowCount } = await tx.query(
    `insert into pipeline.step (run_id, node, item, step, input_hash, state, output, attempts, epoch, recorded_by, started_at, finished_at)
     select $2::uuid, node, item, step, input_hash, state, output, attempts, 1, recorded_by, started_at, finished_at
     from pipeline.step where run_id = $1 and node <> $3 and state = 'done'
       and date_trunc('milliseconds', finished_at) <= $4::timestamptz`,
    [run.id, fresh, from, began],
  )
  return rowCount
}

async function nextReplay(tx: Queryable, run: Found): Promise<number> {
  const { rows } = await tx.query<{ slot: string }>(
    `select slot from pipeline.run where flow = $1 and slot like 'replay %' and right(slot, length($2::text) + 4) = ' of ' || $2::text`,
    [run.flow, run.slot.replace(/^replay \d+ of /, '')],
  )
  return 1 + Math.max(0, ...rows.map(({ slot }) => Number(/^replay (\d+) of /.exec(slot)?.[1] ?? 0)))
}

/** The run, locked, with its flow's turn taken first as whoever starts runs does. Throws RUN_UNKNOWN. */
async function found(tx: Queryable, id: string): Promise<Found> {
  const unknown = () => new PipelineError('RUN_UNKNOWN', `There is no run ${id}`)
  const { rows: known } = await tx.query<{ flow: string }>('select flow from pipeline.run where id = $1', [id])
  if (known[0] === undefined) throw unknown()
  await takeTurn(tx, known[0].flow)
  const { rows } = await tx.query<Found>(
    'select id, flow, slot, trigger, state from pipeline.run where id = $1 for update',
    [id],
  )
  if (rows[0] === undefined) throw unknown()
  return rows[0]
}

function refused({ id }: Found, why: string): PipelineError {
  return new PipelineError('RUN_STATE', `This cannot be done to run ${id}: ${why}`)
}

async function note(
  tx: Queryable,
  run: string,
  what: 'resume' | 'cancel' | 'replay',
  { by, reason = '' }: RunAction,
  other?: string,
): Promise<void> {
  await tx.query(
    'insert into pipeline.run_action (run_id, action, by, reason, other_run) values ($1, $2, $3, $4, $5)',
    [run, what, by.slice(0, 200), reason.trim().slice(0, 2_000), other ?? null],
  )
}
