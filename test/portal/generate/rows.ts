import * as calendar from './calendar.ts'
import { type DatasetName, tableOf } from './datasets.ts'
import { DAILY, Plan, type Shares } from './publication.ts'
import { mix, seedOf } from './random.ts'
import type { Context, Table, TableColumn } from './table.ts'

/** Which file to make. */
export interface FileOptions {
  /** Rows of publication 0. Hand-made tables (flags, indicator names) have their own number. */
  rows: number
  /** Default 1. */
  seed?: number | undefined
  /** 0, 1, 2…: each a day later, differing from the one before by `shares`. Default 0. */
  publication?: number | undefined
  /** A year or decade for datasets in parts; `diario` or `mensal` for SIGA. Default: the newest. */
  part?: string | undefined
  /** The day of publication 0, `YYYY-MM-DD`. Default {@link FIRST_DAY}. */
  today?: string | undefined
  /** Default {@link DAILY}. */
  shares?: Shares | undefined
  /** Rows that repeat the natural key of another one. Default: the dataset's rate in the real file. */
  repeats?: number | undefined
}

/** The day of publication 0 when nothing is said: the next one already has the flag of the month after. */
export const FIRST_DAY = '2026-09-24'

interface File {
  table: Table
  context: Context
  plan: Plan
  publication: number
}

function open(dataset: DatasetName, options: FileOptions): File {
  const table = tableOf(dataset)
  const today = calendar.dayOf(options.today ?? FIRST_DAY)
  const part = options.part ?? table.parts(today)[0] ?? ''
  // SIGA's monthly twin is stale: of the first of the month, the last plants missing, and never published anew.
  const stale = part === 'mensal'
  const rows = stale ? Math.floor(options.rows * 0.97) : options.rows
  const publication = stale ? 0 : (options.publication ?? 0)
  const { year, month } = calendar.parts(today)
  const published = stale ? calendar.day(year, month, 1) : today + publication
  const seed = mix((options.seed ?? 1) ^ seedOf(table.family ?? dataset + part))
  const plan = new Plan(
    rows,
    options.repeats ?? table.repeats(rows),
    table.untouched ?? 0,
    options.shares ?? DAILY,
    seed,
  )
  if (table.whole === undefined && publication > plan.last) {
    throw new RangeError(`${dataset} of ${rows} rows has ${plan.last} publications after the first, not ${publication}`)
  }
  const context = { seed, part, rows, today, published, generated: calendar.iso(published) }
  return { table, context, plan, publication }
}

/** The header, in file order. */
export function header(dataset: DatasetName): readonly string[] {
  return tableOf(dataset).columns.map((column) => column.source)
}

/** The columns with their types, in file order. */
export function columnsOf(dataset: DatasetName): readonly TableColumn[] {
  return tableOf(dataset).columns
}

/** The parts a dataset has by default, newest first; `['']` for one in a single file. */
export function partsOf(dataset: DatasetName, today: string = FIRST_DAY): readonly string[] {
  return tableOf(dataset).parts(calendar.dayOf(today))
}

/** The day a publication is of, `YYYY-MM-DD`: the value of the first column. */
export function publicationDay(dataset: DatasetName, options: FileOptions): string {
  return open(dataset, options).context.generated
}

/** How many rows the file has. */
export function countRows(dataset: DatasetName, options: FileOptions): number {
  const { table, context, plan, publication } = open(dataset, options)
  return table.whole?.(context).length ?? plan.rows(publication)
}

/** The rows of a file, in file order, as the portal's texts. Constant memory; each row is a new array. */
export function* rows(dataset: DatasetName, options: FileOptions): Generator<readonly string[], void, void> {
  const { table, context, plan, publication } = open(dataset, options)
  if (table.whole !== undefined) {
    yield* table.whole(context)
    return
  }
  const maker = table.open(context)
  for (let i = 0; i < plan.originals; i++) {
    const { fate } = plan.fate(i, publication)
    if (fate === 'vanished') continue
    yield maker.row(i, fate === 'changed' ? 1 : 0)
    const ordinal = plan.repeatOf(i)
    if (ordinal >= 0 && maker.repeat !== undefined) yield maker.repeat(i, ordinal)
  }
  const added = publication * plan.added
  for (let i = 0; i < added; i++) yield maker.row(plan.originals + i, 0)
}

/** What a reader of publication `to` must find against publication `from`. */
export interface Difference {
  added: number
  changed: number
  vanished: number
  /** Rows that differ in nothing but `DatGeracaoConjuntoDados`. */
  equal: number
}

/**
 * The exact difference between two publications of a file (`options.publication` is ignored). Repeated keys count as a
 * row each, numbered in file order.
 */
export function difference(dataset: DatasetName, options: FileOptions, from: number, to: number): Difference {
  const older = open(dataset, { ...options, publication: from })
  const newer = open(dataset, { ...options, publication: to })
  if (older.table.whole !== undefined) return handMade(older, newer)
  const steps = newer.publication - older.publication
  const { plan } = newer
  const added = (steps > 0 ? plan.added : plan.vanished) * Math.abs(steps)
  const vanished = (steps > 0 ? plan.vanished : plan.added) * Math.abs(steps)
  const changed = plan.changed * Math.abs(steps)
  return { added, changed, vanished, equal: plan.rows(older.publication) - changed - vanished }
}

function handMade(older: File, newer: File): Difference {
  const { columns, key } = newer.table
  const positions = key.map((name) => columns.findIndex((column) => column.source === name))
  const byKey = (file: File) =>
    new Map(
      (file.table.whole?.(file.context) ?? []).map((row) => [
        positions.map((position) => row[position]).join('\u0001'),
        row.slice(1).join('\u0001'),
      ]),
    )
  const before = byKey(older)
  const after = byKey(newer)
  const result = { added: 0, changed: 0, vanished: 0, equal: 0 }
  for (const [id, row] of after) {
    const old = before.get(id)
    if (old === undefined) result.added++
    else if (old === row) result.equal++
    else result.changed++
  }
  for (const id of before.keys()) if (!after.has(id)) result.vanished++
  return result
}

/** One row that differs between two publications. */
export interface Change {
  kind: 'new' | 'changed' | 'vanished'
  before?: readonly string[]
  after?: readonly string[]
}

/** The rows that differ between publications `from` < `to`, of a dataset that is not hand-made, in file order. */
export function* changes(
  dataset: DatasetName,
  options: FileOptions,
  from: number,
  to: number,
): Generator<Change, void, void> {
  const older = open(dataset, { ...options, publication: from })
  const newer = open(dataset, { ...options, publication: to })
  const { plan, table } = newer
  const first = table.open(older.context)
  const second = table.open(newer.context)
  for (let i = 0; i < plan.originals; i++) {
    const { fate, since } = plan.fate(i, newer.publication)
    if (fate === 'kept' || since <= older.publication) continue
    if (fate === 'vanished') yield { kind: 'vanished', before: first.row(i, 0) }
    else yield { kind: 'changed', before: first.row(i, 0), after: second.row(i, 1) }
  }
  for (let i = older.publication * plan.added; i < newer.publication * plan.added; i++) {
    yield { kind: 'new', after: second.row(plan.originals + i, 0) }
  }
}
