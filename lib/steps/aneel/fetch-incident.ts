import { PipelineError } from '../../errors.ts'
import type { Difference, Served } from '../../runs/alert.ts'
import type { FailedTier } from '../../runs/fallback.ts'
import { type IncidentChange, pendingIncidents, raiseIncident, recoverItem } from '../../runs/incidents.ts'
import { wakeOutbox } from '../../runs/outbox.ts'
import { RetryPolicySchema, retry } from '../../runs/retry.ts'
import { parser } from '../../schema.ts'
import type { Queryable } from '../../stores/postgres/port.ts'
import type { StepContext } from '../step.ts'
import { worstSource } from './fetch-manifest.ts'
import type { PartManifest, Portal } from './fetch-schema.ts'
import { isSourceError, isUnreachable } from './source-errors.ts'
import { heldVersions } from './tiers.ts'

/** A short trouble with the store must not hide an incident. */
const patience = parser(RetryPolicySchema, 'retry policy').parse({
  attempts: 3,
  baseMs: 200,
  capMs: 2_000,
  deadlineMs: 30_000,
})

/**
 * Notes for the administrator what a fetch says of its source: served by a lower tier is a failure of the primary, served by the
 * primary is a recovery (if there is anything to recover from: then what was served meanwhile is compared). Trouble with that
 * is logged; the next fetch says the same.
 */
export async function noteServed(
  dataset: string,
  parts: readonly PartManifest[],
  portal: Portal,
  context: StepContext,
): Promise<void> {
  const { tier, ageSeconds, why } = worstSource(parts)
  if (tier === 'primary') {
    await noted(dataset, portal, context, () => recover(dataset, context))
    return
  }
  const [first] = why
  if (first === undefined) return
  await noted(dataset, portal, context, async () => {
    // Of all its parts, also those that this fetch did not ask for: later versions are told from them.
    const held = await heldVersions(context.stores.postgres, dataset, context)
    await raise(dataset, first, { tier, ageSeconds, versions: held?.versions ?? {} }, portal, context)
  })
}

/** Notes a fetch that failed: an error that speaks of the source is a failure of the primary. */
export async function noteFailed(
  dataset: string,
  error: PipelineError,
  portal: Portal,
  context: StepContext,
): Promise<void> {
  if (context.signal.aborted || !isSourceError(error, 'primary')) return
  await noted(dataset, portal, context, async () => {
    const held = await heldVersions(context.stores.postgres, dataset, context)
    await raise(dataset, error, held === undefined ? null : { tier: 'cache', ...held }, portal, context)
  })
}

async function noted(dataset: string, portal: Portal, context: StepContext, work: () => Promise<void>): Promise<void> {
  if (!portal.incidents) return
  try {
    await retry(patience, work, { signal: context.signal })
  } catch (thrown) {
    const error = PipelineError.from(thrown)
    if (error.code === 'STOPPED') throw error
    context.log.error(`${dataset}: the state of its source could not be noted`, { error })
  }
}

async function raise(
  dataset: string,
  { code, message }: Pick<FailedTier, 'code' | 'message'>,
  served: Served | null,
  portal: Portal,
  context: StepContext,
): Promise<void> {
  const { origin } = new URL(portal.url)
  const down = isUnreachable(code)
  const at = context.clock.now()
  const { postgres } = context.stores
  const source = sourceKey(origin)
  await told(context, (tx) =>
    raiseIncident(tx, {
      key: down ? source : `dataset ${dataset}`,
      kind: down ? 'source' : 'dataset',
      what: down ? origin : dataset,
      item: dataset,
      error: { code, message },
      served,
      at,
      flapMinutes: portal.flapMinutes,
    }),
  )
  if (down) return
  // The portal answered for this dataset, if with a wrong file: it is not the portal's incident that the dataset waits in.
  const waiting = (await pendingIncidents(postgres, dataset, ['source'])).some(({ key }) => key === source)
  if (waiting) await told(context, (tx) => recoverItem(tx, { key: source, item: dataset, at, difference: null }))
}

async function recover(dataset: string, context: StepContext): Promise<void> {
  const { postgres } = context.stores
  for (const { key, served } of await pendingIncidents(postgres, dataset, ['source', 'dataset'])) {
    const difference = await differenceSince(postgres, dataset, served?.versions ?? {})
    await told(context, (tx) => recoverItem(tx, { key, item: dataset, at: context.clock.now(), difference }))
  }
}

/** What has been published since the versions that were served: from the registry, so that a crash in between loses nothing. */
async function differenceSince(
  db: Queryable,
  dataset: string,
  versions: Readonly<Record<string, number>>,
): Promise<Difference> {
  const { rows } = await db.query<Difference & Record<string, unknown>>(
    `select coalesce(sum(v.new_rows), 0)::float8 as "new", coalesce(sum(v.changed_rows), 0)::float8 as changed,
       coalesce(sum(v.vanished_rows), 0)::float8 as vanished
     from pipeline.version v left join jsonb_each_text($2::jsonb) s on s.key = v.part
     where v.dataset = $1 and v.version > coalesce(s.value::int, 0)`,
    [dataset, JSON.stringify(versions)],
  )
  const row = rows[0]
  return { new: row?.new ?? 0, changed: row?.changed ?? 0, vanished: row?.vanished ?? 0 }
}

async function told(context: StepContext, work: (tx: Queryable) => Promise<IncidentChange>): Promise<void> {
  const { postgres } = context.stores
  const { alert } = await postgres.transaction(work)
  if (alert !== undefined) wakeOutbox(postgres)
}

function sourceKey(origin: string): string {
  return `source ${origin}`
}
