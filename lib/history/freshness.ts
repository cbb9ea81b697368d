import { calendar } from '../runs/schedule.ts'
import type { Queryable } from '../stores/postgres/port.ts'
import { instant } from './runs.ts'

/** How fresh a dataset is. Times are ISO. */
export interface Freshness {
  dataset: string
  title: Record<string, string>
  version: number
  rows: number
  publishedAt: string
  /** When its source was last looked at without error. */
  checkedAt: string | null
  /** Since it was published. */
  ageSeconds: number
  tier: string | null
  cadence: string | null
  /** Neither published nor found unchanged within what the contract's cadence allows. */
  late: boolean
  /** Id of the flow that published it last, and when that is due next. */
  flow: string | null
  nextSlot: string | null
  /** Code of the last look, when it failed. */
  error: string | null
}

/**
 * How long (s) a source's silence is in order, by its cadence: the period and half as much again. A look that finds the source unchanged
 * counts like a version, for what is served is then what there is.
 */
const allowed: Readonly<Record<string, number>> = {
  daily: 1.5 * 86_400,
  weekly: 10 * 86_400,
  monthly: 45 * 86_400,
  yearly: 550 * 86_400,
}

interface Row extends Record<string, unknown> {
  dataset: string
  title: Record<string, string>
  cadence: string | null
  version: number
  rows: number
  published: string
  checked: string | null
  age: number
  quiet: number
  tier: string | null
  flow: string | null
  expression: string | null
  time_zone: string | null
  error: string | null
}

/** How fresh each dataset is, the late ones first, at most 500. Nothing where no dataset was ever published. */
export async function freshness(q: Queryable, now: Date): Promise<Freshness[]> {
  const { rows: there } = await q.query<{ there: boolean }>(
    `select to_regclass('pipeline.version') is not null and to_regclass('pipeline.source_check') is not null as there`,
  )
  if (there[0]?.there !== true) return []
  const { rows } = await q.query<Row>(
    `with newest as (
       select distinct on (dataset, part) dataset, part, version, rows, published_at, run_id, contract, source
       from pipeline.version order by dataset, part, version desc
     ), held as (
       select dataset, max(version) as version, sum(rows)::float8 as rows, max(published_at) as published_at,
         (array_agg(run_id order by published_at desc))[1] as run_id, (array_agg(contract order by published_at desc))[1] as contract,
         min(source ->> 'tier') as tier
       from newest group by dataset order by dataset limit 500
     ), looked as (
       select dataset, max(checked_at) filter (where error is null) as checked_at,
         (array_agg(error ->> 'code' order by checked_at desc) filter (where error is not null))[1] as error
       from pipeline.source_check group by dataset
     )
     select h.dataset, h.contract -> 'title' as title, h.contract ->> 'cadence' as cadence, h.version, h.rows, h.tier,
       ${instant('h.published_at')} as published, ${instant('l.checked_at')} as checked,
       extract(epoch from $1::timestamptz - h.published_at)::float8 as age,
       extract(epoch from $1::timestamptz - greatest(h.published_at, l.checked_at))::float8 as quiet,
       r.flow, s.expression, s.time_zone, l.error
     from held h left join looked l on l.dataset = h.dataset left join pipeline.run r on r.id = h.run_id
       left join pipeline.schedule s on s.flow = r.flow
     order by h.dataset`,
    [now.toISOString()],
  )
  const list = rows.map(
    (row): Freshness => ({
      dataset: row.dataset,
      title: row.title,
      version: row.version,
      rows: row.rows,
      publishedAt: row.published,
      checkedAt: row.checked,
      ageSeconds: Math.max(0, row.age),
      tier: row.tier,
      cadence: row.cadence,
      late: row.quiet > (allowed[row.cadence ?? ''] ?? Number.POSITIVE_INFINITY),
      flow: row.flow,
      nextSlot: nextOf(row.expression, row.time_zone, now),
      error: row.error,
    }),
  )
  return list.toSorted((a, b) => Number(b.late) - Number(a.late))
}

/** The next slot of a schedule as it stands in the journal. */
export function nextOf(expression: string | null, timeZone: string | null, now: Date): string | null {
  if (expression === null || timeZone === null) return null
  try {
    return calendar(expression, timeZone).next(now)?.toISOString() ?? null
  } catch {
    return null // written by another version
  }
}
