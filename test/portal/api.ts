import { type Json, packageJson, resourceJson } from './ckan.ts'
import { fieldsOf, ROWS_DEFAULT, ROWS_MAX, type Search, search } from './datastore.ts'
import type { Library } from './library.ts'

/** The arguments of an action: strings from a query, anything JSON from a body. */
export type Arguments = Readonly<Record<string, Json>>

/** An answer of the API before its envelope. */
export type Answer =
  | { status: 200; result: Json }
  | { status: 404 | 409; error: Readonly<Record<string, Json>> }
  /** A bare JSON string, which is what CKAN answers to what it does not understand. */
  | { status: 400; text: string }

/** Who asks: the address spoken to, and the path with its query, which the links repeat. */
export interface Caller {
  base: string
  url: string
}

const notFound = (message = 'Not found'): Answer => ({ status: 404, error: { __type: 'Not Found Error', message } })
const invalid = (errors: Record<string, Json>): Answer => ({
  status: 409,
  error: { ...errors, __type: 'Validation Error' },
})

/** Runs an action by name. `datastore_search_sql` is not among them, as on the portal since 2026. */
export async function act(library: Library, action: string, given: Arguments, caller: Caller): Promise<Answer> {
  switch (action) {
    case 'package_show':
      return await packageShow(library, given, caller)
    case 'package_list':
      return { status: 200, result: library.packages.map(({ name }) => name).sort() }
    case 'package_search':
      return await packageSearch(library, given, caller)
    case 'resource_show':
      return await resourceShow(library, given, caller)
    case 'datastore_search':
      return await datastoreSearch(library, given, caller)
    default:
      return { status: 400, text: `Bad request - Action name not known: ${action}` }
  }
}

async function packageShow(library: Library, given: Arguments, { base }: Caller): Promise<Answer> {
  const id = text(given.id) ?? text(given.name_or_id)
  if (id === undefined) return invalid({ id: ['Missing value'] })
  const found = library.package(id)
  return found === undefined ? notFound() : { status: 200, result: await describe(library, found.id, base) }
}

async function describe(library: Library, id: string, base: string): Promise<Json> {
  const entry = library.package(id)
  if (entry === undefined) return null
  const resources: Record<string, Json>[] = []
  for (const holding of library.holdingsOf(entry))
    resources.push(resourceJson(holding, await library.state(holding, base)))
  return packageJson(entry, resources)
}

async function packageSearch(library: Library, given: Arguments, { base }: Caller): Promise<Answer> {
  const start = whole(given.start, 0)
  const wanted = whole(given.rows, 10)
  if (start === undefined || wanted === undefined) return invalid({ rows: ['Must be a natural number'] })
  const words = plain(text(given.q) ?? '')
    .split(/\s+/)
    .filter((word) => word !== '' && word !== '*:*')
  const found = library.packages.filter((entry) => {
    const haystack = plain(`${entry.name} ${entry.title} ${entry.notes} ${entry.tags.join(' ')}`)
    return words.every((word) => haystack.includes(word))
  })
  const results: Json[] = []
  for (const { id } of found.slice(start, start + Math.min(wanted, 1000)))
    results.push(await describe(library, id, base))
  return {
    status: 200,
    result: { count: found.length, facets: {}, results, sort: 'score desc, metadata_modified desc', search_facets: {} },
  }
}

/** Without case and accents, as the index of the portal searches. */
function plain(value: string): string {
  return value.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
}

async function resourceShow(library: Library, given: Arguments, { base }: Caller): Promise<Answer> {
  const id = text(given.id)
  if (id === undefined) return invalid({ id: ['Missing value'] })
  const holding = library.holding(id)
  if (holding === undefined) return notFound()
  return { status: 200, result: resourceJson(holding, await library.state(holding, base)) }
}

async function datastoreSearch(library: Library, given: Arguments, caller: Caller): Promise<Answer> {
  const wanted = searchOf(given)
  if ('status' in wanted) return wanted
  const holding = library.holding(wanted.resourceId)
  if (holding === undefined || holding.resource.datastore === 'none') {
    return notFound(`Not found: Resource "${wanted.resourceId}" was not found.`)
  }
  const known = new Set(fieldsOf(holding, library.publication).map(({ id }) => id))
  const asked = [...Object.keys(wanted.filters), ...(wanted.fields ?? []), ...wanted.sort.map(({ field }) => field)]
  const unknown = asked.find((name) => !known.has(name))
  if (unknown !== undefined) return invalid({ fields: [`field "${unknown}" not in table`] })
  const { fields, records, total } = await search(holding, library.publication, wanted)
  const { limit, offset } = wanted
  const echoed: Record<string, Json> = {
    ...(given.filters === undefined ? {} : { filters: { ...wanted.filters } }),
    include_total: wanted.includeTotal,
    // The clamped limit: the only sign that a larger one was not honoured.
    limit,
    ...(offset > 0 ? { offset } : {}),
    ...(wanted.q === undefined ? {} : { q: wanted.q }),
    records_format: wanted.format,
    resource_id: wanted.resourceId,
    ...(given.sort === undefined ? {} : { sort: given.sort }),
    total_estimation_threshold: null,
  }
  const counted = wanted.includeTotal ? { total, total_was_estimated: false } : {}
  const result = {
    ...echoed,
    records: shaped(records, wanted.format),
    fields,
    _links: links(caller.url, limit, offset),
    ...counted,
  }
  return { status: 200, result }
}

function shaped(records: readonly Record<string, Json>[], format: Search['format']): Json {
  if (format === 'objects') return records
  const lists = records.map((record) => Object.values(record))
  if (format === 'lists') return lists
  return lists.map((list) => `${list.map((value) => JSON.stringify(value ?? '')).join(',')}\n`).join('')
}

/** Links without a host, from the request's own query: after a POST they have nothing but the offset. */
function links(url: string, limit: number, offset: number): Record<string, Json> {
  const [path = '', query = ''] = url.split('?')
  const to = (at: number | undefined): string => {
    const parameters = new URLSearchParams(query)
    parameters.delete('offset')
    if (at !== undefined) parameters.set('offset', String(at))
    const tail = parameters.toString()
    return tail === '' ? path : `${path}?${tail}`
  }
  const previous = offset - limit >= 0 && offset > 0 ? { prev: to(offset - limit) } : {}
  return { start: to(undefined), ...previous, next: to(offset + limit) }
}

function searchOf(given: Arguments): Search | Answer {
  const resourceId = text(given.resource_id)
  if (resourceId === undefined) return invalid({ resource_id: ['Missing value'] })
  const limit = whole(given.limit, ROWS_DEFAULT)
  if (limit === undefined) return invalid({ limit: ['Invalid integer'] })
  const offset = whole(given.offset, 0)
  if (offset === undefined) return invalid({ offset: ['Invalid integer'] })
  const filters = filtersOf(given.filters)
  if (filters === undefined) return invalid({ filters: ['Cannot parse JSON'] })
  const format = text(given.records_format) ?? 'objects'
  if (format !== 'objects' && format !== 'lists' && format !== 'csv')
    return invalid({ records_format: ['Value must be one of: objects, lists, csv'] })
  const sort = (text(given.sort) ?? '')
    .split(',')
    .filter((clause) => clause.trim() !== '')
    .map((clause) => {
      const [field = '', direction = 'asc'] = clause.trim().split(/\s+/)
      return { field, descending: direction.toLowerCase() === 'desc' }
    })
  return {
    resourceId,
    limit: Math.min(limit, ROWS_MAX),
    offset,
    filters,
    q: text(given.q),
    fields: listOf(given.fields),
    sort,
    includeTotal: !['false', '0', 'False'].includes(String(given.include_total ?? 'true')),
    format,
  }
}

function filtersOf(value: Json | undefined): Record<string, string[]> | undefined {
  if (value === undefined || value === null || value === '') return {}
  let parsed: Json = value
  if (typeof value === 'string') {
    try {
      parsed = JSON.parse(value)
    } catch {
      return undefined
    }
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined
  return Object.fromEntries(
    Object.entries(parsed).map(([name, wanted]) => [name, (Array.isArray(wanted) ? wanted : [wanted]).map(String)]),
  )
}

function listOf(value: Json | undefined): string[] | undefined {
  if (Array.isArray(value)) return value.map(String)
  return typeof value === 'string' && value !== '' ? value.split(',').map((name) => name.trim()) : undefined
}

function text(value: Json | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function whole(value: Json | undefined, otherwise: number): number | undefined {
  if (value === undefined || value === null || value === '') return otherwise
  const number = Number(value)
  return Number.isInteger(number) && number >= 0 ? number : undefined
}
