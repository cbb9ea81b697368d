import type { Json } from '../stores/cache/port.ts'
import type { Queryable } from '../stores/postgres/port.ts'
import type { JournalError, RunRow, RunState, StepRow, StepState, Trigger } from './run.ts'

/** The newest runs first; at most `limit` (500). */
export async function listRuns(
  q: Queryable,
  options: { id?: string; flow?: string; states?: readonly RunState[]; limit?: number } = {},
): Promise<RunRow[]> {
  const { rows } = await q.query<{
    id: string
    flow: string
    slot: string
    trigger: Trigger
    input: Json
    state: RunState
    epoch: number
    owner: string | null
    error: JournalError | null
    summary: Json
    created_at: Date
    updated_at: Date
    finished_at: Date | null
  }>(
    `select id, flow, slot, trigger, input, state, epoch, owner, error, summary, created_at, updated_at, finished_at
     from pipeline.run where ($1::text is null or flow = $1) and ($2::text[] is null or state = any($2)) and ($4::uuid is null or id = $4)
     order by created_at desc, id limit $3`,
    [options.flow ?? null, options.states ?? null, Math.min(options.limit ?? 100, 500), options.id ?? null],
  )
  return rows.map(({ created_at, updated_at, finished_at, ...run }) => ({
    ...run,
    createdAt: created_at.toISOString(),
    updatedAt: updated_at.toISOString(),
    finishedAt: finished_at?.toISOString() ?? null,
  }))
}

/** The steps of a run in the order in which they began, the items that joins have seen among them; at most `limit` (1,000). */
export async function listSteps(q: Queryable, run: string, options: { limit?: number } = {}): Promise<StepRow[]> {
  const { rows } = await q.query<{
    node: string
    item: string
    step: string
    state: StepState
    attempts: number
    next_at: Date | null
    output: Json
    error: JournalError | null
    started_at: Date
    finished_at: Date | null
  }>(
    `select node, item, step, state, attempts, next_at, output, error, started_at, finished_at
     from pipeline.step where run_id = $1 order by started_at, node, item limit $2`,
    [run, Math.min(options.limit ?? 1_000, 1_000)],
  )
  return rows.map(({ next_at, started_at, finished_at, ...step }) => ({
    ...step,
    nextAt: next_at?.toISOString() ?? null,
    startedAt: started_at.toISOString(),
    finishedAt: finished_at?.toISOString() ?? null,
  }))
}
