import type { Queryable } from '../../stores/postgres/port.ts'
import { bossSchema } from './boss.ts'

/** A run that nobody goes on with. */
export interface Stranded {
  pipeline: string
  slot: string
  epoch: number
}

/**
 * Unfinished runs of some pipelines without a job, and without a call for a day: they come from a backup, or their jobs were deleted. As long as they
 * stand there no other run of a pipeline with the overlap `skip` or `queue` begins.
 */
export async function strandedRuns(q: Queryable, pipelines: readonly string[]): Promise<Stranded[]> {
  const { rows } = await q.query<{ pipeline: string; slot: string; epoch: number }>(
    `select r.flow as pipeline, r.slot, r.epoch from pipeline.run r
     where r.flow = any($1::text[]) and r.state = 'running' and (r.owner is null or r.owner like 'portable/%')
       and not exists (select from pipeline.process p where p.owner = r.owner and p.seen_at > clock_timestamp())
       and r.updated_at < clock_timestamp() - interval '1 minute'
       and not exists (
         select from ${bossSchema}.job j where j.name like 'ysh/%' and j.state in ('created', 'retry', 'active')
           and j.data ->> 'pipeline' = r.flow and j.data ->> 'slot' = r.slot)
     order by r.created_at limit 100`,
    [pipelines],
  )
  return rows
}
