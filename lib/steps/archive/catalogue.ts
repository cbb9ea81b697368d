import type { Migration } from '../../stores/postgres/migrate.ts'
import type { Queryable } from '../../stores/postgres/port.ts'

/** The catalogue of what was archived. */
export const archiveMigrations: readonly Migration[] = [
  {
    component: 'archive',
    id: 1,
    name: 'archived',
    sql: `
create table pipeline.archived (
  place text not null,
  key text not null,
  sha256 text not null,
  bytes bigint not null,
  class text not null,
  verified text not null,
  local_key text not null,
  source text not null,
  run_id uuid not null,
  archived_at timestamptz not null,
  verified_at timestamptz not null,
  restore_requested_at timestamptz,
  restored_until timestamptz,
  local_removed_at timestamptz,
  primary key (place, key)
);
comment on table pipeline.archived is 'Files in archives: what, where, in which class, since when, from which source.';
comment on column pipeline.archived.local_key is 'Key in the object store when it was archived.';
create index archived_sha256 on pipeline.archived (sha256);
create index archived_local_key on pipeline.archived (place, local_key);
`,
  },
]

/** A copy that was made or looked at. */
export interface Copy {
  place: string
  key: string
  sha256: string
  bytes: number
  class: string
  verified: 'sha256' | 'read' | 'length'
  localKey: string
  source: string
  run: string
  at: Date
}

/** Notes a copy; one that is known keeps when and from where it came first. */
export async function noteCopy(q: Queryable, copy: Copy): Promise<void> {
  const { place, key, sha256, bytes, verified, localKey, source, run, at } = copy
  await q.query(
    `insert into pipeline.archived (place, key, sha256, bytes, class, verified, local_key, source, run_id, archived_at, verified_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9::uuid, $10, $10)
     on conflict (place, key) do update set bytes = excluded.bytes, class = excluded.class, verified = excluded.verified,
       verified_at = excluded.verified_at`,
    [place, key, sha256, bytes, copy.class, verified, localKey, source, run, at.toISOString()],
  )
}

/** Notes that the copy in the object store is gone. */
export async function noteRemoval(q: Queryable, place: string, key: string, at: Date): Promise<void> {
  await q.query('update pipeline.archived set local_removed_at = $3 where place = $1 and key = $2', [
    ...[place, key, at.toISOString()],
  ])
}

/** Notes how far a restore is; `back`: the object store has a copy again. */
export async function noteRestore(
  q: Queryable,
  place: string,
  key: string,
  { requestedAt, until, back }: { requestedAt: Date | undefined; until: Date | undefined; back: boolean },
): Promise<void> {
  await q.query(
    `update pipeline.archived set restore_requested_at = coalesce($3::timestamptz, restore_requested_at),
       restored_until = $4::timestamptz, local_removed_at = case when $5 then null else local_removed_at end
     where place = $1 and key = $2`,
    [place, key, requestedAt?.toISOString() ?? null, until?.toISOString() ?? null, back],
  )
}

/** What the catalogue knows of a file that the object store may no longer have. */
export async function knownCopy(
  q: Queryable,
  place: string,
  localKey: string,
): Promise<{ sha256: string; bytes: number; class: string; verified: Copy['verified'] } | undefined> {
  const { rows } = await q.query<{ sha256: string; bytes: string; class: string; verified: Copy['verified'] }>(
    'select sha256, bytes, class, verified from pipeline.archived where place = $1 and (key = $2 or local_key = $2) limit 1',
    [place, localKey],
  )
  const [row] = rows
  return row && { ...row, bytes: Number(row.bytes) }
}
