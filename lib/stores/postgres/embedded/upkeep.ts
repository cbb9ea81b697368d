import { PipelineError } from '../../../errors.ts'
import { openConnection } from '../connection.ts'
import type { Connection, PostgresTarget } from '../port.ts'
import { quoteIdentifier } from '../port.ts'

/**
 * What PostgreSQL's own background processes do, and PGlite has none of: checkpoints, without which the log grows until the volume is full and
 * a start replays all of it; and vacuum, without which dead rows stay.
 */

/** Between two looks. A load writes some 20 MB of log a second, so that the log stays under about 300 MB. */
const LOOK_MS = 10_000
/** Log since the last checkpoint that a start may have to replay. */
const LOG_BYTES = 64 * 1024 * 1024
/** The same where the volume is nearly full: a file of the log is given back. */
const SEGMENT_BYTES = 16 * 1024 * 1024
/** Looks between two at the tables. */
const TABLES_EVERY = 6
/** Patience with one table; all other clients wait meanwhile. */
const VACUUM_MS = 120_000
/** Tables seen to at one look. */
const MOST_TABLES = 20

/** The rule and the numbers of autovacuum (PostgreSQL's manual, "Automatic Vacuuming"); the age is half of what it allows. */
const DUE = `
  select n.nspname as schema, c.relname as table
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  left join pg_stat_all_tables s on s.relid = c.oid
  where c.relkind in ('r', 'm') and c.relpersistence = 'p'
    and (coalesce(s.n_dead_tup, 0) > 50 + 0.2 * greatest(c.reltuples, 0)
      or coalesce(s.n_ins_since_vacuum, 0) > 1000 + 0.2 * greatest(c.reltuples, 0)
      or coalesce(s.n_mod_since_analyze, 0) > 50 + 0.1 * greatest(c.reltuples, 0) and n.nspname <> 'pg_catalog'
      or age(c.relfrozenxid) > 100000000)
  order by age(c.relfrozenxid) > 100000000 desc, s.n_dead_tup desc
  limit ${MOST_TABLES}`

/** What was done at a look. */
export interface Seen {
  checkpoint: boolean
  /** Tables vacuumed, as schema.table. */
  vacuumed: string[]
}

/** One look: a checkpoint when the log has grown, and with `tables` a vacuum of each table that is due. Throws what the store throws. */
export async function lookAfter(connection: Connection, { tables }: { tables: boolean }): Promise<Seen> {
  const { rows } = await connection.query<{ bytes: string; halted: boolean }>(
    `select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), redo_lsn) as bytes,
       current_setting('default_transaction_read_only') = 'on' as halted from pg_control_checkpoint()`,
  )
  // The front halts writing where the volume has no room: vacuum writes log in spite of that, and a log without room ends the backend.
  const halted = rows[0]?.halted === true
  const checkpoint = Number(rows[0]?.bytes ?? 0) > (halted ? SEGMENT_BYTES : LOG_BYTES)
  if (checkpoint) await connection.query('checkpoint', [], { timeoutMs: VACUUM_MS })
  const vacuumed: string[] = []
  if (tables && !halted) {
    const due = await connection.query<{ schema: string; table: string }>(DUE)
    for (const { schema, table } of due.rows) {
      try {
        await connection.query(`vacuum (analyze) ${quoteIdentifier(schema)}.${quoteIdentifier(table)}`, [], {
          timeoutMs: VACUUM_MS,
        })
        vacuumed.push(`${schema}.${table}`)
      } catch (error) {
        // dropped meanwhile: tables of loads come and go
        if (PipelineError.from(error).code !== 'SQL_42P01') throw error
      }
    }
  }
  return { checkpoint, vacuumed }
}

/** Looks after an embedded database for as long as it is not stopped. Holds no process alive. */
export class Upkeep {
  readonly #target: PostgresTarget
  readonly #isUp: () => boolean
  readonly #timer: NodeJS.Timeout
  #looks = 0
  #looking: Promise<void> | undefined
  #failed = 0

  constructor(target: PostgresTarget, isUp: () => boolean) {
    this.#target = target
    this.#isUp = isUp
    this.#timer = setInterval(() => {
      if (this.#isUp()) this.#looking ??= this.#look().finally(() => (this.#looking = undefined))
    }, LOOK_MS).unref()
  }

  /** Ends it, after the statement at work. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#looking
  }

  async #look(): Promise<void> {
    this.#looks += 1
    try {
      const connection = await openConnection(this.#target)
      try {
        await lookAfter(connection, { tables: this.#looks % TABLES_EVERY === 0 })
      } finally {
        await connection.close()
      }
      this.#failed = 0
    } catch (thrown) {
      // The next look tries again; a database that is away or full says so to those who work with it.
      this.#failed += 1
      if (this.#failed !== 30) return
      const { code, message } = PipelineError.from(thrown)
      process.emitWarning(`The embedded PostgreSQL could not be looked after for 5 minutes. ${code}: ${message}`)
    }
  }
}
