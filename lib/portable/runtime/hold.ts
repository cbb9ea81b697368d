import { PipelineError } from '../../errors.ts'
import { type ClaimedRun, nextQueued, type RunRequest, startRun, takeTurn } from '../../runs/lifecycle.ts'
import type { JournalError, RunState, StepRef, Trigger } from '../../runs/run.ts'
import type { PostgresStore, Queryable } from '../../stores/postgres/port.ts'

/**
 * Runs that another engine drives, in the journal. Such a run belongs to no process: each call is one of its own. So its owner is a name of
 * the run's, with a sign of life that is good for a day; a Node-RED that has the same flow deployed on the same stores lets it alone so long.
 */
const ownerOf = (run: string) => `portable/${run}`
const leaseHours = 24

/** A run as a call finds it. `done`: it has ended well, and its steps answer from the journal. */
export type HeldRun = ClaimedRun & { state: 'running' | 'done' }

/**
 * Begins the run of a slot, or finds it; see {@link holdRun}. Throws as that does, OUTPUT_TOO_LARGE for the input, RUN_QUEUED where `overlap` has it
 * wait for others (ask again), RUN_QUEUE_FULL.
 */
export async function beginRun(
  store: PostgresStore,
  request: Pick<RunRequest, 'flow' | 'slot' | 'input' | 'overlap'> & { trigger: Exclude<Trigger, 'message'> },
): Promise<HeldRun> {
  const started = await startRun(store, request, 'portable/new', true)
  const id = 'run' in started ? started.run.id : started.id
  if (request.overlap === 'queue') await takeItsTurn(store, request.flow, id)
  return holdRun(store, id)
}

/** A queued run whose turn has come is begun. Throws RUN_QUEUED for one that has to wait. */
async function takeItsTurn(store: PostgresStore, flow: string, id: string): Promise<void> {
  const isWaiting = await store.transaction(async (tx) => {
    await takeTurn(tx, flow)
    const { rows } = await tx.query(`select 1 from pipeline.run where id = $1 and state = 'queued'`, [id])
    if (rows.length === 0) return false
    if (!(await nextQueued(tx, [flow])).includes(id)) return true
    await tx.query(
      `update pipeline.run set state = 'running', owner = 'portable/new', epoch = epoch + 1, claimed_at = clock_timestamp(),
         updated_at = clock_timestamp() where id = $1 and state = 'queued'`,
      [id],
    )
    return false
  })
  if (isWaiting) throw new PipelineError('RUN_QUEUED', `Run ${id} waits for its turn`, { retryable: true })
}

/** A run that calls are driving, without touching it; undefined where it is over or in other hands. */
export async function heldBy(
  q: Queryable,
  id: string,
): Promise<{ id: string; epoch: number; state: 'running' } | undefined> {
  const { rows } = await q.query<{ epoch: number }>(
    `select epoch from pipeline.run where id = $1::uuid and state = 'running' and owner = any($2::text[])`,
    [id, [ownerOf(id), 'portable/new']],
  )
  const [row] = rows
  return row && { id, epoch: row.epoch, state: 'running' }
}

/**
 * The run for one call. One that has failed is taken up again: somebody has cleared its task, or started it anew. Throws RUN_UNKNOWN, FENCED
 * for a run that a process of Node-RED has, or that was cancelled or skipped.
 */
export async function holdRun(q: Queryable, id: string): Promise<HeldRun> {
  const { rows } = await q.query<Row>(
    `with mine as (
       update pipeline.run set owner = $2::text, updated_at = clock_timestamp(),
         epoch = case when state = 'failed' then epoch + 1 else epoch end,
         state = 'running', error = null, finished_at = null, due_at = null
       -- Not when it is ours already: a step at work may hold the row for long.
       where id = $1::uuid and (state = 'failed' or (state = 'running' and (owner is null or owner = 'portable/new')))
       returning id, flow, slot, trigger, state, epoch, input, created_at, owner
     ), lease as (
       insert into pipeline.process (owner, seen_at) select $2::text, clock_timestamp() + $3::int * interval '1 hour'
       where exists (select from mine) or exists (
         select from pipeline.run where id = $1::uuid and owner = $2::text and state = 'running')
       on conflict (owner) do update set seen_at = excluded.seen_at
     )
     select * from mine
     union all
     select id, flow, slot, trigger, state, epoch, input, created_at, owner from pipeline.run
     where id = $1::uuid and not exists (select from mine)`,
    [id, ownerOf(id), leaseHours],
  )
  const row = rows[0]
  if (row === undefined) throw new PipelineError('RUN_UNKNOWN', `There is no run ${id} in these stores`)
  const { created_at: createdAt, owner, state, ...run } = row
  // Two that begin it at once: the other one has just put the name in.
  const isOurs = owner === ownerOf(id) || owner === 'portable/new'
  if (state === 'running' && isOurs) return { ...run, state, createdAt }
  if (state === 'done') return { ...run, state, createdAt }
  const why = owner === null ? `it is ${state}` : `it is ${state}, and ${owner} has it`
  throw new PipelineError('FENCED', `Run ${id} is not for another engine: ${why}`)
}

type Row = {
  id: string
  flow: string
  slot: string
  trigger: Trigger
  state: RunState
  epoch: number
  input: ClaimedRun['input']
  created_at: Date
  owner: string | null
}

/** The run is over: its sign of life goes. */
export async function letGo(q: Queryable, id: string): Promise<void> {
  await q.query('delete from pipeline.process where owner = $1', [ownerOf(id)])
}

/** The error that a step of a run ended with for good; undefined for one that did not. */
export async function failureOf(
  q: Queryable,
  { run, node, item }: Pick<StepRef, 'run' | 'node' | 'item'>,
): Promise<PipelineError | undefined> {
  const { rows } = await q.query<{ error: JournalError }>(
    `select error from pipeline.step where run_id = $1 and node = $2 and item = $3 and state = 'failed' and error is not null`,
    [run, node, item],
  )
  const error = rows[0]?.error
  return error && PipelineError.fromJSON({ ...error, retryable: false })
}
