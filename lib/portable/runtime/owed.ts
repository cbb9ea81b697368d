import { alertTopic } from '../../runs/alert.ts'
import type { Json } from '../../stores/cache/port.ts'
import type { Queryable } from '../../stores/postgres/port.ts'
import type { Plan } from '../plan/schema.ts'

/** A run that is owed: for an alert, or for what waited for a model. */
export interface OwedStart {
  /** The pipeline's id. */
  pipeline: string
  /** Names the run, and the entry of the outbox. */
  slot: string
  payload: Json
}

/**
 * Runs that plans owe, oldest first, at most `most` entries: for engines that start runs by themselves and cannot be asked to from a
 * process. They are owed until {@link settleStarts}; whoever starts one twice must get the same run.
 */
export async function owedStarts(q: Queryable, plans: readonly Plan[], most: number): Promise<OwedStart[]> {
  const { lateTopic } = await import('../../steps/enrich/late/waiting.ts')
  const byTopic = new Map<string, string[]>()
  for (const { id, trigger } of plans.flatMap(({ pipelines }) => pipelines)) {
    if (trigger.kind !== 'alert' && trigger.kind !== 'late') continue
    const topic = trigger.kind === 'alert' ? alertTopic : lateTopic(trigger.node)
    byTopic.set(topic, [...(byTopic.get(topic) ?? []), id])
  }
  const { rows } = await q.query<{ key: string; topic: string; payload: Json }>(
    `select key, topic, payload from pipeline.outbox
     where topic = any($1::text[]) and delivered_at is null and failed_at is null order by created_at, key limit $2`,
    [[...byTopic.keys()], most],
  )
  return rows.flatMap(({ key, topic, payload }) =>
    (byTopic.get(topic) ?? []).map((pipeline) => ({ pipeline, slot: key, payload })),
  )
}

/** Runs of these slots have been started. */
export async function settleStarts(q: Queryable, slots: readonly string[]): Promise<void> {
  await q.query(
    `update pipeline.outbox set delivered_at = clock_timestamp(), error = null
     where key = any($1::text[]) and delivered_at is null and failed_at is null`,
    [slots],
  )
}
