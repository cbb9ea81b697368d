import { PipelineError } from '../../../errors.ts'
import { listRuns } from '../../../runs/display.ts'
import { calendar } from '../../../runs/schedule.ts'
import type { Queryable } from '../../../stores/postgres/port.ts'
import { type DatasetFacts, datasetsOf } from './datasets.ts'
import {
  attributionsOf,
  type DocumentFacts,
  documentsOf,
  type ErrorFacts,
  errorsOf,
  othersOf,
  progressOf,
  type StepFacts,
} from './journal.ts'

/** What a summary tells: plain data, from the journal and the manifests in it alone. */
export type SummaryFacts = {
  run: string
  flow: string
  slot: string
  trigger: string
  /** `failed` when anything failed; `running` counts as done so far. */
  outcome: 'done' | 'partly' | 'failed'
  startedAt: string
  seconds: number
  datasets: DatasetFacts[]
  documents: DocumentFacts
  steps: StepFacts[]
  errors: ErrorFacts[]
  /** How many datasets and errors were left out. */
  left: { datasets: number; errors: number }
  /** ISO; null when nothing is scheduled. */
  next: string | null
  attributions: string[]
}

/** Most of each in a summary. */
const most = { datasets: 60, errors: 30, attributions: 5 } as const

/** What a run has brought so far. Throws RUN_UNKNOWN. */
export async function summaryOfRun(q: Queryable, id: string, now: Date): Promise<SummaryFacts> {
  const [run] = await listRuns(q, { id })
  if (run === undefined) throw new PipelineError('RUN_UNKNOWN', `The journal knows no run ${id}`)
  const { startedAt, done } = await progressOf(q, id)
  const { datasets, count } = await datasetsOf(q, id, most.datasets)
  const failed = await errorsOf(q, id, most.errors)
  const { flow, slot, trigger } = run
  return {
    ...{ run: id, flow, slot, trigger, startedAt: startedAt?.toISOString() ?? run.createdAt },
    outcome: failed.count === 0 ? 'done' : done > 0 ? 'partly' : 'failed',
    seconds: Math.max(0, (Date.parse(run.finishedAt ?? now.toISOString()) - Date.parse(run.createdAt)) / 1_000),
    datasets,
    documents: await documentsOf(q, id),
    steps: await othersOf(q, id),
    errors: failed.errors,
    left: { datasets: count - datasets.length, errors: failed.count - failed.errors.length },
    next: await nextRun(q, flow, now),
    attributions: await attributionsOf(q, id, most.attributions),
  }
}

/** The datasets that a run has published so far, at most 1,000: those that its manifests name. */
export async function publishedIn(q: Queryable, run: string): Promise<string[]> {
  const { rows } = await q.query<{ dataset: string }>(
    `select distinct dataset from pipeline.step s, lateral (
       select s.output->>'dataset' as dataset
       union all
       select each->>'dataset' from jsonb_array_elements(
         case when jsonb_typeof(s.output->'datasets') = 'array' then s.output->'datasets' else '[]' end) each
     ) named
     where s.run_id = $1::uuid and s.state = 'done' and s.step <> 'item' and s.output->>'outcome' = 'published'
       and dataset is not null
     order by dataset limit 1000`,
    [run],
  )
  return rows.map(({ dataset }) => dataset)
}

async function nextRun(q: Queryable, flow: string, now: Date): Promise<string | null> {
  const { rows } = await q.query<{ expression: string; time_zone: string }>(
    'select expression, time_zone from pipeline.schedule where flow = $1',
    [flow],
  )
  const [schedule] = rows
  if (schedule === undefined) return null
  return calendar(schedule.expression, schedule.time_zone).next(now)?.toISOString() ?? null
}
