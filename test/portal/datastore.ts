import type { Json } from './ckan.ts'
import type { Holding } from './files/holding.ts'
import type { ColumnType } from './generate/index.ts'

/** The arguments of `datastore_search` after their types are known. */
export interface Search {
  resourceId: string
  limit: number
  offset: number
  filters: Readonly<Record<string, readonly string[]>>
  q: string | undefined
  fields: readonly string[] | undefined
  sort: readonly { field: string; descending: boolean }[]
  includeTotal: boolean
  format: 'objects' | 'lists' | 'csv'
}

/** CKAN's `ckan.datastore.search.rows_max`: a larger limit is clamped without a word. */
export const ROWS_MAX = 32_000
/** CKAN's `ckan.datastore.search.rows_default`. */
export const ROWS_DEFAULT = 100

/** What a search found. */
export interface Found {
  fields: { id: string; type: string }[]
  records: Record<string, Json>[]
  total: number
}

/**
 * How the loader stored a column. Nearly everything is text as in the file, trimmed; the continuity files are older
 * loads with a number for the CNPJ and moments for dates, and the technical file has integers.
 */
function stored(holding: Holding, type: ColumnType): { type: string; value: (text: string) => Json } {
  const { dataset } = holding
  const old = dataset === 'dec_fec' || dataset === 'dec_fec_limites'
  if (old && type === 'cnpj') return { type: 'numeric', value: (text) => (text === '' ? null : Number(text)) }
  if (old && type === 'date')
    return { type: 'timestamp', value: (text) => (text === '' ? null : `${text}T00:00:00.000`) }
  if (dataset === 'gd_fotovoltaica' && type === 'date') {
    return { type: 'timestamp', value: (text) => (text === '' ? null : `${text}T00:00:00`) }
  }
  if (dataset === 'gd_fotovoltaica' && type === 'integer') {
    return { type: 'int4', value: (text) => (text === '' ? null : Number(text)) }
  }
  // The loader read cp1252 as Latin-1, so a dash became the control character of its byte.
  if (dataset === 'tarifas') return { type: 'text', value: (text) => text.trim().replaceAll('–', '\u0096') }
  return { type: 'text', value: (text) => text.replaceAll('\0', '').trim() }
}

/** Whether a partial datastore has a row: old years only, or all distributors but one. */
function loaded(holding: Holding, record: Readonly<Record<string, Json>>, row: number): boolean {
  if (holding.resource.datastore === 'whole') return true
  if (holding.dataset === 'dec_fec') return Number(record.AnoIndice) <= 2025
  if (holding.dataset === 'componentes_tarifarias') return record.SigNomeAgente !== 'CPFL-PIRATINING'
  return row % 3 !== 2
}

/** The records of a resource's datastore as the loader stored them, with `_id` from 1. */
export function* records(holding: Holding, publication: number): Generator<Record<string, Json>, void, void> {
  const source = holding.source(publication)
  const columns = source.columns.map(({ type }) => stored(holding, type))
  // A file that is itself a datastore dump has its own `_id`.
  const own = source.header[0] === '_id'
  let id = 0
  let row = -1
  for (const cells of source.rows) {
    row++
    const record: Record<string, Json> = { _id: 0 }
    for (let i = own ? 1 : 0; i < source.header.length; i++) {
      record[source.header[i] ?? ''] = columns[i]?.value(cells[i] ?? '') ?? null
    }
    if (!loaded(holding, record, row)) continue
    id++
    record._id = own ? Number(cells[0]) : id
    yield record
  }
}

/** The fields of a resource's datastore. */
export function fieldsOf(holding: Holding, publication: number): { id: string; type: string }[] {
  const { header, columns } = holding.source(publication)
  const fields = header.map((id, index) => ({ id, type: stored(holding, columns[index]?.type ?? 'text').type }))
  return [{ id: '_id', type: 'int' }, ...fields.filter(({ id }) => id !== '_id')]
}

/** Runs a search over the rows, letting the event loop turn now and then. */
export async function search(holding: Holding, publication: number, wanted: Search): Promise<Found> {
  const all = fieldsOf(holding, publication)
  const filters = Object.entries(wanted.filters)
  const words = wanted.q?.toLowerCase().split(/\s+/).filter(Boolean) ?? []
  const matching: Record<string, Json>[] = []
  const sorted = wanted.sort.length > 0
  let total = 0
  let seen = 0
  for (const record of records(holding, publication)) {
    if (++seen % 2000 === 0) await new Promise((resolve) => setImmediate(resolve))
    if (!filters.every(([name, values]) => values.includes(String(record[name] ?? '')))) continue
    if (words.length > 0) {
      const text = Object.values(record).join(' ').toLowerCase()
      if (!words.every((word) => text.includes(word))) continue
    }
    total++
    if (sorted || (total > wanted.offset && matching.length < wanted.limit)) matching.push(record)
    else if (!wanted.includeTotal && matching.length >= wanted.limit) break
  }
  if (sorted) matching.sort((a, b) => compare(a, b, wanted.sort))
  const page = sorted ? matching.slice(wanted.offset, wanted.offset + wanted.limit) : matching
  const names = wanted.fields
  const fields = names === undefined ? all : all.filter(({ id }) => names.includes(id))
  const chosen =
    names === undefined
      ? page
      : page.map((record) => Object.fromEntries(names.map((name) => [name, record[name] ?? null])))
  return { fields, records: chosen, total }
}

function compare(a: Record<string, Json>, b: Record<string, Json>, sort: Search['sort']): number {
  for (const { field, descending } of sort) {
    const [x, y] = [a[field], b[field]]
    const order =
      typeof x === 'number' && typeof y === 'number'
        ? x - y
        : String(x) < String(y)
          ? -1
          : Number(String(x) > String(y))
    if (order !== 0) return descending ? -order : order
  }
  return 0
}

/** `/datastore/dump/<id>`: the second dialect. Commas, `_id` first, quotes where needed, CRLF. */
export function* dump(holding: Holding, publication: number, bom: boolean): Generator<string, void, void> {
  const names = fieldsOf(holding, publication).map(({ id }) => id)
  yield `${bom ? '\ufeff' : ''}${names.join(',')}\r\n`
  let text = ''
  for (const record of records(holding, publication)) {
    text += `${names.map((name) => field(record[name] ?? null)).join(',')}\r\n`
    if (text.length > 32_768) {
      yield text
      text = ''
    }
  }
  yield text
}

function field(value: Json): string {
  const text = value === null ? '' : String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
