import { PipelineError } from '../../../errors.ts'
import type { Queryable } from '../../../stores/postgres/port.ts'
import { selectVersions, type Version } from '../load/registry.ts'
import { isTime } from '../query/conditions.ts'
import { oldest } from './describe.ts'
import type { Described } from './port.ts'

const day = /^(19|2\d)\d{2}-\d{2}-\d{2}$/
const instant = /^((?:19|2\d)\d{2}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)(Z|[+-](?:0\d|1[0-4]):[0-5]\d)$/

/**
 * The instant that an `asOf` means: a date's end in Brasília (three hours behind UTC all year since 2019), an instant as it is. Throws
 * QUERY_VALUE.
 */
export function instantOf(asOf: string): { iso: string; sql: string } {
  const local = day.test(asOf) ? asOf : (instant.exec(asOf)?.[1] ?? '')
  if (local === '' || !isTime(local)) {
    throw new PipelineError(
      'QUERY_VALUE',
      `asOf is ${JSON.stringify(asOf.slice(0, 100))}, but a date such as 2026-07-01 or an instant such as 2026-07-01T12:00:00Z is expected`,
    )
  }
  const sql = local === asOf ? `${asOf}T23:59:59.999999-03:00` : asOf
  return { iso: new Date(sql).toISOString(), sql }
}

type PastRow = Version & { replaced: number } & Record<string, unknown>

/**
 * The dataset as it was: for each part the last version published until then. Parts that appeared later are not there. Throws QUERY_VALUE,
 * AS_OF_NOT_KEPT.
 */
export async function describePast(db: Queryable, now: Described, asOf: string): Promise<Described> {
  const { iso, sql } = instantOf(asOf)
  const { rows } = await db.query<PastRow>(
    `select v.*, (select max(r.version) from pipeline.version r where r.dataset = v.dataset and r.part = v.part and r.mode = 'full') as replaced
     from (${selectVersions} where dataset = $1 and (part, version) in (
         select part, max(version) from pipeline.version where dataset = $1 and published_at <= $2::timestamptz group by part)) v`,
    [now.dataset, sql],
  )
  // What a replacement of the whole table took away is not kept row by row.
  if (rows.length === 0 || rows.some((row) => row.version < row.replaced)) throw await notKept(db, now.dataset, asOf)
  const parts = rows.map(({ replaced: _, ...version }): Version => version).sort((a, b) => (a.part < b.part ? -1 : 1))
  const retrievedAt = oldest(parts.map(({ publishedAt }) => publishedAt))
  return { ...now, parts, retrievedAt, asOf: iso }
}

async function notKept(db: Queryable, dataset: string, asOf: string): Promise<PipelineError> {
  const { rows } = await db.query<{ at: string | null; day: string | null }>(
    `select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, to_char(at at time zone 'UTC' - interval '3 hours', 'YYYY-MM-DD') as day
     from (select greatest(min(published_at), max(published_at) filter (where mode = 'full' and version > 1)) as at
       from pipeline.version where dataset = $1) earliest`,
    [dataset],
  )
  const { at, day } = rows[0] ?? {}
  return new PipelineError(
    'AS_OF_NOT_KEPT',
    `What ${dataset} said on ${asOf} is not kept; the earliest day that can be answered is ${day} (from ${at})`,
    { details: { dataset, asOf, earliest: at ?? null, earliestDay: day ?? null } },
  )
}
