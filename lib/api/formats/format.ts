import type { DescribedColumn } from '../../steps/dataset/read/port.ts'
import type { Json } from '../../stores/cache/port.ts'
import { Negotiator } from '../../vendor/negotiator.ts'
import { csv } from './csv.ts'
import { ndjson } from './ndjson.ts'
import { parquet } from './parquet.ts'

/** Rows on their way. */
export type Rows = AsyncIterable<{ rows: readonly Record<string, Json>[] }>

/** A way to write all rows of a selection down. */
export interface RowFormat {
  /** As `?format=` has it. */
  name: string
  type: string
  /** How it wants numbers; left out, as the caller says. */
  numbers?: 'text'
  /** Writes what comes, batch by batch, and keeps at most one batch. */
  write(columns: readonly DescribedColumn[], rows: Rows): AsyncIterable<string | Uint8Array>
}

/** The formats that stream. */
export const rowFormats: readonly RowFormat[] = [csv, ndjson, parquet]
/** What `?format=` takes. */
export const formatNames = ['json', 'csv', 'ndjson', 'parquet'] as const

const json = 'application/json'
const available = [json, ...rowFormats.map(({ type }) => type)]
/** Other names that are in use for the same. */
const aliases = new Map([
  ['application/ndjson', 'application/x-ndjson'],
  ['application/jsonl', 'application/x-ndjson'],
  ['application/parquet', 'application/vnd.apache.parquet'],
  ['application/x-parquet', 'application/vnd.apache.parquet'],
])

/**
 * The format that is asked for: `name` if it is given, else by Accept. `json` is a page; undefined stands for none that there is.
 */
export function formatFor(accept: string | undefined, name?: string): RowFormat | 'json' | undefined {
  if (name === 'json') return 'json'
  if (name !== undefined) return rowFormats.find((format) => format.name === name)
  if (accept === undefined || accept === '*/*') return 'json'
  const chosen = new Negotiator({ headers: { accept } }).mediaType([...available, ...aliases.keys()])
  if (chosen === json) return 'json'
  const type = aliases.get(chosen ?? '') ?? chosen
  return rowFormats.find((format) => format.type === type)
}

/** In words, for 406. */
export const formatsThereAre = available.join(', ')
