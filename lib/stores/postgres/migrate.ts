import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { PipelineError } from '../../errors.ts'
import type { PostgresStore, Queryable } from './port.ts'

/** One numbered change of the tables of one component. Never edited once published: add another. */
export interface Migration {
  /** Whose tables these are: `runs`, `datasets`, `cache`. */
  component: string
  /** Counts up from 1 within the component. */
  id: number
  name: string
  /** One or more statements; no `begin`, no `concurrently`, nothing that depends on the session. */
  sql: string
}

/** Building an index over a big table is slow; waiting for another process's migration too. */
const TIMEOUT_MS = 600_000
const TRIES = 5
// Who makes the same schema or table outside this lock can still be first: trying again finds it made.
const RACES = new Set(['SQL_23505', 'SQL_42P06', 'SQL_42P07', 'SQL_40001', 'SQL_40P01'])
const LOCK = createHash('sha256').update('pipeline.migration').digest().readBigInt64BE(0)

/**
 * Brings the database up to date: runs, in one transaction, those migrations it has not seen, in the order of the list
 * (within a component by id). Any number of processes may call it at once. Resolves with what was applied. Throws
 * MIGRATION_MISMATCH when an applied id has another name, or the list has an id twice; MIGRATION_NEWER when a newer version was here.
 */
export async function migrate(store: PostgresStore, migrations: readonly Migration[]): Promise<Migration[]> {
  check(migrations)
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await store.transaction((tx) => apply(tx, migrations))
    } catch (error) {
      if (!(error instanceof PipelineError) || !RACES.has(error.code) || attempt === TRIES) throw error
      await sleep(50 * attempt)
    }
  }
}

async function apply(tx: Queryable, migrations: readonly Migration[]): Promise<Migration[]> {
  await tx.query('select pg_advisory_xact_lock($1)', [LOCK.toString()], { timeoutMs: TIMEOUT_MS })
  await tx.query(`
    create schema if not exists pipeline;
    create table if not exists pipeline.migration (
      component text not null,
      id integer not null,
      name text not null,
      applied_at timestamptz not null default clock_timestamp(),
      primary key (component, id)
    )`)
  const { rows } = await tx.query<{ component: string; id: number; name: string }>(
    'select component, id, name from pipeline.migration',
  )
  demandNoNewer(rows, migrations)
  const applied = new Map(rows.map((row) => [key(row), row.name]))
  const done: Migration[] = []
  for (const migration of migrations) {
    const name = applied.get(key(migration))
    if (name === migration.name) continue
    if (name !== undefined) {
      throw mismatch(`${key(migration)} is "${name}" in the database and "${migration.name}" here`)
    }
    await tx.query(migration.sql, [], { timeoutMs: TIMEOUT_MS })
    await tx.query('insert into pipeline.migration (component, id, name) values ($1, $2, $3)', [
      migration.component,
      migration.id,
      migration.name,
    ])
    done.push(migration)
  }
  return done
}

/** An older version would write into tables whose rules it does not know. */
function demandNoNewer(rows: readonly Omit<Migration, 'sql'>[], migrations: readonly Migration[]): void {
  const last = new Map(migrations.map(({ component, id }) => [component, id]))
  const newer = rows.filter(({ component, id }) => id > (last.get(component) ?? Number.POSITIVE_INFINITY))
  if (newer.length === 0) return
  const names = newer.map((row) => `${key(row)} "${row.name}"`).join(', ')
  throw new PipelineError(
    'MIGRATION_NEWER',
    `A newer version of this package has changed the tables (${names}): install that version again, or restore a backup from before the upgrade`,
  )
}

function check(migrations: readonly Migration[]): void {
  const last = new Map<string, number>()
  for (const migration of migrations) {
    const before = last.get(migration.component) ?? 0
    if (migration.id <= before) throw mismatch(`${key(migration)} comes after ${migration.component} ${before}`)
    last.set(migration.component, migration.id)
  }
}

function key(migration: { component: string; id: number }): string {
  return `${migration.component} ${migration.id}`
}

function mismatch(what: string): PipelineError {
  return new PipelineError('MIGRATION_MISMATCH', `Migrations do not fit the database: ${what}`)
}
