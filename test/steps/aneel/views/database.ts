import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { PGlite } from '@electric-sql/pglite'
import { parse } from 'csv-parse/sync'
import pg from 'pg'
import { contracts } from '../../../../build/docs-datasets.ts'
import type { AneelContract } from '../../../../lib/steps/aneel/contract.ts'
import { startPostgres } from '../../../helpers/postgres-server.ts'
import { samplePath } from '../samples.ts'

/** One session of a real PostgreSQL, whichever it is. */
export interface Database {
  /** Runs one statement with bound values. */
  run(sql: string, values?: unknown[]): Promise<void>
  /** Runs a script of several statements. */
  script(sql: string): Promise<void>
  /** The rows of a query as JSON: numbers are numbers, dates are YYYY-MM-DD. */
  rows(sql: string, values?: unknown[]): Promise<Record<string, unknown>[]>
  close(): Promise<void>
}

/** What a cell of a test's row may be. */
export type Cell = string | number | null

interface Client {
  query(sql: string, values?: unknown[]): Promise<{ rows: unknown[] }>
}

function record(value: unknown): Record<string, unknown> {
  assert.ok(typeof value === 'object' && value !== null)
  return Object.fromEntries(Object.entries(value))
}

function database(client: Client, script: (sql: string) => Promise<unknown>, close: () => Promise<void>): Database {
  return {
    async run(sql, values) {
      await client.query(sql, values)
    },
    async script(sql) {
      await script(sql)
    },
    async rows(sql, values) {
      const result = await client.query(`select to_jsonb(q)::text as line from (${sql}) q`, values)
      return result.rows.map((row) => {
        const { line } = record(row)
        assert.ok(typeof line === 'string')
        const parsed: unknown = JSON.parse(line)
        return record(parsed)
      })
    },
    close,
  }
}

/** A database of its own on a PostgreSQL server. */
export async function openServer(): Promise<Database> {
  const server = await startPostgres()
  const client = new pg.Client({ connectionString: server.url })
  await client.connect()
  return database(
    { query: (sql, values) => client.query(sql, values) },
    (sql) => client.query(sql),
    async () => {
      await client.end()
      await server.stop()
    },
  )
}

/** PGlite in this process's memory. */
export async function openEmbedded(): Promise<Database> {
  const pglite = await PGlite.create()
  return database(
    { query: (sql, values) => pglite.query(sql, values) },
    (sql) => pglite.exec(sql),
    () => pglite.close(),
  )
}

const TYPES = {
  text: 'text',
  cnpj: 'text',
  integer: 'bigint',
  decimal: 'numeric',
  date: 'date',
  month: 'date',
  timestamp: 'timestamp',
} as const

/** Makes what readers see of a dataset: its stored columns under their contract's names and types, and `parte` where it has parts. */
export async function createDataset(db: Database, dataset: string): Promise<void> {
  const contract = contractOf(dataset)
  const columns = contract.columns
    .filter((column) => !column.personal && !(column.volatile && column.name !== 'dat_geracao_conjunto_dados'))
    .map((column) => `${column.name} ${TYPES[column.type]}`)
  if (contract.resource.file.includes('(?<part>')) columns.push('parte text')
  await db.run(`create table ${dataset} (${columns.join(', ')})`)
}

/** The contract of a dataset. */
export function contractOf(dataset: string): AneelContract {
  const contract = contracts().find((candidate) => candidate.dataset === dataset)
  assert.ok(contract, dataset)
  return contract
}

/** Puts rows into a dataset; columns that a row does not name are null. */
export async function insert(db: Database, dataset: string, rows: Record<string, Cell>[]): Promise<void> {
  for (const row of rows) {
    const names = Object.keys(row)
    const places = names.map((_, index) => `$${index + 1}`)
    await db.run(`insert into ${dataset} (${names.join(', ')}) values (${places.join(', ')})`, Object.values(row))
  }
}

/** Runs `work` in a transaction that is always rolled back, so that tests do not see each other's rows. */
export async function apart(db: Database, work: () => Promise<void>): Promise<void> {
  await db.run('begin')
  try {
    await work()
  } finally {
    await db.run('rollback')
  }
}

/**
 * Makes `now()` another instant until the transaction ends: a schema before pg_catalog has a function of that name. The
 * views' functions are bound late, so they meet it as they would meet the real one.
 */
export async function at(db: Database, instant: string): Promise<void> {
  await db.run('create schema if not exists outra_hora')
  await db.run(
    `create or replace function outra_hora.now() returns timestamptz language sql stable as $$ select timestamptz '${instant}' $$`,
  )
  await db.run('set local search_path = outra_hora, pg_catalog, public')
}

const folder = new URL('../../../../lib/steps/dataset/views/', import.meta.url)

/** The SQL files, in the order of their names, with what they say of themselves. */
export function viewFiles(): { name: string; sql: string; requires: string[] }[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => {
      const sql = readFileSync(new URL(name, folder), 'utf8')
      const requires = /^-- requires: (.+)$/m.exec(sql)?.[1]?.split(', ') ?? []
      return { name, sql, requires }
    })
}

/** Puts a sample of the portal (UTF-8, decimal comma) into its dataset. */
export async function insertSample(db: Database, dataset: string, file: string): Promise<void> {
  const contract = contractOf(dataset)
  const lines: Record<string, string>[] = parse(readFileSync(samplePath(file)), { delimiter: ';', columns: true })
  await insert(
    db,
    dataset,
    lines.map((line) =>
      Object.fromEntries(
        contract.columns
          .filter((column) => column.source in line)
          .map((column) => {
            const text = line[column.source]?.trim() ?? ''
            return [column.name, text === '' ? null : column.type === 'decimal' ? text.replace(',', '.') : text]
          }),
      ),
    ),
  )
}
