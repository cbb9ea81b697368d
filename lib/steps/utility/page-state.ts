import { createHash } from 'node:crypto'
import type { Queryable } from '../../stores/postgres/port.ts'
import type { PageDocument } from './read/documents.ts'
import type { Layout } from './read/layout.ts'
import type { LayoutChange } from './read/report.ts'
import type { Recipe } from './recipe-schema.ts'

/** What is known of a page. */
export interface PageState {
  url: string
  recipeHash: string
  etag: string
  lastModified: string
  /** The layout that a person or the first extraction accepted; null before. */
  fingerprint: string | null
  layout: Layout | null
  heldFingerprint: string | null
  changes: LayoutChange[]
  stale: boolean
  staleCode: string | null
  staleReason: string | null
  /** When what is served of it became stale; ISO 8601. */
  staleSince: string | null
}

/** Which page of which recipe. */
export interface PageKey {
  recipe: string
  page: string
}

/** Raised when the reader sees another layout, or other rows, in the same page: that is no drift of the page. */
const readerVersion = 1

/** Of what is read, and how: another hash makes the page be read again though it has not changed, and its layout be accepted. */
export function recipeHash({ notes: _, title: __, ...recipe }: Recipe): string {
  return createHash('sha256')
    .update(JSON.stringify([readerVersion, recipe]))
    .digest('hex')
}

/** What is known of a page; undefined before it was first looked at. */
export async function pageState(db: Queryable, { recipe, page }: PageKey): Promise<PageState | undefined> {
  const { rows } = await db.query<PageState & Record<string, unknown>>(
    `select url, recipe_hash as "recipeHash", etag, last_modified as "lastModified", fingerprint, layout,
       held_fingerprint as "heldFingerprint", changes, stale, stale_code as "staleCode", stale_reason as "staleReason",
       to_char(stale_since at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as "staleSince"
     from pipeline.page where recipe = $1 and page = $2`,
    [recipe, page],
  )
  return rows[0]
}

/** What the server said of the page, for the next conditional request. */
export interface Seen {
  url: string
  recipeHash: string
  etag: string
  lastModified: string
  at: Date
}

/** Notes that a page was read and published under this layout: nothing of it is stale. */
export async function notePublished(
  db: Queryable,
  { recipe, page }: PageKey,
  seen: Seen,
  accepted: { fingerprint: string; layout: Layout },
): Promise<void> {
  await db.query(
    `insert into pipeline.page (recipe, page, url, recipe_hash, etag, last_modified, fingerprint, layout, accepted_at, checked_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
     on conflict (recipe, page) do update set url = excluded.url, recipe_hash = excluded.recipe_hash, etag = excluded.etag,
       last_modified = excluded.last_modified, layout = excluded.layout, checked_at = excluded.checked_at,
       accepted_at = case when page.fingerprint = excluded.fingerprint then page.accepted_at else excluded.accepted_at end,
       fingerprint = excluded.fingerprint, held_fingerprint = null, held_layout = null, changes = '[]',
       stale = false, stale_since = null, stale_code = null, stale_reason = null`,
    [
      recipe,
      page,
      seen.url,
      seen.recipeHash,
      seen.etag,
      seen.lastModified,
      accepted.fingerprint,
      JSON.stringify(accepted.layout),
      seen.at.toISOString(),
    ],
  )
}

/** Why what is served of a page is stale, and the layout that waits for a person. */
export interface Staleness {
  code: string
  reason: string
  held?: { fingerprint: string; layout: Layout; changes: readonly LayoutChange[] }
}

/** Notes that a page could not be read as before; what is served of it stays and is stale from now on. */
export async function noteStale(
  db: Queryable,
  { recipe, page }: PageKey,
  seen: Seen,
  { code, reason, held }: Staleness,
): Promise<void> {
  // The validators go: the next look must see the page itself.
  await db.query(
    `insert into pipeline.page (recipe, page, url, recipe_hash, held_fingerprint, held_layout, changes, stale, stale_since, stale_code,
       stale_reason, checked_at)
     values ($1, $2, $3, $4, $5, $6, $7, true, $8, $9, $10, $8)
     on conflict (recipe, page) do update set url = excluded.url, etag = '', last_modified = '',
       held_fingerprint = excluded.held_fingerprint, held_layout = excluded.held_layout, changes = excluded.changes, stale = true,
       stale_since = coalesce(page.stale_since, excluded.stale_since), stale_code = excluded.stale_code,
       stale_reason = excluded.stale_reason, checked_at = excluded.checked_at`,
    [
      recipe,
      page,
      seen.url,
      seen.recipeHash,
      held?.fingerprint ?? null,
      held === undefined ? null : JSON.stringify(held.layout),
      JSON.stringify(held?.changes ?? []),
      seen.at.toISOString(),
      code,
      reason,
    ],
  )
}

/**
 * Accepts the layout that is held, if it is still the one a person looked at; the next look then publishes. Whether it was.
 */
export async function acceptHeldLayout(db: Queryable, { recipe, page }: PageKey, held: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `update pipeline.page set fingerprint = held_fingerprint, layout = held_layout, accepted_at = now(), held_fingerprint = null,
       held_layout = null, changes = '[]'
     where recipe = $1 and page = $2 and held_fingerprint = $3`,
    [recipe, page, held],
  )
  return rowCount === 1
}

/** Notes a look that found nothing new. */
export async function noteUnchanged(db: Queryable, { recipe, page }: PageKey, at: Date): Promise<void> {
  await db.query('update pipeline.page set checked_at = $3 where recipe = $1 and page = $2', [
    recipe,
    page,
    at.toISOString(),
  ])
}

/**
 * Notes the documents that a page links to now; answers which of them this run was the first to see (also when the run is sent
 * anew).
 */
export async function noteDocuments(
  db: Queryable,
  { recipe, page }: PageKey,
  documents: readonly PageDocument[],
  run: string,
  at: Date,
): Promise<Set<string>> {
  const now = at.toISOString()
  await db.query(
    `insert into pipeline.page_document (recipe, page, url, text, heading, first_run, first_seen, last_seen)
     select $1, $2, d.url, d.text, d.heading, $4::uuid, $5, $5
     from jsonb_to_recordset($3::jsonb) d(url text, text text, heading text)
     on conflict (recipe, page, url) do update set text = excluded.text, heading = excluded.heading, last_seen = excluded.last_seen,
       gone_at = null`,
    [recipe, page, JSON.stringify(documents), run, now],
  )
  await db.query(
    `update pipeline.page_document set gone_at = $3
     where recipe = $1 and page = $2 and gone_at is null and last_seen < $3`,
    [recipe, page, now],
  )
  const { rows } = await db.query<{ url: string }>(
    'select url from pipeline.page_document where recipe = $1 and page = $2 and first_run = $3::uuid and gone_at is null',
    [recipe, page, run],
  )
  return new Set(rows.map(({ url }) => url))
}
