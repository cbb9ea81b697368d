import type { PipelineError } from '../../errors.ts'
import type { Queryable } from '../../stores/postgres/port.ts'

/** One file of a source: the whole of a dataset, or one part of it. */
export interface SourceFile {
  part: string
  resourceId: string
  url: string
  /** `last_modified|size` as the source's catalogue says them: when equal, nothing was uploaded. Blank when not known. */
  stamp: string
}

/** What the source last said of a file. */
export interface KnownSource {
  url: string
  resourceId: string
  etag: string
  lastModified: string
  portalStamp: string
}

/** The last answer for a part, if any. */
export async function knownSource(db: Queryable, dataset: string, part: string): Promise<KnownSource | undefined> {
  const { rows } = await db.query<KnownSource & Record<string, unknown>>(
    `select url, coalesce(resource_id, '') as "resourceId", coalesce(etag, '') as etag,
       coalesce(last_modified, '') as "lastModified", coalesce(portal_stamp, '') as "portalStamp"
     from pipeline.source_check where dataset = $1 and part = $2`,
    [dataset, part],
  )
  return rows[0]
}

/** Notes a look that went well, with the validators for the next one. */
export async function noteCheck(
  db: Queryable,
  dataset: string,
  file: SourceFile,
  answer: { etag: string; lastModified: string },
): Promise<void> {
  await db.query(
    `with looked as (
       insert into pipeline.dataset as d (dataset, publications, checked)
       values ($1, 0, jsonb_build_object($2::text, to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))
       on conflict (dataset) do update set checked = d.checked || excluded.checked)
     insert into pipeline.source_check (dataset, part, url, resource_id, etag, last_modified, portal_stamp, checked_at, error)
     values ($1, $2, $3, $4, $5, $6, nullif($7, ''), now(), null)
     on conflict (dataset, part) do update set url = excluded.url, resource_id = excluded.resource_id, etag = excluded.etag,
       last_modified = excluded.last_modified, checked_at = now(), error = null,
       portal_stamp = case when source_check.url = excluded.url then coalesce(excluded.portal_stamp, source_check.portal_stamp)
         else excluded.portal_stamp end`,
    [dataset, file.part, file.url, file.resourceId, answer.etag, answer.lastModified, file.stamp],
  )
}

/** Notes a look that failed; the validators of the last good one stay. */
export async function noteFailure(
  db: Queryable,
  dataset: string,
  file: SourceFile,
  error: PipelineError,
): Promise<void> {
  await db
    .query(
      `insert into pipeline.source_check (dataset, part, url, resource_id, checked_at, error) values ($1, $2, $3, $4, now(), $5)
       on conflict (dataset, part) do update set checked_at = now(), error = excluded.error`,
      [dataset, file.part, file.url, file.resourceId, JSON.stringify(error.toJSON())],
    )
    .catch(() => undefined) // the store may be what failed; the error itself goes on
}
