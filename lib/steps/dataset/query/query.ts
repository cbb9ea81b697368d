import { randomBytes } from 'node:crypto'
import { PipelineError } from '../../../errors.ts'
import { worstTier } from '../../../runs/fallback.ts'
import type { Json } from '../../../stores/cache/port.ts'
import { type Queryable, quoteIdentifier as q, type Row } from '../../../stores/postgres/port.ts'
import { preparing } from '../../../stores/postgres/prepare.ts'
import { defineStep, type Step, type StepContext } from '../../step.ts'
import { ageOf } from '../last-good.ts'
import { datasetMigrations } from '../load/migrations.ts'
import { currentParts, type Version } from '../load/registry.ts'
import { type QueryColumn, readCondition, whereClause } from './conditions.ts'
import {
  type QueryConfig,
  QueryConfigSchema,
  type QueryInput,
  QueryInputSchema,
  type QueryOutput,
  QueryOutputSchema,
} from './schema.ts'

/** Rows on their way, with where they stand among the others. */
export interface Batch {
  rows: Record<string, Json>[]
  /** From 0. */
  index: number
  last: boolean
}

/** Takes a batch; the next one is read when this resolves. */
export type TakeBatch = (batch: Batch, signal: AbortSignal) => Promise<void>

type QueryStep = Step<typeof QueryConfigSchema, typeof QueryInputSchema, typeof QueryOutputSchema>

const prepared = preparing(datasetMigrations)
/** Sorting and writing down a large result takes its time. */
const declareMs = 600_000

/**
 * The step `dataset-query` with whoever takes its batches. The result is fixed when it begins: a version that is published meanwhile
 * does not show. It is read by a cursor that holds neither a lock nor a transaction, one batch ahead, so that memory stays flat. Throws
 * UNKNOWN_DATASET, NO_COPY, QUERY_COLUMN, QUERY_CONDITION, QUERY_VALUE, QUERY_CURSOR, and what `take` throws.
 */
export function datasetQuery(take: TakeBatch): QueryStep {
  return defineStep({
    name: 'dataset-query',
    version: 1,
    config: QueryConfigSchema,
    input: QueryInputSchema,
    output: QueryOutputSchema,
    run: (input, config, context) => runQuery(input, config, context, take),
  })
}

async function runQuery(
  input: QueryInput,
  config: QueryConfig,
  context: StepContext<QueryOutput>,
  take: TakeBatch,
): Promise<QueryOutput> {
  const began = performance.now()
  const { stores, signal } = context
  const dataset = input.dataset || config.dataset
  if (dataset === '') throw new PipelineError('UNKNOWN_DATASET', 'Neither the node nor payload.dataset names a dataset')
  const limit = input.limit ?? config.limit
  await prepared(stores.postgres)
  const cursor = `ysh_query_${randomBytes(8).toString('hex')}`
  const connection = await stores.postgres.connect()
  let open = false
  try {
    const { parts, columns } = await connection.transaction(async (tx) => {
      await tx.query('set transaction isolation level repeatable read')
      const found = await described(tx, dataset)
      const values: unknown[] = []
      const select = selectOf(dataset, found.columns, input, config, values)
      // One row more than asked for tells whether the limit cut any off.
      const sql = `declare ${cursor} no scroll cursor with hold for ${select} limit $${values.push(limit + 1)}::int8`
      await tx.query(sql, values, { timeoutMs: declareMs })
      return found
    })
    open = true
    const types = new Map(columns.map((column) => [column.name, column.type]))
    const fetch = async (count: number) => {
      signal.throwIfAborted()
      const { rows } = await connection.query(`fetch forward ${count} from ${cursor}`).catch((thrown: unknown) => {
        throw cursorError(thrown)
      })
      return rows.map((row) => plain(row, types, config.numbers))
    }
    let sent = 0
    let index = 0
    let ahead = await fetch(config.batch + 1)
    let cut = false
    for (;;) {
      const rows = ahead.slice(0, Math.min(config.batch, limit - sent))
      const rest = ahead.slice(rows.length)
      cut = sent + rows.length >= limit && rest.length > 0
      const last = cut || rest.length === 0
      if (rows.length > 0) {
        await take({ rows, index, last }, signal)
        sent += rows.length
        index += 1
        context.progress({ phase: 'rows', done: sent, unit: 'rows' })
      }
      if (last) break
      ahead = [...rest, ...(await fetch(config.batch))]
    }
    const ages = parts.map((part) => ageOf(part, context))
    return {
      ...{ dataset, rows: sent, batches: index, cut },
      version: Math.max(...parts.map(({ version }) => version)),
      publishedAt: parts.map(({ publishedAt }) => publishedAt).sort()[0] ?? '',
      ageSeconds: Math.max(...ages),
      tier: worstTier(parts.map(({ source }) => source.tier)) ?? 'primary',
      attribution: parts[0]?.contract.attribution ?? '',
      seconds: (performance.now() - began) / 1_000,
    }
  } finally {
    // the embedded store has one session for all: there it would stay
    if (open) await connection.query(`close ${cursor}`).catch(() => undefined)
    await connection.close()
  }
}

/** What is served of the dataset, and the columns of its view. */
async function described(tx: Queryable, dataset: string): Promise<{ parts: Version[]; columns: QueryColumn[] }> {
  const parts = await currentParts(tx, dataset)
  if (parts.length === 0) {
    throw new PipelineError('NO_COPY', `No version of ${dataset} is held here: fetch it first, or look at its name`)
  }
  const { rows } = await tx.query<{ name: string; type: string }>(
    `select attname as name, atttypid::regtype::text as type from pg_attribute
     where attrelid = to_regclass($1) and attnum > 0 and not attisdropped order by attnum`,
    [viewOf(dataset)],
  )
  const declared = new Map(
    parts.flatMap(({ contract }) => contract.columns.map(({ name, type }) => [name, type] as const)),
  )
  return { parts, columns: rows.map(({ name, type }) => ({ name, type: declared.get(name) ?? typeOf(type) })) }
}

function typeOf(sql: string): QueryColumn['type'] {
  if (/^(bigint|integer|smallint)$/.test(sql)) return 'integer'
  if (/^(numeric|double precision)/.test(sql)) return 'decimal'
  if (sql === 'date') return 'date'
  return sql.startsWith('timestamp') ? 'timestamp' : 'text'
}

function selectOf(
  dataset: string,
  columns: readonly QueryColumn[],
  input: QueryInput,
  config: QueryConfig,
  values: unknown[],
): string {
  const column = (name: string): QueryColumn => {
    const found = columns.find((each) => each.name === name)
    if (found !== undefined) return found
    const names = columns.map((each) => each.name).join(', ')
    throw new PipelineError('QUERY_COLUMN', `${dataset} has no column ${name}; it has ${names}`)
  }
  const chosen = input.columns ?? config.columns
  const list = (chosen.length === 0 ? columns : chosen.map(column)).map(({ name }) => q(name))
  const conditions = [...config.where.map(readCondition), ...(input.where ?? [])]
  const where = whereClause(conditions, column, values)
  const order = (input.order ?? config.order).map((each) => {
    const down = each.startsWith('-')
    return `${q(column(down ? each.slice(1) : each).name)} ${down ? 'desc' : 'asc'}`
  })
  return `select ${list.join(', ')} from ${viewOf(dataset)}${where}${order.length === 0 ? '' : ` order by ${order.join(', ')}`}`
}

function viewOf(dataset: string): string {
  const [schema = '', view = ''] = dataset.split('.')
  return `${q(schema)}.${q(view)}`
}

/** A row as JSON. Whole numbers too large for a number stay text. */
function plain(
  row: Row,
  types: ReadonlyMap<string, QueryColumn['type']>,
  numbers: QueryConfig['numbers'],
): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]): [string, Json] => {
      if (value === null || value === undefined) return [name, null]
      if (value instanceof Date) return [name, value.toISOString()]
      const type = types.get(name)
      if (numbers === 'number' && typeof value === 'string' && (type === 'integer' || type === 'decimal')) {
        const number = Number(value)
        return [name, type === 'decimal' || Number.isSafeInteger(number) ? number : value]
      }
      return [name, typeof value === 'number' || typeof value === 'boolean' ? value : String(value)]
    }),
  )
}

/** A pooler that shares sessions loses cursors. */
function cursorError(thrown: unknown): PipelineError {
  const error = PipelineError.from(thrown)
  if (error.code !== 'SQL_34000') return error
  return new PipelineError('QUERY_CURSOR', 'The database lost the query’s cursor: a pooler must keep sessions apart', {
    cause: error,
  })
}
