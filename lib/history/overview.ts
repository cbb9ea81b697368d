import type { HttpClient, TroubledHost } from '../net/http.ts'
import { type IncidentRow, listIncidents } from '../runs/incidents.ts'
import { countLetters } from '../runs/letter-list.ts'
import type { Queryable } from '../stores/postgres/port.ts'
import { type Freshness, freshness, nextOf } from './freshness.ts'
import { flowsWithRuns, instant } from './runs.ts'

/** A run that waits until something in it is due. */
export interface ParkedRun {
  id: string
  flow: string
  slot: string
  dueAt: string | null
}

/** How things stand. */
export interface Overview {
  flows: string[]
  queued: number
  running: number
  waiting: number
  /** The parked runs that are due first, at most 20. */
  parked: ParkedRun[]
  openLetters: number
  notices: { pending: number; failed: number }
  incidents: IncidentRow[]
  /** Hosts that this process leaves alone for a while. */
  hosts: TroubledHost[]
  schedules: { flow: string; nextSlot: string | null }[]
  freshness: Freshness[]
}

/** How things stand now, from a few bounded statements. */
export async function overview(q: Queryable, http: Pick<HttpClient, 'troubled'>, now: Date): Promise<Overview> {
  const { rows: unfinished } = await q.query<{ state: string; count: number }>(
    `select state, count(*)::int as count from pipeline.run where state in ('queued', 'running', 'waiting') group by state`,
  )
  const counted = new Map(unfinished.map(({ state, count }) => [state, count]))
  const { rows: parked } = await q.query<ParkedRun & Record<string, unknown>>(
    `select id, flow, slot, ${instant('due_at')} as "dueAt" from pipeline.run where state = 'waiting' order by due_at, id limit 20`,
  )
  const { rows: notices } = await q.query<{ pending: number; failed: number }>(
    `select (select count(*) from pipeline.outbox where delivered_at is null and failed_at is null)::int as pending,
       (select count(*) from pipeline.outbox where failed_at is not null)::int as failed`,
  )
  const { rows: schedules } = await q.query<{ flow: string; expression: string; time_zone: string }>(
    'select flow, expression, time_zone from pipeline.schedule order by flow limit 500',
  )
  return {
    flows: await flowsWithRuns(q),
    queued: counted.get('queued') ?? 0,
    running: counted.get('running') ?? 0,
    waiting: counted.get('waiting') ?? 0,
    parked,
    openLetters: await countLetters(q),
    notices: notices[0] ?? { pending: 0, failed: 0 },
    incidents: await listIncidents(q, { state: 'open', limit: 20 }),
    hosts: http.troubled?.() ?? [],
    schedules: schedules.map(({ flow, expression, time_zone }) => ({
      flow,
      nextSlot: nextOf(expression, time_zone, now),
    })),
    freshness: await freshness(q, now),
  }
}
