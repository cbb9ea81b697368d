import { PipelineError } from '../../errors.ts'
import type { Difference, Served } from '../../runs/alert.ts'
import { type IncidentChange, pendingIncidents, raiseIncident, recoverItem } from '../../runs/incidents.ts'
import { wakeOutbox } from '../../runs/outbox.ts'
import { RetryPolicySchema, retry } from '../../runs/retry.ts'
import { parser } from '../../schema.ts'
import type { Queryable } from '../../stores/postgres/port.ts'
import type { StepContext } from '../step.ts'

/** A short trouble with the store must not hide an incident. */
const patience = parser(RetryPolicySchema, 'retry policy').parse({
  attempts: 3,
  baseMs: 200,
  capMs: 2_000,
  deadlineMs: 30_000,
})

/** What the administrator is told of. */
export interface Watched {
  dataset: string
  /** The one part that is meant; without it the whole dataset. */
  part?: string
  /** Address of the source. */
  url: string
  /** A recovery that lasts less is no recovery. */
  flapMinutes: number
}

/** What went wrong. `down`: the source cannot be reached at all, so that its datasets share one incident. */
export interface Trouble {
  code: string
  message: string
  down: boolean
}

/** Runs what notes the state of a source. Trouble with that is logged; the next step on the source says the same. */
export async function noted(what: Watched, context: StepContext, work: () => Promise<void>): Promise<void> {
  try {
    await retry(patience, work, { signal: context.signal })
  } catch (thrown) {
    const error = PipelineError.from(thrown)
    if (error.code === 'STOPPED') throw error
    context.log.error(`${itemOf(what)}: the state of its source could not be noted`, { error })
  }
}

/** Notes a failure of a source; the first one opens an incident. */
export async function raiseTrouble(
  what: Watched,
  { code, message, down }: Trouble,
  served: Served | null,
  context: StepContext,
): Promise<void> {
  const { origin } = new URL(what.url)
  const item = itemOf(what)
  const source = `source ${origin}`
  const at = context.clock.now()
  await told(context, (tx) =>
    raiseIncident(tx, {
      key: down ? source : `dataset ${item}`,
      kind: down ? 'source' : 'dataset',
      what: down ? origin : item,
      item,
      error: { code, message },
      served,
      at,
      flapMinutes: what.flapMinutes,
    }),
  )
  if (down) return
  // The source answered for this dataset, if with a wrong file: it is not the source's incident that the dataset waits in.
  const waiting = (await pendingIncidents(context.stores.postgres, item, ['source'])).some(({ key }) => key === source)
  if (waiting) await told(context, (tx) => recoverItem(tx, { key: source, item, at, difference: null }))
}

/** Notes that a source serves again, with what has changed since the versions that were served meanwhile. */
export async function noteRecovery(what: Watched, context: StepContext): Promise<void> {
  const { postgres } = context.stores
  const item = itemOf(what)
  for (const { key, served } of await pendingIncidents(postgres, item, ['source', 'dataset'])) {
    const difference = await differenceSince(postgres, what, served?.versions ?? {})
    await told(context, (tx) => recoverItem(tx, { key, item, at: context.clock.now(), difference }))
  }
}

const itemOf = ({ dataset, part }: Watched) => (part === undefined ? dataset : `${dataset} ${part}`)

/** What has been published since the versions that were served: from the registry, so that a crash in between loses nothing. */
async function differenceSince(
  db: Queryable,
  { dataset, part }: Watched,
  versions: Readonly<Record<string, number>>,
): Promise<Difference> {
  const { rows } = await db.query<Difference & Record<string, unknown>>(
    `select coalesce(sum(v.new_rows), 0)::float8 as "new", coalesce(sum(v.changed_rows), 0)::float8 as changed,
       coalesce(sum(v.vanished_rows), 0)::float8 as vanished
     from pipeline.version v left join jsonb_each_text($2::jsonb) s on s.key = v.part
     where v.dataset = $1 and v.version > coalesce(s.value::int, 0) and ($3::text is null or v.part = $3)`,
    [dataset, JSON.stringify(versions), part ?? null],
  )
  const row = rows[0]
  return { new: row?.new ?? 0, changed: row?.changed ?? 0, vanished: row?.vanished ?? 0 }
}

async function told(context: StepContext, work: (tx: Queryable) => Promise<IncidentChange>): Promise<void> {
  const { postgres } = context.stores
  const { alert } = await postgres.transaction(work)
  if (alert !== undefined) wakeOutbox(postgres)
}
