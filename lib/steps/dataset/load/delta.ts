import { PipelineError } from '../../../errors.ts'
import { type Queryable, quoteIdentifier as q } from '../../../stores/postgres/port.ts'
import type { LoadPlan } from './plan.ts'
import type { Repeated } from './tables.ts'

/** What a re-publication did to the table. */
export interface DeltaResult {
  new: number
  changed: number
  vanished: number
  /** Rows that had only moved too far in the file to be seen as equal at once. */
  moved: number
  repeated: Repeated[]
}

const DATA = (alias: string) => `to_jsonb(${alias}) - '{_kh,_h,_n}'::text[]`

/**
 * Brings `target` to the new file's state from two small tables: `candidates` (rows that the parser could not match with an old
 * signature) and `gone` (old signatures that no row claimed). Equal rows are never touched; what changes goes to
 * pipeline.change. Runs inside the publishing transaction. Throws STATE_MISMATCH when the signatures are not the table's: the
 * caller then compares with the table itself.
 */
export async function applyDelta(
  tx: Queryable,
  plan: LoadPlan,
  names: { target: string; candidates: string; gone: string },
  version: { dataset: string; part: string; version: number },
): Promise<DeltaResult> {
  const { target, candidates, gone } = names
  const count = async (sql: string) => (await tx.query(sql)).rowCount
  await tx.query(`lock table ${target} in share row exclusive mode`)
  await tx.query(`analyze ${candidates} (_kh, _h)`)
  await tx.query(`analyze ${gone}`)

  const number = (table: string) =>
    `select ctid as at, _kh, _h, row_number() over (partition by _kh, _h order by ctid) as n from ${table}`
  await tx.query(
    `create temp table moved on commit drop as select c.at as candidate, g.at as gone from (${number(candidates)}) c join (${number(gone)}) g using (_kh, _h, n)`,
  )
  const moved = await count(`delete from ${candidates} c using moved m where c.ctid = m.candidate`)
  await tx.query(`delete from ${gone} g using moved m where g.ctid = m.gone`)

  // one scan of the table finds every row that the rest can concern
  await tx.query(
    `create temp table near on commit drop as select t.ctid as at, t._kh, t._h, t._n from ${target} t where t._kh in (select _kh from ${gone} union select _kh from ${candidates})`,
  )
  await tx.query('analyze near')
  await tx.query(
    `create temp table hit on commit drop as
     select at, _kh, row_number() over (partition by _kh order by _n) as n
     from (select n.at, n._kh, n._h, n._n, row_number() over (partition by n._kh, n._h order by n._n) as k from near n) n
     join (select _kh, _h, count(*) as times from ${gone} group by 1, 2) g using (_kh, _h) where n.k <= g.times`,
  )
  const expected = await tx.query<{ gone: number; hit: number }>(
    `select (select count(*) from ${gone})::float8 as gone, (select count(*) from hit)::float8 as hit`,
  )
  if (expected.rows[0]?.gone !== expected.rows[0]?.hit) {
    throw new PipelineError(
      'STATE_MISMATCH',
      `${plan.contract.dataset}: ${expected.rows[0]?.gone} rows should have been found in the table, ${expected.rows[0]?.hit} were`,
      { retryable: true },
    )
  }
  await tx.query(
    `create temp table pair on commit drop as
     select c.at as candidate, h.at as standing, coalesce(c._kh, h._kh) as _kh
     from (select ctid as at, _kh, row_number() over (partition by _kh order by ctid) as n from ${candidates}) c
     full join hit h using (_kh, n)`,
  )
  await tx.query('analyze pair')

  const stamp = `$1::text, $2::text, $3::int`
  const values = [version.dataset, version.part, version.version]
  const log = `insert into pipeline.change (dataset, part, version, op, _kh, _n, before, after)`
  await tx.query(
    `${log} select ${stamp}, 'changed', t._kh, t._n, ${DATA('t')}, ${DATA('c')} from pair p join ${target} t on t.ctid = p.standing join ${candidates} c on c.ctid = p.candidate`,
    values,
  )

  let repeated: Repeated[] = []
  if (plan.contract.repeats === 'quarantine') {
    // a new row whose key stands already, or twice among the new ones, is no new row
    const extra = await tx.query<{ row: string }>(
      `with doubled as (
         select p.candidate, row_number() over (partition by p._kh order by p.candidate) as n, p._kh from pair p where p.standing is null),
       out as (
         delete from pair p using doubled d
         where p.candidate = d.candidate and (d.n > 1 or exists (select 1 from pair o where o._kh = d._kh and o.standing is not null and o.candidate is not null)
           or exists (select 1 from near n where n._kh = d._kh and not exists (select 1 from hit h where h.at = n.at)))
         returning p.candidate)
       select (${DATA('c')})::text as row from out o join ${candidates} c on c.ctid = o.candidate`,
    )
    repeated = extra.rows
  }
  const columns = plan.columns.map((column) => q(column.name))
  const changed = await count(
    `update ${target} t set ${[...columns, '_h'].map((name) => `${name} = c.${name}`).join(', ')}
     from pair p join ${candidates} c on c.ctid = p.candidate where t.ctid = p.standing`,
  )
  const { rowCount: vanished } = await tx.query(
    `with gone as (delete from ${target} t using pair p where t.ctid = p.standing and p.candidate is null returning t.*)
     ${log} select ${stamp}, 'vanished', g._kh, g._n, ${DATA('g')}, null from gone g`,
    values,
  )
  // Never a place that this version frees: it would then have two changes in one version.
  const { rowCount: added } = await tx.query(
    `with added as (
       insert into ${target} (${columns.join(', ')}, _kh, _h, _n)
       select ${columns.map((name) => `c.${name}`).join(', ')}, c._kh, c._h,
         coalesce(b.next, 0) + row_number() over (partition by c._kh order by p.candidate) - 1
       from pair p join ${candidates} c on c.ctid = p.candidate
       left join (select n._kh, max(n._n) + 1 as next from near n group by 1) b on b._kh = c._kh
       where p.standing is null returning *)
     ${log} select ${stamp}, 'new', a._kh, a._n, null, ${DATA('a')} from added a`,
    values,
  )
  return { new: added, changed, vanished, moved, repeated }
}
