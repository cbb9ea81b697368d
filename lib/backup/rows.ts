import { PipelineError } from '../errors.ts'
import type { ObjectStore } from '../stores/objects/port.ts'
import type { Connection, PostgresStore, Queryable } from '../stores/postgres/port.ts'
import { writeFile } from './files.ts'
import type { BackupFile, Manifest } from './manifest.ts'
import type { TableShape } from './shape.ts'
import { columnList, copyTarget, type LiveTable, nameOf, readStructure } from './structure.ts'

/** What is told while rows are copied: those so far, of about how many bytes. */
export type RowProgress = (rows: number) => void

/** All rows of one instant. */
export type TakenRows = Pick<Manifest, 'structure' | 'rows' | 'sequences' | 'migrations' | 'vectors' | 'takenAt'>

/** Nobody misses what they hold: signs of life, loads in progress (whose tables are not taken), what a cache holds. */
const left = new Set(['pipeline.process', 'pipeline.load', 'pipeline.cache', 'pipeline.event_connection'])
/** On the embedded store a larger table is read while others have their turns. */
const usualBigBytes = 8 * 1024 * 1024
/** How often tables that change meanwhile are read anew before everybody has to wait for them. */
const rounds = 3
/** How often a snapshot is taken in which a table was dropped. */
const tries = 3

interface Written {
  rows: number
  /** None where there were no rows. */
  file: BackupFile | undefined
}

interface Copied extends Written {
  /** Transactions from this one on are newer. */
  since: string
  /** What the table was when it was copied: its file and its columns. */
  shape: string
}

/** How rows are taken. */
export interface RowsTaking {
  signal: AbortSignal
  progress: RowProgress
  /** On the embedded store a larger table is read page by page, about half of it at once; 8 MiB. */
  bigBytes?: number
}

/**
 * Copies all rows of a pipeline into a backup, as one instant saw them, while runs go on. A server gives a snapshot. The embedded store has one session for
 * all, so a transaction that lasts holds everybody up: there the large tables are read page by page between the others' turns, and one short
 * transaction proves that they have not changed since and takes the rest. Throws SQL_…, STORE_…, BACKUP_FULL.
 */
export async function takeRows(
  postgres: PostgresStore,
  to: { objects: ObjectStore; folder: string },
  options: RowsTaking,
): Promise<TakenRows> {
  const connection = await postgres.connect()
  try {
    const taking = new Taking(connection, to, options)
    const taken = postgres.kind === 'server' ? await taking.snapshot() : await taking.rounds()
    await taking.tidy(taken)
    return taken
  } finally {
    await connection.close()
  }
}

class Taking {
  readonly #connection: Connection
  readonly #objects: ObjectStore
  readonly #folder: string
  readonly #signal: AbortSignal
  readonly #progress: RowProgress
  readonly #bigBytes: number
  #rows = 0
  #files = 0
  readonly #written: string[] = []

  constructor(
    connection: Connection,
    { objects, folder }: { objects: ObjectStore; folder: string },
    { signal, progress, bigBytes = usualBigBytes }: RowsTaking,
  ) {
    this.#connection = connection
    this.#objects = objects
    this.#folder = folder
    this.#signal = signal
    this.#progress = progress
    this.#bigBytes = bigBytes
  }

  async snapshot(): Promise<TakenRows> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#connection.transaction(async (tx) => {
          await tx.query('set transaction isolation level repeatable read, read only')
          // A slow place for backups makes pauses between two tables.
          await tx.query(`set local idle_in_transaction_session_timeout = '10min'`)
          return this.#takeAll(tx, new Map())
        })
      } catch (error) {
        // The catalogue is of now and the rows are of then: a publication may have dropped a table in between.
        if (!isGone(error) || attempt === tries) throw error
      }
    }
  }

  async rounds(): Promise<TakenRows> {
    const copied = new Map<string, Copied>()
    for (let round = 1; ; round += 1) {
      const missing: LiveTable[] = []
      const taken = await this.#connection.transaction(async (tx) => {
        if (round > rounds) return this.#takeAll(tx, new Map())
        const { live } = await readStructure(tx)
        for (const table of live) {
          if (!this.#isBig(table) || isLeft(table.shape)) continue
          const known = copied.get(table.oid)
          if (known === undefined || !(await isSame(tx, table, known))) missing.push(table)
        }
        return missing.length > 0 ? undefined : this.#takeAll(tx, copied)
      })
      if (taken !== undefined) return taken
      for (const table of missing) {
        const before = copied.get(table.oid)
        if (before !== undefined) this.#rows -= before.rows
        copied.delete(table.oid)
        try {
          copied.set(table.oid, await this.#takePages(table))
        } catch (error) {
          if (!isGone(error)) throw error // dropped meanwhile: the next look does not find it
        }
      }
    }
  }

  /** Everything in the transaction, but what is there already. */
  async #takeAll(tx: Queryable, copied: ReadonlyMap<string, Copied>): Promise<TakenRows> {
    const { live, ...structure } = await readStructure(tx)
    const { rows: now } = await tx.query<{ now: Date }>('select clock_timestamp() as now')
    const rows: Manifest['rows'] = []
    for (const table of live) {
      if (isLeft(table.shape) || (table.bytes === 0 && table.pages === 0)) continue
      const taken = copied.get(table.oid) ?? (await this.#take(table))
      if (taken.file !== undefined) rows.push({ table: nameOf(table.shape), rows: taken.rows, file: taken.file })
    }
    return {
      structure,
      rows,
      sequences: await sequences(tx, structure.tables),
      migrations: await migrations(tx),
      vectors: await vectors(tx),
      takenAt: (now[0]?.now ?? new Date()).toISOString(),
    }
  }

  #isBig(table: LiveTable): boolean {
    return this.#connection.chunkedCopy && table.bytes > this.#bigBytes
  }

  #take(table: LiveTable): Promise<Written> {
    if (this.#isBig(table)) return this.#write(() => this.#pages(table))
    return this.#write(() => this.#count(this.#connection.copyOut(copyTarget(table.shape))))
  }

  async #takePages(table: LiveTable): Promise<Copied> {
    const { rows } = await this.#connection.query<{ since: string }>(
      'select pg_snapshot_xmax(pg_current_snapshot())::text as since',
    )
    return { ...(await this.#take(table)), since: rows[0]?.since ?? '0', shape: shapeOf(table) }
  }

  async *#pages(table: LiveTable): AsyncGenerator<Buffer, void> {
    const step = Math.max(1, Math.floor((this.#bigBytes * table.pages) / (2 * table.bytes)))
    const from = `select ${columnList(table.shape)} from ${nameOf(table.shape)}`
    // Rows that begin behind the last known page came later, and are noticed in the end.
    for (let page = 0; page < table.pages; page += step) {
      const where = `ctid >= '(${page},0)' and ctid < '(${page + step},0)'`
      yield* this.#count(this.#connection.copyOut(`(${from} where ${where})`))
    }
  }

  async #write(source: () => AsyncGenerator<Buffer, void>): Promise<Written> {
    const before = this.#rows
    const blocks = source()
    const first = await blocks.next()
    if (first.done === true) return { rows: 0, file: undefined }
    const all = async function* () {
      yield first.value
      yield* blocks
    }
    this.#files += 1
    const key = `${this.#folder}/rows/${String(this.#files).padStart(4, '0')}.gz`
    try {
      const file = await writeFile(this.#objects, key, all(), this.#signal)
      this.#written.push(file.key)
      return { rows: this.#rows - before, file }
    } finally {
      await blocks.return() // where nothing of it was read, nobody else ends the statement
    }
  }

  /** Removes the files of rows that were read once more. */
  async tidy({ rows }: TakenRows): Promise<void> {
    const named = new Set(rows.map(({ file }) => file.key))
    for (const key of this.#written) if (!named.has(key)) await this.#objects.delete(key)
  }

  async *#count(blocks: AsyncGenerator<Buffer, number>): AsyncGenerator<Buffer, void> {
    this.#signal.throwIfAborted()
    this.#rows += yield* blocks
    this.#progress(this.#rows)
  }
}

const isLeft = (table: TableShape) => table.unlogged || left.has(`${table.schema}.${table.name}`)
const isGone = (thrown: unknown) => thrown instanceof PipelineError && thrown.code === 'SQL_42P01'

const shapeOf = ({ file, shape }: LiveTable) => `${file} ${columnList(shape)}`

/**
 * Whether a table holds exactly the rows that were copied: none is newer than the copy's begin, and there are as many. What was changed or came is newer,
 * and without any such, as many are the same. Rows that moved into another file of the database may have been missed.
 */
async function isSame(tx: Queryable, table: LiveTable, { rows: copied, since, shape }: Copied): Promise<boolean> {
  if (shapeOf(table) !== shape) return false
  const { rows } = await tx.query<{ rows: string; newer: string }>(
    `select count(*) as rows, count(*) filter (where age(xmin) <= age((($1::text)::numeric % 4294967296)::text::xid)) as newer
     from ${nameOf(table.shape)}`,
    [since],
    { timeoutMs: 0 },
  )
  return Number(rows[0]?.rows) === copied && Number(rows[0]?.newer) === 0
}

async function sequences(tx: Queryable, tables: readonly TableShape[]): Promise<Manifest['sequences']> {
  const found: Manifest['sequences'] = []
  for (const table of tables) {
    for (const { name, identity } of table.columns) {
      if (identity === '') continue
      const { rows } = await tx.query<{ sequence: string }>('select pg_get_serial_sequence($1, $2) as sequence', [
        nameOf(table),
        name,
      ])
      const { rows: values } = await tx.query<{ value: string | null }>(
        `select case when is_called then last_value::text end as value from ${rows[0]?.sequence}`,
      )
      const value = values[0]?.value
      if (value != null) found.push({ table: nameOf(table), column: name, value })
    }
  }
  return found
}

async function migrations(tx: Queryable): Promise<Manifest['migrations']> {
  const { rows } = await tx.query<Manifest['migrations'][number]>(
    'select component, id, name from pipeline.migration order by component, id',
  )
  return rows
}

/** A collection that the ledger knows and pgvector's tables do not is in a Qdrant. */
async function vectors(tx: Queryable): Promise<Manifest['vectors']> {
  const { rows: there } = await tx.query<{ ledger: boolean; points: boolean }>(
    `select to_regclass('pipeline.vector_generation') is not null as ledger,
       to_regclass('pipeline_vectors.collection') is not null as points`,
  )
  if (there[0]?.ledger !== true) return 'none'
  const own = there[0].points ? 'exists (select from pipeline_vectors.collection where name = physical)' : 'false'
  const { rows } = await tx.query<{ all: number; elsewhere: number }>(
    `select count(*)::int as all, (count(*) filter (where not ${own}))::int as elsewhere
     from pipeline.vector_generation where state = 'live'`,
  )
  const { all = 0, elsewhere = 0 } = rows[0] ?? {}
  return all === 0 ? 'none' : elsewhere > 0 ? 'elsewhere' : 'rows'
}
