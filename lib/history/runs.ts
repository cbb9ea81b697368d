import type { JournalError, RunState, Trigger } from '../runs/run.ts'
import type { Json } from '../stores/cache/port.ts'
import type { Queryable } from '../stores/postgres/port.ts'
import { pageSize, type RunsQuery } from './schema.ts'

/** A run as a list shows it. Times are ISO. */
export interface RunLine {
  id: string
  flow: string
  slot: string
  trigger: Trigger
  state: RunState
  error: JournalError | null
  /** Items done and failed, as the run's end counted them; null before that, or where there is nothing to count. */
  done: number | null
  failed: number | null
  /** The lowest tier that anything in it was served from. */
  tier: string | null
  /** Name of the process that has it. */
  owner: string | null
  createdAt: string
  finishedAt: string | null
  dueAt: string | null
  /** Since it began until it ended, or until now. */
  seconds: number
  redriveOf: string | null
  replayOf: string | null
}

/** A page of runs, the newest first. */
export interface RunPage {
  runs: RunLine[]
  /** What to ask for with `before`; null at the end. */
  next: string | null
}

interface Row extends Record<string, unknown> {
  id: string
  flow: string
  slot: string
  trigger: Trigger
  state: RunState
  error: JournalError | null
  done: number | null
  failed: number | null
  tiers: Json
  owner: string | null
  created: string
  finished: string | null
  due: string | null
  seconds: number
  redrive_of: string | null
  replay_of: string | null
}

/** SQL: an instant as ISO, to the microsecond, so that it says where a page ends. */
export const instant = (sql: string) => `to_char(${sql} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`

// What is not a number in a summary, which a flow may write itself, is no count.
const count = (name: string) =>
  `case when jsonb_typeof(summary -> '${name}') = 'number' then (summary ->> '${name}')::float8 end as ${name}`

const columns = `id, flow, slot, trigger, state, error, ${count('done')}, ${count('failed')},
  jsonb_path_query_array(summary, '$.items[*].tier') as tiers, split_part(owner, '/', 1) as owner,
  ${instant('created_at')} as created, ${instant('finished_at')} as finished, ${instant('due_at')} as due,
  extract(epoch from coalesce(finished_at, clock_timestamp()) - created_at)::float8 as seconds, redrive_of, replay_of`

/** Runs, the newest first, a page at a time; whatever the filter, one range of an index. */
export async function pageOfRuns(
  q: Queryable,
  { flow, state, before, limit = pageSize.runs }: RunsQuery = {},
): Promise<RunPage> {
  const parts: string[] = []
  const values: unknown[] = []
  const add = (part: (...parameters: string[]) => string, ...given: unknown[]) => {
    parts.push(part(...given.map((value) => `$${values.push(value)}`)))
  }
  if (flow !== undefined) add((p) => `flow = ${p}`, flow)
  if (state !== undefined) add((p) => `state = ${p}`, state)
  if (before !== undefined) {
    add((at, id) => `(created_at, id) < (${at}::timestamptz, ${id}::uuid)`, ...before.split('_'))
  }
  const where = parts.length === 0 ? '' : `where ${parts.join(' and ')}`
  // The page first: columns of runs that are not on it are not read.
  const { rows } = await q.query<Row>(
    `select ${columns} from (select * from pipeline.run ${where} order by created_at desc, id desc limit $${values.length + 1}) r
     order by created_at desc, id desc`,
    [...values, limit + 1],
  )
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  return {
    runs: page.map(lineOf),
    next: rows.length > limit && last !== undefined ? `${last.created}_${last.id}` : null,
  }
}

/** One run as a list shows it; undefined where there is none. */
export async function lineOfRun(q: Queryable, id: string): Promise<RunLine | undefined> {
  const { rows } = await q.query<Row>(`select ${columns} from pipeline.run where id = $1`, [id])
  return rows[0] && lineOf(rows[0])
}

/** The runs that are made of another: its replays and redrives, the newest first, at most 20. */
export async function madeOf(q: Queryable, id: string): Promise<RunLine[]> {
  const { rows } = await q.query<Row>(
    `select ${columns} from pipeline.run where replay_of = $1 or redrive_of = $1 order by created_at desc limit 20`,
    [id],
  )
  return rows.map(lineOf)
}

/** Flows that have runs, at most 500; each is one look at an index, however many runs there are. */
export async function flowsWithRuns(q: Queryable): Promise<string[]> {
  const { rows } = await q.query<{ flow: string }>(
    `with recursive known as (
       (select flow from pipeline.run order by flow limit 1)
       union all
       select (select r.flow from pipeline.run r where r.flow > k.flow order by r.flow limit 1) from known k where k.flow is not null
     ) select flow from known where flow is not null limit 500`,
  )
  return rows.map(({ flow }) => flow)
}

function lineOf({ created, finished, due, tiers, redrive_of, replay_of, owner, ...row }: Row): RunLine {
  const known = Array.isArray(tiers) ? tiers : []
  return {
    ...row,
    owner: owner === '' ? null : owner,
    tier: ['cache', 'backup', 'primary'].find((tier) => known.includes(tier)) ?? null,
    createdAt: created,
    finishedAt: finished,
    dueAt: due,
    redriveOf: redrive_of,
    replayOf: replay_of,
  }
}
