import { PipelineError } from '../errors.ts'
import type { Letter } from '../runs/letter.ts'
import { listLetters } from '../runs/letter-list.ts'
import type { StepState } from '../runs/run.ts'
import type { Json } from '../stores/cache/port.ts'
import type { Queryable } from '../stores/postgres/port.ts'
import { instant, lineOfRun, madeOf, type RunLine } from './runs.ts'
import { countSteps, pageOfSteps, type StepPage } from './steps.ts'

/** What somebody did to a run. */
export interface ActionLine {
  at: string
  action: 'resume' | 'cancel' | 'replay'
  by: string
  reason: string
  otherRun: string | null
}

/** Something that the run had sent out. */
export interface NoticeLine {
  key: string
  topic: string
  state: 'sent' | 'pending' | 'failed'
  attempts: number
  at: string
  error: Json
}

/** A run with all that is known of it. */
export interface RunDetails extends RunLine {
  input: Json
  summary: Json
  counts: Record<StepState, number>
  steps: StepPage
  notices: NoticeLine[]
  letters: { open: Letter[]; total: number }
  actions: ActionLine[]
  /** Replays and redrives of it. */
  made: RunLine[]
}

const most = 50

/** A run with its first page of steps. Throws RUN_UNKNOWN. */
export async function detailsOf(q: Queryable, id: string): Promise<RunDetails> {
  const run = await lineOfRun(q, id)
  if (run === undefined) throw new PipelineError('RUN_UNKNOWN', `There is no run ${id}`)
  const { rows: texts } = await q.query<{ input: Json; summary: Json }>(
    'select input, summary from pipeline.run where id = $1',
    [id],
  )
  const { rows: notices } = await q.query<NoticeLine & Record<string, unknown>>(
    `select key, topic, case when delivered_at is not null then 'sent' when failed_at is not null then 'failed' else 'pending' end
       as state, attempts, ${instant('coalesce(delivered_at, failed_at, created_at)')} as at, error
     from pipeline.outbox where run_id = $1 order by created_at limit ${most}`,
    [id],
  )
  const { rows: actions } = await q.query<ActionLine & Record<string, unknown>>(
    `select ${instant('at')} as at, action, by, reason, other_run as "otherRun" from pipeline.run_action a
     where run_id = $1 order by a.at desc limit ${most}`,
    [id],
  )
  const { letters, total } = await listLetters(q, { run: id, limit: 20 })
  return {
    ...run,
    input: texts[0]?.input ?? null,
    summary: texts[0]?.summary ?? null,
    counts: await countSteps(q, id),
    steps: await pageOfSteps(q, { run: id }),
    notices,
    letters: { open: letters, total },
    actions,
    made: await madeOf(q, id),
  }
}
