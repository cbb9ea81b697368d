import { PipelineError } from '../../../errors.ts'
import type { Contract } from '../../dataset/contract.ts'
import type { Recipe, RecipePage } from '../recipe-schema.ts'
import { type PageDocument, readDocuments } from './documents.ts'
import { fingerprint, type Layout } from './layout.ts'
import { type PageTable, readPage } from './page.ts'
import { readFields, readProse, textOf } from './prose.ts'
import { type DataRow, readTable } from './table.ts'
import { quote } from './text.ts'
import { Patterns } from './value.ts'

/** What a page gave. */
export interface Extraction {
  title: string
  /** Rows by dataset, in the contract's columns. */
  datasets: Record<string, DataRow[]>
  /** Rows of the page by table or prose of the recipe. */
  counted: Record<string, number>
  documents: PageDocument[]
  layout: Layout
  /** SHA-256 of the layout. */
  fingerprint: string
}

/**
 * Extracts what a recipe asks for. Pure: the same text gives the same rows. Every error is final and says what was found; its
 * `details.found` is for people. See docs/errors.md, "Pages".
 */
export function extract(
  html: string,
  recipe: Recipe,
  page: RecipePage,
  contracts: ReadonlyMap<string, Contract>,
  url: string = page.url,
): Extraction {
  const read = readPage(html, recipe.within)
  const patterns = new Patterns()
  const text = recipe.fields.length === 0 ? '' : textOf(read.blocks)
  const fields = recipe.fields.map(({ dataset, ...field }) => ({
    dataset,
    row: readFields(text, [field], patterns, 'page'),
  }))
  const layout: Layout = { tables: {}, fields: fields.flatMap(({ row }) => Object.keys(row)), prose: {} }
  const rows = new Map<string, DataRow[]>()
  const counted: Record<string, number> = {}
  const add = (dataset: string, more: readonly DataRow[], own: DataRow) => {
    const known = rows.get(dataset) ?? []
    const common: DataRow = Object.assign(
      {},
      ...fields.filter((field) => (field.dataset ?? dataset) === dataset).map(({ row }) => row),
    )
    for (const row of more) known.push({ ...common, ...own, ...page.set, ...row })
    rows.set(dataset, known)
  }
  const taken = new Map<PageTable, string>()
  for (const table of recipe.tables) {
    const reading = readTable(read, table, patterns, taken)
    add(table.dataset, reading.rows, readFields(reading.around, table.fields, patterns, `table ${table.name}`))
    counted[table.name] = reading.counted
    layout.tables[table.name] = reading.layout
  }
  for (const prose of recipe.prose) {
    const reading = readProse(read, prose, patterns)
    add(prose.dataset, reading.rows, {})
    counted[prose.name] = reading.counted
    layout.prose[prose.name] = reading.layout
  }
  return {
    title: read.title,
    datasets: Object.fromEntries([...rows].map(([name, list]) => [name, fitted(list, name, contracts)])),
    counted,
    documents: readDocuments(read, url, recipe, patterns),
    layout,
    fingerprint: fingerprint(layout),
  }
}

/** Rows in the contract's columns only, each key once. Throws ROW_REPEATED, VALUE_MISSING. */
function fitted(rows: readonly DataRow[], dataset: string, contracts: ReadonlyMap<string, Contract>): DataRow[] {
  const contract = contracts.get(dataset)
  if (contract === undefined)
    throw new PipelineError('UNKNOWN_DATASET', `The recipe names the dataset ${dataset}, which has no contract`)
  const seen = new Map<string, DataRow>()
  return rows.map((row) => {
    const fit: DataRow = {}
    for (const { name, notNull } of contract.columns) {
      const value = row[name]
      if (value !== undefined) fit[name] = value
      else if (notNull)
        throw new PipelineError('VALUE_MISSING', `${dataset}: a row of the page has no ${name}`, { details: { row } })
    }
    const key = JSON.stringify(contract.key.map((name) => fit[name] ?? null))
    const other = contract.key.length === 0 ? undefined : seen.get(key)
    if (other !== undefined) {
      throw new PipelineError(
        'ROW_REPEATED',
        `${dataset}: the page says two things of ${quote(
          contract.key
            .map((name) => fit[name] ?? '')
            .filter(Boolean)
            .join(', '),
          200,
        )}`,
        {
          details: { rows: [other, fit] },
        },
      )
    }
    seen.set(key, fit)
    return fit
  })
}
