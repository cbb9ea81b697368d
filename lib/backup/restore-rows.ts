import { PipelineError } from '../errors.ts'
import type { ObjectStore } from '../stores/objects/port.ts'
import { type Connection, type PostgresStore, type Queryable, quoteIdentifier as q } from '../stores/postgres/port.ts'
import { findExtension } from '../stores/vectors/pgvector/extension.ts'
import { readFile } from './files.ts'
import type { Manifest } from './manifest.ts'
import { type Settled, settle } from './settle.ts'
import type { Structure, TableShape } from './shape.ts'
import { copyTarget, nameOf, readStructure } from './structure.ts'

/** How rows are put in. */
export interface RowsOptions {
  /** The highest epoch of what is replaced. */
  epoch: number
  asCopy: boolean
  keepVectors: boolean
  signal: AbortSignal
  progress(rows: number): void
}

/** Waits for locks of others for so long. */
const lockMs = 10_000

/**
 * Makes the tables of a backup with all that hangs on them, and puts its rows in, in one transaction that also drops what was there. Throws
 * BACKUP_DAMAGED, BACKUP_IN_USE, VECTOR_EXTENSION and what the database says.
 */
export async function restoreRows(
  postgres: PostgresStore,
  manifest: Manifest,
  from: ObjectStore,
  options: RowsOptions,
): Promise<{ rows: number; settled: Settled }> {
  const { signal, progress } = options
  const structure = await forTarget(manifest.structure, postgres)
  const connection = await postgres.connect()
  try {
    const done = await connection.transaction(async (tx) => {
      await prepare(tx, postgres.kind)
      await dropAll(tx)
      for (const schema of structure.schemas) await tx.query(`create schema if not exists ${q(schema)}`)
      for (const table of structure.tables) await tx.query(createTable(table))
      const tables = new Map(structure.tables.map((table) => [nameOf(table), table]))
      let rows = 0
      for (const taken of manifest.rows) {
        const table = tables.get(taken.table)
        if (table === undefined) throw new PipelineError('BACKUP_DAMAGED', `Rows of an unknown table: ${taken.table}`)
        const blocks = readFile(from, taken.file, signal, (bytes) =>
          progress(rows + Math.floor((taken.rows * bytes) / Math.max(1, taken.file.bytes))),
        )
        const count = await copyRows(connection, table, blocks, signal)
        if (count !== taken.rows) {
          throw new PipelineError('BACKUP_DAMAGED', `${taken.table} has ${count} rows instead of ${taken.rows}`)
        }
        rows += count
        progress(rows)
      }
      for (const { table, column, value } of manifest.sequences) {
        await tx.query('select setval(pg_get_serial_sequence($1, $2)::regclass, $3::bigint)', [table, column, value])
      }
      for (const text of after(structure)) {
        signal.throwIfAborted()
        await tx.query(text, [], { timeoutMs: 0 })
      }
      await inAnyOrder(tx, [...structure.routines, ...structure.views])
      for (const text of [...structure.tables.flatMap(({ triggers }) => triggers), ...said(structure)])
        await tx.query(text)
      const settled = await settle(tx, manifest, options)
      return { rows, settled }
    })
    // Without it the first plans know nothing of the tables; a restore that is cut short here is whole.
    for (const table of structure.tables) await connection.query(`analyze ${nameOf(table)}`, [], { timeoutMs: 0 })
    return done
  } catch (thrown) {
    const error = PipelineError.from(thrown)
    if (error.code !== 'SQL_55P03') throw error
    throw new PipelineError(
      'BACKUP_IN_USE',
      'Somebody else works on these tables: stop all processes that use the database',
      {
        retryable: true,
        cause: error,
      },
    )
  } finally {
    await connection.close()
  }
}

async function prepare(tx: Queryable, kind: PostgresStore['kind']): Promise<void> {
  await tx.query(`set local search_path = ''`)
  // Bodies may name what comes later.
  await tx.query('set local check_function_bodies = off')
  await tx.query(`set local maintenance_work_mem = '192MB'`)
  if (kind === 'embedded') return
  await tx.query(`set local lock_timeout = ${lockMs}`)
  await tx.query(`set local idle_in_transaction_session_timeout = '10min'`)
}

/** Drops what a pipeline has here. */
async function dropAll(tx: Queryable): Promise<void> {
  const { schemas } = await readStructure(tx)
  for (const schema of schemas) await tx.query(`drop schema ${q(schema)} cascade`)
}

/** The structure as this database can have it: pgvector may lie elsewhere, and the embedded store builds no indexes of vectors. */
async function forTarget(structure: Structure, postgres: PostgresStore): Promise<Structure> {
  const uses = structure.tables.some(({ columns }) => columns.some(({ type }) => /vector|halfvec/.test(type)))
  if (structure.vector === null || !uses) return structure
  const { prefix } = await findExtension(postgres)
  const old = `${q(structure.vector.schema).replace(/^"([a-z_]+)"$/, '$1')}.`
  const here = (text: string) =>
    text.replaceAll(new RegExp(`${escaped(old)}(?=(vector|sparsevec|halfvec))`, 'g'), prefix)
  return {
    ...structure,
    tables: structure.tables.map((table) => ({
      ...table,
      columns: table.columns.map((column) => ({ ...column, type: here(column.type) })),
      indexes: table.indexes
        .filter((text) => postgres.kind === 'server' || !/ USING (hnsw|ivfflat) /.test(text))
        .map((text) => here(text)),
    })),
  }
}

const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** The statement that makes a table, without what is quicker to build over its rows. */
function createTable(table: TableShape): string {
  const columns = table.columns.map(({ name, type, collation, notNull, default: value, identity }) =>
    [
      q(name),
      type,
      collation === null ? '' : `collate ${collation}`,
      value === null ? '' : `default ${value}`,
      identity === '' ? '' : `generated ${identity === 'a' ? 'always' : 'by default'} as identity`,
      notNull ? 'not null' : '',
    ]
      .filter((part) => part !== '')
      .join(' '),
  )
  const options = table.options.length > 0 ? ` with (${table.options.join(', ')})` : ''
  const storage = table.columns.flatMap(({ name, storage: wanted }) =>
    wanted === null ? [] : [`alter column ${q(name)} set storage ${wanted}`],
  )
  return [
    `create ${table.unlogged ? 'unlogged ' : ''}table ${nameOf(table)} (${columns.join(', ')})${options}`,
    ...(storage.length > 0 ? [`alter table ${nameOf(table)} ${storage.join(', ')}`] : []),
  ].join(';\n')
}

async function copyRows(
  connection: Connection,
  table: TableShape,
  blocks: AsyncIterable<Buffer>,
  signal: AbortSignal,
): Promise<number> {
  const sink = await connection.copyIn(copyTarget(table), { freeze: true })
  try {
    let before = Promise.resolve()
    // The database cuts rows itself: blocks need not end where a row does.
    for await (const block of blocks) {
      signal.throwIfAborted()
      await before
      before = sink.write(block)
      before.catch(() => undefined) // awaited by the next turn
    }
    await before
  } catch (error) {
    await sink.fail(PipelineError.from(error).message)
    throw error
  }
  return sink.end()
}

/** What is built over the rows: keys and indexes before what refers to them. */
function after({ tables }: Structure): string[] {
  return [
    ...tables.flatMap(({ keys, indexes }) => [...keys, ...indexes]),
    ...tables.flatMap(({ references }) => references),
  ]
}

function said({ tables, comments }: Structure): string[] {
  const own = tables.flatMap((table) => [
    ...(table.comment === null ? [] : [`comment on table ${nameOf(table)} is ${literal(table.comment)}`]),
    ...table.columns.flatMap(({ name, comment }) =>
      comment === null ? [] : [`comment on column ${nameOf(table)}.${q(name)} is ${literal(comment)}`],
    ),
  ])
  return [...own, ...comments]
}

/** Runs statements that may need one another, in whatever order works. */
async function inAnyOrder(tx: Queryable, statements: readonly string[]): Promise<void> {
  let left = statements
  while (left.length > 0) {
    const failed: string[] = []
    let reason: unknown
    for (const text of left) {
      await tx.query('savepoint one')
      try {
        await tx.query(text)
        await tx.query('release savepoint one')
      } catch (error) {
        await tx.query('rollback to savepoint one')
        failed.push(text)
        reason = error
      }
    }
    if (failed.length === left.length) throw reason
    left = failed
  }
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
