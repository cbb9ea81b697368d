import { PipelineError } from '../../../errors.ts'
import { Type } from '../../../schema.ts'
import { provenanceOf } from '../../../steps/dataset/read/describe.ts'
import { readPage } from '../../../steps/dataset/read/page.ts'
import type { Described, Selection } from '../../../steps/dataset/read/port.ts'
import type { DatasetReader } from '../../../steps/dataset/read/reader.ts'
import { streamRows } from '../../../steps/dataset/read/stream.ts'
import { isFresh, notModified, tagOf } from '../../conditional.ts'
import { formatFor, formatsThereAre, type RowFormat, rowFormats } from '../../formats/format.ts'
import type { ApiRequest, ApiResponse } from '../../http.ts'
import { nearest } from '../../nearest.ts'
import { provenanceHeaders } from '../../provenance.ts'
import { type ApiContext, type ConcretePath, defineRoute } from '../../route.ts'
import { closing } from '../../stream.ts'
import { readerOf } from './reader.ts'
import { concretePath, pageSchema } from './row-schema.ts'
import { controls, RowsQuery, selectionOf } from './selection.ts'

/** Rows read in one go and written as one chunk. */
const batch = 1_000
/** Datasets that the OpenAPI document shows one by one. */
const mostPaths = 200
const defaultPage = 100

/** Name of a dataset in a path. */
export const DatasetParams = Type.Object({
  name: Type.String({ description: 'Such as `aneel.tarifas`', maxLength: 200 }),
})

/** `/datasets/{name}`: a page of rows as JSON, or all rows of the selection as CSV, NDJSON or Parquet. */
export const rowsRoute = defineRoute({
  ...{ method: 'GET', path: '/datasets/{name}', id: 'getRows', scope: 'datasets' },
  summary: 'Rows of a dataset',
  description: `Filters are parameters: \`column=value\`, \`column.gte=value\` and so on with \`eq\`, \`ne\`, \`gt\`, \`gte\`, \`lt\`, \`lte\`, \`in\` and \`not_in\` (values with commas; one with a comma inside in quotation marks), \`between\` (two values), \`contains\`, \`begins\`, \`null\` (true or false). All must hold. JSON comes in pages; the other formats have all rows, unless \`limit\` is given.`,
  params: DatasetParams,
  query: RowsQuery,
  answer: pageSchema(Type.Object({}, { additionalProperties: true })),
  formats: rowFormats.map(({ type }) => type),
  async handle({ params: { name }, query, raw }, context) {
    const format = formatFor(raw.headers.accept, query.format)
    if (format === undefined) throw new PipelineError('API_FORMAT', `Rows come as ${formatsThereAre}`)
    const selection = selectionOf(query, raw.query)
    const reader = readerOf(context)
    const asked = { ...query, name, selection, raw, reader, context }
    const kept = await fresh(asked, format)
    if (kept !== undefined) return kept
    try {
      return format === 'json' ? await page(asked) : await stream(asked, format)
    } catch (thrown) {
      throw await withNearest(PipelineError.from(thrown), asked)
    }
  },
  paths: concretePaths,
})

interface Asked extends RowsQuery {
  name: string
  selection: Selection
  raw: ApiRequest
  reader: DatasetReader
  context: ApiContext
}

/** 304 without asking for rows: one small look at what is published. */
async function fresh(asked: Asked, format: RowFormat | 'json'): Promise<ApiResponse | undefined> {
  const { raw, reader, name, context } = asked
  if (raw.headers['if-none-match'] === undefined && raw.headers['if-modified-since'] === undefined) return undefined
  const described = await reader.current(name)
  const { etag, modified } = validators(described, asked, format)
  if (!isFresh(raw.headers, { etag, modified })) return undefined
  const past = asked.selection.asOf !== undefined
  return notModified({
    ...(past ? {} : provenanceHeaders(provenanceOf(described, context.clock))),
    ...headersOf({ etag, modified }),
  })
}

async function page(asked: Asked): Promise<ApiResponse> {
  const { name, selection, after, numbers = 'number', limit = defaultPage, reader } = asked
  const before = await reader.known(name)
  const { rows, next, provenance } = await readPage(reader, name, selection, { limit, after, numbers })
  // Read by this description and no other: its validators are those of the rows.
  const same = (await reader.known(name)) === before
  return {
    status: 200,
    headers: {
      'content-type': 'application/json',
      ...provenanceHeaders(provenance),
      ...(same ? headersOf(validators(before, asked, 'json')) : headersOf({})),
      ...(next === null ? {} : { link: nextLink(asked, next) }),
    },
    body: JSON.stringify({ rows, next, provenance }),
  }
}

async function stream(asked: Asked, format: RowFormat): Promise<ApiResponse> {
  const { name, selection, after, limit, raw, reader, context } = asked
  if (after !== undefined) throw new PipelineError('API_PARAMETER', `after is for JSON: ${format.name} has all rows`)
  const numbers = format.numbers ?? asked.numbers ?? 'number'
  const before = await reader.current(name)
  const source = { postgres: context.stores.postgres, clock: context.clock }
  const rows = await streamRows(source, name, selection, { batch, limit, numbers, signal: raw.signal })
  try {
    // Nothing was published between the two looks: the rows are of that state.
    const same = (await reader.current(name)).publications === before.publications
    const suffix = format.name === 'parquet' ? 'parquet' : format.name
    return {
      status: 200,
      headers: {
        'content-type': format.type,
        'content-disposition': `attachment; filename="${before.dataset}.${suffix}"`,
        ...provenanceHeaders(rows.provenance),
        ...(same ? headersOf(validators(before, asked, format)) : headersOf({})),
      },
      body: closing(format.write(rows.columns, rows), () => rows.close()),
    }
  } catch (thrown) {
    await rows.close()
    throw thrown
  }
}

interface Validators {
  etag: string
  modified: Date
}

/**
 * What decides an answer: what is published and what is asked for. Weak, for its age is in it, and rows without an order come as they lie. When
 * the source was last looked at does not count: that changes nothing in the rows, and a 304 says it anew.
 */
function validators(described: Described, asked: Asked, format: RowFormat | 'json'): Validators {
  const { selection, after = null, limit = null, numbers = null } = asked
  const shown = format === 'json' ? 'json' : format.name
  const state = [described.dataset, described.publications, described.parts.map(({ part, version }) => [part, version])]
  const etag = tagOf(JSON.stringify([state, selection, after, limit, numbers, shown]), { weak: true })
  const newest = Math.max(...described.parts.map(({ publishedAt }) => Date.parse(publishedAt)))
  return { etag, modified: new Date(newest) }
}

function headersOf({ etag, modified }: Partial<Validators>): Record<string, string> {
  return {
    'cache-control': 'private, no-cache',
    vary: 'accept, accept-encoding',
    ...(etag === undefined ? {} : { etag }),
    ...(modified === undefined ? {} : { 'last-modified': modified.toUTCString() }),
  }
}

/** RFC 8288; relative to what was asked for. */
function nextLink({ raw }: Asked, next: string): string {
  const query = new URLSearchParams(raw.query)
  query.set('after', next)
  return `<?${query}>; rel="next"`
}

/** Names the nearest column or parameter in the error for one that is not there. */
async function withNearest(error: PipelineError, { name, selection, reader }: Asked): Promise<PipelineError> {
  if (error.code !== 'QUERY_COLUMN') return error
  const { columns } = await reader.known(name)
  const names = columns.map((column) => column.name)
  const asked = [
    ...(selection.where ?? []).map(({ column }) => column),
    ...(selection.order ?? []).map((column) => column.replace(/^-/, '')),
    ...(selection.columns ?? []),
  ]
  const wrong = asked.find((column) => !names.includes(column))
  const like = wrong === undefined ? undefined : nearest(wrong, [...names, ...Object.keys(controls)])
  if (like === undefined) return error
  return new PipelineError(error.code, `${error.message}. Is ${like} meant?`, { cause: error })
}

const paths = new WeakMap<DatasetReader, Map<string, { publications: number; path: ConcretePath }>>()

/** A path for each dataset that is held; made anew when something is published. */
async function concretePaths(context: ApiContext, signal: AbortSignal): Promise<ConcretePath[]> {
  const reader = readerOf(context)
  const before = paths.get(reader) ?? new Map()
  const now: typeof before = new Map()
  for (const { dataset } of (await reader.list()).slice(0, mostPaths)) {
    signal.throwIfAborted()
    const described = await reader.current(dataset)
    const known = before.get(dataset)
    const isCurrent = known !== undefined && known.publications === described.publications
    now.set(dataset, isCurrent ? known : { publications: described.publications, path: concretePath(described) })
  }
  paths.set(reader, now)
  return [...now.values()].map(({ path }) => path)
}
