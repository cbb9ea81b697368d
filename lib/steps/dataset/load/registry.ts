import type { FailedTier } from '../../../runs/fallback.ts'
import type { ObjectStore } from '../../../stores/objects/port.ts'
import type { Queryable } from '../../../stores/postgres/port.ts'
import { quoteIdentifier } from '../../../stores/postgres/port.ts'
import type { Contract } from '../contract.ts'
import type { ColumnProfile } from '../parser/parser.ts'

/** One published state of a part of a dataset, as the registry keeps it. */
export interface Version {
  dataset: string
  part: string
  version: number
  mode: 'full' | 'delta'
  schema: string
  table: string
  fingerprint: string
  contract: Contract
  columns: readonly { name: string; type: string }[]
  rows: number
  new: number
  changed: number
  vanished: number
  quarantined: number
  sha256: string
  bytes: number
  artifactKey: string | null
  stateKey: string | null
  stateSha256: string | null
  source: VersionSource
  generatedOn: string | null
  dialect: Record<string, string>
  profile: Record<string, ColumnProfile>
  warnings: string[]
  seconds: number
  runId: string | null
  publishedAt: string
}

/** Where a version's file came from. */
export interface VersionSource {
  tier: 'primary' | 'backup'
  /** For a backup: why the primary did not serve. */
  why: FailedTier[]
  url: string
  resourceId: string
  etag: string
  lastModified: string
  portalStamp: string
}

/** Reads versions as {@link Version}; goes on with `where`. */
export const selectVersions = `
select dataset, part, version, mode, table_schema as schema, table_name as "table", fingerprint, contract, columns,
  rows::float8 as rows, new_rows::float8 as "new", changed_rows::float8 as changed, vanished_rows::float8 as vanished,
  quarantined::float8 as quarantined, sha256, bytes::float8 as bytes, artifact_key as "artifactKey", state_key as "stateKey",
  state_sha256 as "stateSha256", source, generated_on::text as "generatedOn", dialect, profile, warnings, seconds,
  run_id::text as "runId", to_char(published_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "publishedAt"
from pipeline.version`

/** The version that readers see now; undefined before the first. */
export async function currentVersion(db: Queryable, dataset: string, part: string): Promise<Version | undefined> {
  const { rows } = await db.query<Version & Record<string, unknown>>(
    `${selectVersions} where dataset = $1 and part = $2 order by version desc limit 1`,
    [dataset, part],
  )
  return rows[0]
}

/** The newest version of every part of a dataset, in order of part. */
export async function currentParts(db: Queryable, dataset: string): Promise<Version[]> {
  const { rows } = await db.query<Version & Record<string, unknown>>(
    `${selectVersions} where dataset = $1 and (part, version) in (
       select part, max(version) from pipeline.version where dataset = $1 group by part) order by part collate "C"`,
    [dataset],
  )
  return rows
}

/** Whether a file's bytes were those of an earlier version than `base`, and are no more. */
export async function wasReplaced(db: Queryable, base: Version, sha256: string): Promise<boolean> {
  if (base.sha256 === sha256) return false
  const { rows } = await db.query(
    'select 1 from pipeline.version where dataset = $1 and part = $2 and version < $3 and sha256 = $4 limit 1',
    [base.dataset, base.part, base.version, sha256],
  )
  return rows.length > 0
}

/** Records a version, and that its dataset has one more. */
export async function insertVersion(db: Queryable, v: Omit<Version, 'publishedAt'>): Promise<void> {
  await db.query(
    `with counted as (
       insert into pipeline.dataset as d (dataset, publications) values ($1, 1)
       on conflict (dataset) do update set publications = d.publications + 1)
     insert into pipeline.version (dataset, part, version, mode, table_schema, table_name, fingerprint, contract, columns, rows,
       new_rows, changed_rows, vanished_rows, quarantined, sha256, bytes, artifact_key, state_key, state_sha256, source,
       generated_on, dialect, profile, warnings, seconds, run_id)
     values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21,$22,$23,$24,$25,$26)`,
    [
      v.dataset,
      v.part,
      v.version,
      v.mode,
      v.schema,
      v.table,
      v.fingerprint,
      JSON.stringify(v.contract),
      JSON.stringify(v.columns),
      v.rows,
      v.new,
      v.changed,
      v.vanished,
      v.quarantined,
      v.sha256,
      v.bytes,
      v.artifactKey,
      v.stateKey,
      v.stateSha256,
      JSON.stringify(v.source),
      v.generatedOn,
      JSON.stringify(v.dialect),
      JSON.stringify(v.profile),
      JSON.stringify(v.warnings),
      v.seconds,
      v.runId,
    ],
  )
}

/** How long a load may be silent before its tables count as leftovers. */
export const LOAD_LEASE_SECONDS = 120

/** Announces a load and the tables it will make. */
export async function announceLoad(
  db: Queryable,
  load: { id: string; dataset: string; part: string; runId: string | null; tables: readonly string[] },
): Promise<void> {
  await db.query(
    `insert into pipeline.load (id, dataset, part, run_id, tables, alive_until)
     values ($1, $2, $3, $4, $5, now() + make_interval(secs => $6))`,
    [load.id, load.dataset, load.part, load.runId, [...load.tables], LOAD_LEASE_SECONDS],
  )
}

/** Says that a load still lives. */
export async function keepLoadAlive(db: Queryable, id: string): Promise<void> {
  await db.query(`update pipeline.load set alive_until = now() + make_interval(secs => $2) where id = $1`, [
    id,
    LOAD_LEASE_SECONDS,
  ])
}

/** What a load is about. */
export interface LoadOf {
  dataset: string
  part: string
  runId: string | null
}

/**
 * Drops the tables of dead loads: those whose lease has passed, and those of the same part in the same run (a run has one owner, so
 * an earlier load of it is dead; loads of its other datasets may be at work beside this one).
 */
export async function sweepLoads(db: Queryable, mine?: LoadOf): Promise<number> {
  const { rows } = await db.query<{ id: string; tables: string[] }>(
    `select id::text, tables from pipeline.load
     where alive_until < now() or (run_id = $1::uuid and dataset = $2 and part = $3)`,
    [mine?.runId ?? null, mine?.dataset ?? null, mine?.part ?? null],
  )
  for (const { id, tables } of rows) {
    for (const table of tables) {
      const used = await db.query(
        `select 1 from pipeline.version where table_schema || '.' || table_name = $1
        and (dataset, part, version) in (select dataset, part, max(version) from pipeline.version group by 1, 2)`,
        [table],
      )
      if (used.rowCount === 0) await db.query(`drop table if exists ${quoteTable(table)}`)
    }
    await db.query('delete from pipeline.load where id = $1', [id])
  }
  return rows.length
}

/** Where the signatures of a load are kept. */
export function stateKey(dataset: string, part: string, load: string): string {
  return `${stateFolder(dataset, part)}${load}.rows`
}

const stateFolder = (dataset: string, part: string) => `state/${dataset}/${part === '' ? '-' : part}/`

/**
 * Deletes signatures that nobody needs any more: those of loads that were killed before they could publish, and of versions whose
 * successor was killed before it could delete them.
 */
export async function sweepSignatures(
  db: Queryable,
  objects: ObjectStore,
  dataset: string,
  part: string,
): Promise<void> {
  // Listed first: what a load puts there later is not looked at, and what it publishes meanwhile is then the version's.
  const { objects: stored } = await objects.list(stateFolder(dataset, part))
  if (stored.length === 0) return
  // One statement, for a load gives up its announcement and becomes the version in one transaction.
  const { rows } = await db.query<{ id: string | null; key: string | null }>(
    `select id::text, null as key from pipeline.load where dataset = $1 and part = $2
     union all select null, (select state_key from pipeline.version where dataset = $1 and part = $2 order by version desc limit 1)`,
    [dataset, part],
  )
  const needed = new Set(rows.map(({ id, key }) => (id === null ? key : stateKey(dataset, part, id))))
  for (const { key } of stored) if (!needed.has(key)) await objects.delete(key)
}

/** `schema.table` as quoted SQL. */
export function quoteTable(name: string): string {
  const [schema = '', table = ''] = name.split('.', 2)
  return `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`
}
