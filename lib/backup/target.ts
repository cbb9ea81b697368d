import { PipelineError } from '../errors.ts'
import type { PostgresStore, Queryable } from '../stores/postgres/port.ts'
import { nameOf, readStructure } from './structure.ts'

/** Rows that every started pipeline has. */
const always = new Set(['"pipeline"."migration"', '"pipeline"."process"', '"pipeline"."event_state"'])
/** Whoever gave a sign of life so recently is alive. */
const silentMs = 15_000

/**
 * Whether a restore may go into a database. Resolves with the highest epoch of its runs: those of the backup must be above it, so that a process that
 * still lives commits nothing. Throws BACKUP_IN_USE, BACKUP_NOT_EMPTY.
 */
export async function checkTarget(postgres: PostgresStore, { replace }: { replace: boolean }): Promise<number> {
  return postgres.transaction(async (tx) => {
    const { live, schemas } = await readStructure(tx)
    const tables = live.map(({ shape }) => nameOf(shape))
    if (tables.includes('"pipeline"."process"')) await demandIdle(tx)
    const foreign = await strangers(tx, schemas)
    if (foreign.length > 0) {
      throw new PipelineError(
        'BACKUP_NOT_EMPTY',
        `Tables that are not the pipeline's lie in its schemas: ${foreign.join(', ')}. Move them, or restore into another database`,
      )
    }
    if (!replace) {
      for (const table of tables) {
        if (always.has(table)) continue
        const { rows } = await tx.query<{ some: boolean }>(`select exists (select from ${table}) as some`)
        if (rows[0]?.some !== true) continue
        throw new PipelineError(
          'BACKUP_NOT_EMPTY',
          `There are rows here already (${table}). Restore into an empty database or folder, or say --replace: it deletes what is there`,
        )
      }
    }
    if (!tables.includes('"pipeline"."run"')) return 0
    const { rows } = await tx.query<{ epoch: number }>('select coalesce(max(epoch), 0) as epoch from pipeline.run')
    return rows[0]?.epoch ?? 0
  })
}

async function demandIdle(tx: Queryable): Promise<void> {
  const { rows } = await tx.query<{ owner: string }>(
    `select owner from pipeline.process where seen_at > clock_timestamp() - $1::int * interval '1 ms' order by owner`,
    [silentMs],
  )
  if (rows.length === 0) return
  throw new PipelineError(
    'BACKUP_IN_USE',
    `Node-RED works on this store (${rows.map(({ owner }) => owner).join(', ')}): stop it, wait ${silentMs / 1_000} s, restore, start it again`,
    { retryable: true, retryAfterMs: silentMs },
  )
}

/** Tables of somebody else in the schemas that a dataset's view lies in; those of the data are the pipeline's alone. */
async function strangers(tx: Queryable, schemas: readonly string[]): Promise<string[]> {
  const shared = schemas.filter((name) => !name.startsWith('pipeline') && !name.endsWith('_data'))
  const { rows } = await tx.query<{ name: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p', 'f') and n.nspname = any($1) order by 1`,
    [shared],
  )
  return rows.map(({ name }) => name)
}
