import { PipelineError } from '../../../errors.ts'
import { failPoint } from '../../../fail-point.ts'
import { holdFence } from '../../../runs/fence.ts'
import type { Connection, Queryable } from '../../../stores/postgres/port.ts'
import { applyDelta } from './delta.ts'
import { judgeTable } from './gates.ts'
import type { LoadJob, LoadResult } from './job.ts'
import { insertQuarantine } from './quarantine.ts'
import { currentVersion, insertVersion, quoteTable, type Version } from './registry.ts'
import { type Staged, stagingTables } from './stage.ts'
import { sqlType } from './tables.ts'
import { switchView } from './view.ts'

/**
 * Makes what is staged the version that readers see: one short transaction with the changes, their history, the quarantine, the
 * version row and the view. Throws CONFLICT (retryable) when another load has published in between, FENCED, GATE_EXISTS,
 * STATE_MISMATCH.
 */
export async function publish(
  connection: Connection,
  job: LoadJob,
  staged: Staged,
  more: { sha256: string; warnings: readonly string[]; startedAt: number },
): Promise<LoadResult> {
  const names = stagingTables(job)
  return await connection.transaction(async (tx) => {
    await tx.query(`set local lock_timeout = '60s'`)
    await tx.query(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, [`dataset ${job.contract.dataset}`])
    if (job.run !== null) await holdFence(tx, job.run)
    const base = await currentVersion(tx, job.contract.dataset, job.part)
    if ((base?.version ?? 0) !== (job.base?.version ?? 0)) {
      throw new PipelineError(
        'CONFLICT',
        `${job.contract.dataset}: version ${base?.version} was published by another load while this one was at work`,
        { retryable: true },
      )
    }
    refuseOlder(job, staged, base)
    const next = { dataset: job.contract.dataset, part: job.part, version: (base?.version ?? 0) + 1 }
    const target =
      staged.mode === 'delta' && base !== undefined
        ? { schema: base.schema, table: base.table }
        : { schema: names.schema, table: names.fresh }
    const targetName = quoteTable(`${target.schema}.${target.table}`)
    const changes =
      staged.mode === 'delta'
        ? await applyDelta(tx, staged.plan, { target: targetName, candidates: staged.table, gone: staged.gone }, next)
        : await compareWhole(tx, staged, base)
    if (staged.mode === 'delta') staged.quarantine.addRepeated(changes.repeated)
    await judgeTable(tx, staged.plan, targetName)
    const repeated = staged.quarantine.count - staged.counts.rejected
    // only what is now in the table may be compared with next time
    const stateKnown = repeated === 0
    await insertQuarantine(tx, next, staged.quarantine.rows)
    const version: Omit<Version, 'publishedAt'> = {
      ...next,
      mode: staged.mode,
      ...target,
      fingerprint: staged.plan.fingerprint,
      contract: staged.plan.contract,
      columns: staged.plan.columns.map((column) => ({ name: column.name, type: sqlType(column) })),
      rows: staged.counts.rows - repeated,
      new: changes.new,
      changed: changes.changed,
      vanished: changes.vanished,
      quarantined: staged.quarantine.count,
      sha256: more.sha256,
      bytes: job.bytes,
      artifactKey: job.artifactKey,
      stateKey: stateKnown ? job.newStateKey : null,
      stateSha256: stateKnown ? staged.stateSha256 : null,
      source: job.source,
      generatedOn: staged.generatedOn,
      dialect: { encoding: staged.dialect.encoding, delimiter: staged.dialect.delimiter, container: staged.container },
      profile: Object.fromEntries(staged.profile),
      warnings: [...staged.plan.warnings, ...more.warnings],
      seconds: (Date.now() - more.startedAt) / 1000,
      runId: job.run?.id ?? null,
    }
    await insertVersion(tx, version)
    if (staged.mode === 'full') {
      await tx.query('set local default_statistics_target = 10')
      await tx.query(`analyze ${targetName}`)
      const problems = await switchView(tx, staged.plan.contract)
      if (problems.length > 0) {
        version.warnings.push(...problems)
        await tx.query('update pipeline.version set warnings = $4 where dataset = $1 and part = $2 and version = $3', [
          next.dataset,
          next.part,
          next.version,
          JSON.stringify(version.warnings),
        ])
      }
    } else {
      await tx.query(`drop table ${staged.table}, ${staged.gone}`)
      // A past day is read by the place of rows; the embedded store analyses nothing by itself.
      await tx.query('set local default_statistics_target = 10')
      await tx.query('analyze (skip_locked) pipeline.change (dataset, part, version, _kh, _n)')
    }
    // the replaced table waits for the next sweep: readers may still be in it
    if (staged.mode === 'full' && base !== undefined) {
      await tx.query(
        `update pipeline.load set tables = $2, alive_until = now() + interval '1 minute', run_id = null where id = $1`,
        [job.id, [`${base.schema}.${base.table}`]],
      )
    } else await tx.query('delete from pipeline.load where id = $1', [job.id])
    failPoint('publish-before-commit')
    return {
      version: next.version,
      mode: staged.mode,
      rows: version.rows,
      new: version.new,
      changed: version.changed,
      vanished: version.vanished,
      quarantined: version.quarantined,
      warnings: version.warnings,
      encoding: staged.dialect.encoding,
      delimiter: staged.dialect.delimiter,
      container: staged.container,
    }
  })
}

/** A mirror may lag behind: what it has must not replace what is newer. Throws BACKUP_OLDER. */
function refuseOlder(job: LoadJob, staged: Staged, base: Version | undefined): void {
  const [now, then] = [staged.generatedOn, base?.generatedOn ?? null]
  if (job.source.tier === 'primary' || now === null || then === null || now >= then) return
  throw new PipelineError(
    'BACKUP_OLDER',
    `${job.contract.dataset}: the backup's file was generated on ${now}, the version that is served on ${then}`,
  )
}

/** Counts for a whole new table. Rows of an older schema cannot be compared one by one; their keys can while the key is the same. */
async function compareWhole(tx: Queryable, staged: Staged, base: Version | undefined) {
  const none = { changed: 0, vanished: 0, moved: 0, repeated: [] }
  const rows = staged.counts.rows - (staged.quarantine.count - staged.counts.rejected)
  if (base === undefined) return { ...none, new: rows }
  staged.plan.warnings.push(
    'The columns or the contract changed: rows were replaced as a whole, without a row-by-row history',
  )
  const sameKey = JSON.stringify(base.contract.key) === JSON.stringify(staged.plan.contract.key) && staged.plan.key > 0
  if (!sameKey) return { ...none, new: rows, vanished: base.rows }
  const old = quoteTable(`${base.schema}.${base.table}`)
  const missing = (from: string, other: string) =>
    `(select count(*) from ${from} a where not exists (select 1 from ${other} b where b._kh = a._kh and b._n = a._n))::float8`
  const { rows: counts } = await tx.query<{ new: number; vanished: number }>(
    `select ${missing(staged.table, old)} as new, ${missing(old, staged.table)} as vanished`,
  )
  return { ...none, new: counts[0]?.new ?? 0, vanished: counts[0]?.vanished ?? 0 }
}
