import { PipelineError } from '../../../errors.ts'
import { worstTier } from '../../../runs/fallback.ts'
import { type Queryable, quoteIdentifier as q } from '../../../stores/postgres/port.ts'
import type { Clock } from '../../step.ts'
import type { Contract } from '../contract.ts'
import { selectVersions, type Version } from '../load/registry.ts'
import type { QueryColumn } from '../query/conditions.ts'
import type { Described, DescribedColumn, Head, Provenance } from './port.ts'

const name = /^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]{0,40}$/

interface ViewColumn {
  name: string
  type: string
}

type PartRow = Version & { publications: number; retrievedAt: string; view: ViewColumn[] | null } & Record<
    string,
    unknown
  >

/** SQL that writes an instant as ISO. */
export const iso = (sql: string) => `to_char(${sql} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

// One statement, so that all of it is of one moment.
const describe = `
select v.*, coalesce(d.publications, 0)::float8 as publications,
  coalesce(d.checked ->> v.part, v."publishedAt") as "retrievedAt",
  case when row_number() over () = 1 then (
    select jsonb_agg(jsonb_build_object('name', attname, 'type', atttypid::regtype::text) order by attnum)
    from pg_attribute where attrelid = to_regclass($2) and attnum > 0 and not attisdropped) end as view
from (${selectVersions} where dataset = $1 and (part, version) in (
    select part, max(version) from pipeline.version where dataset = $1 group by part)) v
left join pipeline.dataset d on d.dataset = v.dataset`

/** What is served of a dataset now, of any schema. Throws UNKNOWN_DATASET (no such name can be), NO_COPY, STORE_BUSY (retryable). */
export async function describeDataset(db: Queryable, dataset: string): Promise<Described> {
  if (!name.test(dataset)) {
    throw new PipelineError(
      'UNKNOWN_DATASET',
      `${JSON.stringify(dataset.slice(0, 100))} is no name of a dataset, such as aneel.tarifas`,
    )
  }
  for (let attempt = 1; ; attempt += 1) {
    const { rows } = await db.query<PartRow>(describe, [dataset, viewOf(dataset)])
    if (rows.length === 0) {
      throw new PipelineError('NO_COPY', `No version of ${dataset} is held here: fetch it first, or look at its name`)
    }
    const view = rows.flatMap((row) => row.view ?? [])
    // Catalogues are read as they are now, rows as they were when the statement began: a view made anew in between is not seen at all.
    if (view.length > 0) return described(dataset, rows, view)
    if (attempt === 3) {
      throw new PipelineError('STORE_BUSY', `${dataset} has no view at the moment`, { retryable: true })
    }
  }
}

function described(dataset: string, rows: readonly PartRow[], view: readonly ViewColumn[]): Described {
  const parts = rows
    .map(({ publications: _p, retrievedAt: _r, view: _v, ...version }): Version => version)
    .sort((a, b) => (a.part < b.part ? -1 : 1))
  const oldFirst = [...parts].sort((a, b) => (a.publishedAt < b.publishedAt ? -1 : 1))
  const contract = oldFirst.at(-1)?.contract
  if (contract === undefined) throw new PipelineError('NO_COPY', `No version of ${dataset} is held here`)
  return {
    dataset,
    contract,
    columns: view.map((column) => describedColumn(column, oldFirst)),
    parts,
    publications: rows[0]?.publications ?? 0,
    retrievedAt: oldest(rows.map((row) => row.retrievedAt)),
    asOf: null,
  }
}

function describedColumn({ name, type }: ViewColumn, parts: readonly Version[]): DescribedColumn {
  const declarations = parts.flatMap(({ contract }) => contract.columns.filter((column) => column.name === name))
  const declared = declarations.at(-1)
  const scales = declarations.flatMap(({ scale }) => scale ?? [])
  const kept = parts.some(({ columns }) => columns.some((column) => column.name === name))
  return {
    name,
    from: kept ? 'column' : declared === undefined ? 'part' : 'generated',
    type: declared?.type ?? typeOf(type),
    scale: declared?.type === 'decimal' && scales.length > 0 ? Math.max(...scales) : null,
    unit: declared?.unit ?? null,
    description: declared?.description ?? null,
    nullable: kept ? !declared?.notNull : declared !== undefined,
  }
}

function typeOf(sql: string): QueryColumn['type'] {
  if (/^(bigint|integer|smallint)$/.test(sql)) return 'integer'
  if (/^(numeric|double precision)/.test(sql)) return 'decimal'
  if (sql === 'date') return 'date'
  return sql.startsWith('timestamp') ? 'timestamp' : 'text'
}

function viewOf(dataset: string): string {
  const [schema = '', view = ''] = dataset.split('.')
  return `${q(schema)}.${q(view)}`
}

/** The first of several instants in ISO; blank of none. */
export const oldest = (instants: readonly string[]) => [...instants].sort()[0] ?? ''

/** Where rows that were read by a description come from, and how old they are now. */
export function provenanceOf(described: Described, clock: Clock): Provenance {
  const { parts } = described
  const publishedAt = oldest(parts.map((part) => part.publishedAt))
  return {
    dataset: described.dataset,
    version: Math.max(...parts.map(({ version }) => version)),
    rows: parts.reduce((sum, { rows }) => sum + rows, 0),
    tier: worstTier(parts.map(({ source }) => source.tier)) ?? 'primary',
    publishedAt,
    retrievedAt: described.retrievedAt,
    ageSeconds: Math.max(0, (clock.now().getTime() - Date.parse(publishedAt)) / 1_000),
    attribution: described.contract.attribution,
    asOf: described.asOf,
  }
}

type HeadRow = { retrievedAt: string } & Pick<
  Version,
  'dataset' | 'part' | 'version' | 'rows' | 'source' | 'publishedAt'
> &
  Pick<Contract, 'title' | 'cadence' | 'attribution'> &
  Record<string, unknown>

/** Every dataset that has a version here, in order of their names. */
export async function listDatasets(db: Queryable): Promise<Head[]> {
  const { rows } = await db.query<HeadRow>(
    `select v.dataset, v.part, v.version, v.rows::float8 as rows, v.source, ${iso('v.published_at')} as "publishedAt",
       coalesce(d.checked ->> v.part, ${iso('v.published_at')}) as "retrievedAt", v.contract->'title' as title, v.contract->>'cadence' as cadence, v.contract->>'attribution' as attribution
     from (select dataset, part, max(version) as version from pipeline.version group by 1, 2) k
     join pipeline.version v using (dataset, part, version)
     left join pipeline.dataset d using (dataset)
     order by v.dataset collate "C", v.published_at`,
  )
  return [...Map.groupBy(rows, (row) => row.dataset).values()].flatMap((parts) => {
    const newest = parts.at(-1)
    if (newest === undefined) return []
    return {
      dataset: newest.dataset,
      title: newest.title,
      cadence: newest.cadence ?? null,
      rows: parts.reduce((sum, part) => sum + part.rows, 0),
      version: Math.max(...parts.map(({ version }) => version)),
      publishedAt: oldest(parts.map((part) => part.publishedAt)),
      retrievedAt: oldest(parts.map((part) => part.retrievedAt)),
      tier: worstTier(parts.map(({ source }) => source.tier)) ?? 'primary',
      attribution: newest.attribution ?? '',
    }
  })
}
