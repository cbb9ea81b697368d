import type { Described, DescribedColumn } from '../../steps/dataset/read/port.ts'
import type { Json } from '../../stores/cache/port.ts'
import { DataLoader } from '../../vendor/graphql.ts'
import type { GraphqlContext } from './context.ts'

/** A way from each row of a dataset to a row of another. */
export interface Link {
  /** Column here whose value is looked for. */
  from: string
  /** Dataset there, and the one column that is its key. */
  to: string
  key: string
  /** Rows there that one value may have: one in each part. */
  perValue: number
}

/** Keys that one statement asks for. */
const batch = 1_000

/**
 * Where a row of `described` leads: to datasets whose key is a single column that one of its columns has the name and the type of, or, for a
 * CNPJ, the type alone: a CNPJ is the same thing in all of them. Datasets whose key may repeat are no aim.
 */
export function linksOf(described: Described, others: readonly Described[]): Link[] {
  return others.flatMap((other): Link[] => {
    const key = singleKey(other)
    if (key === undefined || other.dataset === described.dataset) return []
    return described.columns
      .filter(({ name, type }) => type === key.type && (name === key.name || type === 'cnpj'))
      .map(({ name }) => ({ from: name, to: other.dataset, key: key.name, perValue: Math.max(1, other.parts.length) }))
  })
}

function singleKey({ contract, columns }: Described): DescribedColumn | undefined {
  const [name, ...more] = contract.key
  if (more.length > 0 || contract.repeats !== 'quarantine') return undefined
  return columns.find((column) => column.name === name)
}

/** What is asked of a link: which columns, as of when. */
export interface LinkAsk {
  columns: readonly string[]
  asOf?: string
}

type Row = Record<string, Json>

/**
 * The rows that links lead to, read together: all rows of a page that ask the same of the same link cost one statement. It lasts for one
 * request, so that nobody sees what somebody else was allowed to, and nothing old.
 */
export class LinkedRows {
  readonly #loaders = new Map<string, DataLoader<string, Row | null>>()

  /** The row that a value leads to; null where there is none. */
  load(link: Link, value: string, ask: LinkAsk, context: GraphqlContext): Promise<Row | null> {
    const id = JSON.stringify([link.to, link.key, ask.asOf, ask.columns])
    let loader = this.#loaders.get(id)
    if (loader === undefined) {
      loader = new DataLoader((values: readonly string[]) => find(link, values, ask, context), { maxBatchSize: batch })
      this.#loaders.set(id, loader)
    }
    return loader.load(value)
  }
}

async function find(
  link: Link,
  values: readonly string[],
  { columns, asOf }: LinkAsk,
  context: GraphqlContext,
): Promise<(Row | null)[]> {
  const { rows } = await context.turn(() =>
    context.source.page(
      link.to,
      {
        columns: [...new Set([link.key, ...columns])],
        where: [{ column: link.key, op: 'in', value: [...values] }],
        ...(asOf === undefined ? {} : { asOf }),
      },
      { limit: values.length * link.perValue },
    ),
  )
  const found = new Map<string, Row>()
  for (const row of rows) {
    const key = String(row[link.key])
    // of several parts with the same key the first counts
    if (!found.has(key)) found.set(key, row)
  }
  return values.map((value) => found.get(value) ?? null)
}
