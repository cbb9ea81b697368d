import { PipelineError } from '../errors.ts'
import type { JournalError, StepState } from '../runs/run.ts'
import type { Json } from '../stores/cache/port.ts'
import type { Queryable } from '../stores/postgres/port.ts'
import { instant } from './runs.ts'
import { pageSize, type StepsQuery } from './schema.ts'

/** A try of a step that failed. */
export interface FailedTry {
  attempt: number
  startedAt: string
  endedAt: string
  error: JournalError
}

/** A step as a page shows it; what it gave is asked for apart. Times are ISO. */
export interface StepLine {
  node: string
  /** Path of the item, '' outside an each. */
  item: string
  /** Step and version; `item` for the record of a join. */
  step: string
  state: StepState
  attempts: number
  error: JournalError | null
  startedAt: string
  finishedAt: string | null
  nextAt: string | null
  /** The join that recorded an item. */
  recordedBy: string | null
  /** Bytes that its output takes in the journal; 0 for none. */
  outputBytes: number
  /** The newest tries that failed, at most ten, the oldest first. */
  tries: FailedTry[]
}

/** A page of steps in the order in which they began. */
export interface StepPage {
  steps: StepLine[]
  /** What to ask for with `after`; null at the end. */
  next: string | null
}

interface Row extends Record<string, unknown> {
  node: string
  item: string
  step: string
  state: StepState
  attempts: number
  error: JournalError | null
  started: string
  finished: string | null
  next: string | null
  recorded_by: string | null
  bytes: number
  tries: FailedTry[] | null
}

/** The steps of a run, a page at a time. Throws FILTER_INVALID for an `after` that is no page's end. */
export async function pageOfSteps(q: Queryable, { run, failed = false, after }: StepsQuery): Promise<StepPage> {
  const from = after === undefined ? [] : placeOf(after)
  const beyond = from.length === 0 ? '' : 'and (started_at, node, item) > ($4::timestamptz, $5::text, $6::text)'
  const { rows } = await q.query<Row>(
    `select node, item, step, state, attempts, error, ${instant('started_at')} as started, ${instant('finished_at')} as finished,
       ${instant('next_at')} as next, recorded_by, coalesce(pg_column_size(output), 0) as bytes,
       case when error is not null or attempts > 1 then (
         select jsonb_agg(jsonb_build_object('attempt', t.attempt, 'startedAt', ${instant('t.started_at')},
           'endedAt', ${instant('t.ended_at')}, 'error', t.error) order by t.attempt)
         from (select * from pipeline.step_attempt a where a.run_id = s.run_id and a.node = s.node and a.item = s.item
               order by attempt desc limit 10) t) end as tries
     from (select * from pipeline.step where run_id = $1 and ($2::boolean is false or state in ('failed', 'retry')) ${beyond}
           order by started_at, node, item limit $3) s
     order by started_at, node, item`,
    [run, failed, pageSize.steps + 1, ...from],
  )
  const page = rows.slice(0, pageSize.steps)
  const last = page.at(-1)
  return {
    steps: page.map(({ started, finished, next, recorded_by, bytes, tries, ...step }) => ({
      ...step,
      startedAt: started,
      finishedAt: finished,
      nextAt: next,
      recordedBy: recorded_by,
      outputBytes: bytes,
      tries: tries ?? [],
    })),
    next:
      rows.length > pageSize.steps && last !== undefined ? JSON.stringify([last.started, last.node, last.item]) : null,
  }
}

function placeOf(after: string): string[] {
  try {
    const place: unknown = JSON.parse(after)
    if (Array.isArray(place) && place.length === 3 && !Number.isNaN(Date.parse(String(place[0]))))
      return place.map(String)
  } catch {
    // said below
  }
  throw new PipelineError('FILTER_INVALID', 'after is not the end of a page of steps')
}

/** How many steps of a run are in which state. */
export async function countSteps(q: Queryable, run: string): Promise<Record<StepState, number>> {
  const { rows } = await q.query<{ state: StepState; count: number }>(
    'select state, count(*)::int as count from pipeline.step where run_id = $1 group by state',
    [run],
  )
  const counts: Record<StepState, number> = { running: 0, retry: 0, done: 0, failed: 0 }
  for (const { state, count } of rows) counts[state] = count
  return counts
}

/** What a step gave. Throws STEP_UNKNOWN. */
export async function outputOf(q: Queryable, run: string, node: string, item: string): Promise<Json> {
  const { rows } = await q.query<{ output: Json }>(
    'select output from pipeline.step where run_id = $1 and node = $2 and item = $3',
    [run, node, item],
  )
  if (rows[0] === undefined) throw new PipelineError('STEP_UNKNOWN', `The node ${node} did nothing in run ${run}`)
  return rows[0].output
}

/**
 * What a step was given, as far as the journal knows: the output of the nearest of the nodes before it, for the same item or what is around
 * it. Undefined where none of them is a step; then it is the run's own input, or a message that no step made.
 */
export async function givenTo(
  q: Queryable,
  run: string,
  item: string,
  before: readonly string[],
): Promise<{ node: string; output: Json } | undefined> {
  const { rows } = await q.query<{ node: string; output: Json }>(
    `select node, output from pipeline.step where run_id = $1 and node = any($2::text[]) and state = 'done' and recorded_by is null
       and (item = $3 or item = '' or starts_with($3::text, item || '/'))
     order by array_position($2::text[], node), length(item) desc limit 1`,
    [run, before, item],
  )
  return rows[0]
}
