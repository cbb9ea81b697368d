import { createHash } from 'node:crypto'
import { contractFor } from '../../lib/steps/aneel/catalogue.ts'
import { type Queryable, quoteIdentifier } from '../../lib/stores/postgres/port.ts'
import { cleanRows, type DatasetName } from '../../test/portal/generate/index.ts'
import { rowsOf } from '../../test/portal/sizes.ts'
import { type Size, seed } from './size.ts'

/** How many rows, and the sum of their hashes: whatever the order. */
export interface Rows {
  rows: number
  hash: string
}

/** Datasets of which every row is compared. */
export const compared: readonly DatasetName[] = ['tarifas', 'mmgd']

const between = '\u001f'
const nothing = '\\N'
/** Hex digits of a row's hash that are added up. */
const digits = 12

function columnsOf(dataset: DatasetName) {
  const contract = contractFor(`aneel.${dataset}`)
  if (contract === undefined) throw new Error(`no contract of ${dataset}`)
  return contract.columns.filter(({ volatile, personal }) => !volatile && !personal)
}

/** What the store must hold, by a slow and plain reading of the publication that shares nothing with the loader. */
export function expected(dataset: DatasetName, size: Size, day: number): Rows {
  const options = { rows: rowsOf(size.datasets[dataset]), seed, publication: day - 1, columns: columnsOf(dataset) }
  let rows = 0
  let sum = 0n
  for (const row of cleanRows(dataset, options)) {
    rows += 1
    const text = row.map((value) => value ?? nothing).join(between)
    sum += BigInt(`0x${createHash('md5').update(text).digest('hex').slice(0, digits)}`)
  }
  return { rows, hash: sum.toString(16) }
}

/** What the store holds. */
export async function held(store: Queryable, dataset: DatasetName): Promise<Rows> {
  const columns = columnsOf(dataset).map(({ name }) => `coalesce(${quoteIdentifier(name)}::text, '${nothing}')`)
  const { rows } = await store.query<{ rows: number; sum: string }>(
    `select count(*)::int as rows, coalesce(sum(('x' || substr(md5(concat_ws(chr(31), ${columns.join(', ')})), 1, ${digits}))::bit(${digits * 4})::bigint), 0)::text as sum
     from aneel.${dataset}`,
  )
  const [row] = rows
  return { rows: row?.rows ?? 0, hash: BigInt(row?.sum ?? 0).toString(16) }
}

/** Chunks that readers of the index see. */
export async function chunks(store: Queryable): Promise<number> {
  const { rows } = await store.query<{ chunks: number }>(
    'select coalesce(sum(cardinality(points)), 0)::int as chunks from pipeline.vector_document where until is null',
  )
  return rows[0]?.chunks ?? 0
}
