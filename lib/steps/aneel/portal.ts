import { PipelineError } from '../../errors.ts'
import type { HttpClient } from '../../net/http.ts'
import { type Infer, parser, Type } from '../../schema.ts'
import type { SourceFile } from '../dataset/source-check.ts'
import type { AneelContract } from './contract.ts'
import type { Portal } from './fetch-schema.ts'

const text = Type.Union([Type.String(), Type.Null()])
const ResourceSchema = Type.Object({
  id: Type.String(),
  name: Type.Optional(text),
  url: Type.String(),
  format: Type.Optional(text),
  size: Type.Optional(Type.Union([Type.Number(), Type.Null()])),
  hash: Type.Optional(text),
  last_modified: Type.Optional(text),
  metadata_modified: Type.Optional(text),
  created: Type.Optional(text),
})
const PackageSchema = Type.Object({
  id: Type.String(),
  name: Type.String(),
  title: Type.Optional(text),
  notes: Type.Optional(text),
  metadata_modified: Type.Optional(text),
  extras: Type.Optional(Type.Array(Type.Object({ key: Type.String(), value: Type.Optional(text) }))),
  resources: Type.Array(ResourceSchema),
})
const ShowSchema = Type.Object({ success: Type.Literal(true), result: PackageSchema })
const SearchSchema = Type.Object({
  success: Type.Literal(true),
  result: Type.Object({ count: Type.Integer(), results: Type.Array(PackageSchema) }),
})
export type Package = Infer<typeof PackageSchema>
export type Resource = Infer<typeof ResourceSchema>

const show = parser(ShowSchema, 'The answer of package_show', 'PORTAL_ANSWER')
const search = parser(SearchSchema, 'The answer of package_search', 'PORTAL_ANSWER')

/** The portal's catalogue (CKAN 2.x action API; only the fields that matter are read). */
export function createPortal(http: HttpClient, portal: Portal, signal: AbortSignal) {
  const base = portal.url.replace(/\/+$/, '')
  const limits = {
    contact: portal.contact,
    connectTimeoutMs: portal.connectTimeoutMs,
    idleTimeoutMs: portal.idleTimeoutMs,
    totalTimeoutMs: Math.min(portal.totalTimeoutMs, 120_000),
  }
  const action = async (name: string, query: Record<string, string>): Promise<unknown> => {
    const url = `${base}/api/3/action/${name}?${new URLSearchParams(query)}`
    return await http.json({ url, signal, ...limits })
  }
  // a portal that answers nonsense for a moment is not a portal that has changed for good
  const read = <T>(parse: (value: unknown) => T, value: unknown): T => {
    try {
      return parse(value)
    } catch (error) {
      const problem = PipelineError.from(error)
      throw new PipelineError('PORTAL_ANSWER', problem.message, { retryable: true, cause: error })
    }
  }
  return {
    base,
    async package(slug: string): Promise<Package> {
      try {
        return read(show.parse, await action('package_show', { id: slug })).result
      } catch (error) {
        if (error instanceof PipelineError && error.code === 'HTTP_404') {
          throw new PipelineError('UNKNOWN_DATASET', `The portal has no dataset "${slug}"`, { cause: error })
        }
        throw error
      }
    },
    /** How many packages there are. */
    async size(): Promise<number> {
      return read(search.parse, await action('package_search', { q: '*:*', rows: '0' })).result.count
    },
    /** Every package, in pages. */
    async packages(query = ''): Promise<Package[]> {
      const found: Package[] = []
      for (let start = 0; start < 5000; ) {
        const { result } = read(
          search.parse,
          await action('package_search', { q: query || '*:*', rows: '100', start: String(start) }),
        )
        found.push(...result.results)
        start += result.results.length
        if (result.results.length === 0 || start >= result.count) break
      }
      return found
    },
  }
}

/** File name of a resource's URL, without its ending. */
export function baseName(resource: Resource): string {
  const path = URL.canParse(resource.url) ? new URL(resource.url).pathname : resource.url
  return decodeURIComponent(path.split('/').pop() ?? '').replace(/\.(csv|zip|gz|parquet|xml|json|txt|pdf|xlsx?)$/i, '')
}

function stampOf(resource: Resource): string {
  const modified = resource.last_modified ?? resource.metadata_modified ?? ''
  return modified === '' ? '' : `${modified}|${resource.size ?? ''}`
}

function isFormat(resource: Resource, format: 'csv' | 'parquet'): boolean {
  const ending = /\.([a-z0-9]+)$/i
    .exec(URL.canParse(resource.url) ? new URL(resource.url).pathname : '')?.[1]
    ?.toLowerCase()
  const parquet = ending === 'parquet' || resource.format?.toUpperCase() === 'PARQUET'
  if (format === 'parquet') return parquet
  // `format` and the ending lie about CSV and ZIP; the bytes will tell. What is surely no table is left out here.
  return !parquet && !['pdf', 'xml', 'json', 'html', 'xlsx', 'xls', 'docx'].includes(ending ?? '')
}

/**
 * The files of a dataset among its package's resources: by resource id, then by the URL's file name, then by the resource's
 * name. Throws RESOURCE_MISSING with what the package has, AMBIGUOUS_RESOURCE for a dataset without contract.
 */
export function pickResources(
  contract: AneelContract | undefined,
  found: Package,
  wanted: { parts: string; format: 'csv' | 'parquet'; choice?: string },
): SourceFile[] {
  const candidates = found.resources.filter((resource) => isFormat(resource, wanted.format))
  const list = () => candidates.map((resource) => baseName(resource)).join(', ') || 'none'
  const toPick = (resource: Resource, part: string): SourceFile => ({
    part,
    resourceId: resource.id,
    url: resource.url,
    stamp: stampOf(resource),
  })
  if (contract === undefined) {
    const chosen =
      wanted.choice === undefined
        ? candidates
        : candidates.filter((resource) => resource.id === wanted.choice || baseName(resource) === wanted.choice)
    if (chosen.length === 1 && chosen[0]) return [toPick(chosen[0], '')]
    throw new PipelineError(
      chosen.length === 0 ? 'RESOURCE_MISSING' : 'AMBIGUOUS_RESOURCE',
      chosen.length === 0
        ? `The dataset ${found.name} has no ${wanted.format.toUpperCase()} file${wanted.choice ? ` called ${wanted.choice}` : ''}; it has ${list()}`
        : `The dataset ${found.name} has several files: choose one as "${found.name}#<file>": ${list()}`,
    )
  }
  const pattern = new RegExp(contract.resource.file, 'i')
  const byFile = candidates.flatMap((resource) => {
    const match = pattern.exec(baseName(resource))
    return match === null ? [] : [{ resource, part: match.groups?.part ?? '' }]
  })
  const inParts = contract.resource.file.includes('(?<part>')
  if (inParts) return chooseParts(contract, byFile, wanted, list).map(({ resource, part }) => toPick(resource, part))
  const id = wanted.format === 'parquet' ? contract.resource.parquetId : contract.resource.id
  const name = contract.resource.name === undefined ? undefined : new RegExp(contract.resource.name, 'i')
  const resource =
    candidates.find((candidate) => candidate.id === id) ??
    byFile[0]?.resource ??
    candidates.find((candidate) => name?.test(candidate.name ?? ''))
  if (resource === undefined) {
    throw new PipelineError(
      'RESOURCE_MISSING',
      `${contract.dataset}: the dataset ${found.name} no longer has the expected ${wanted.format.toUpperCase()} file (${contract.resource.file}); it has ${list()}`,
    )
  }
  return [toPick(resource, '')]
}

function chooseParts(
  contract: AneelContract,
  byFile: readonly { resource: Resource; part: string }[],
  wanted: { parts: string; format: string },
  list: () => string,
): { resource: Resource; part: string }[] {
  const parts = [...byFile].sort((a, b) => (a.part < b.part ? -1 : 1))
  if (parts.length === 0) {
    throw new PipelineError(
      'RESOURCE_MISSING',
      `${contract.dataset}: no ${wanted.format.toUpperCase()} file of the dataset matches ${contract.resource.file}; it has ${list()}`,
    )
  }
  const choice = wanted.parts === '' ? contract.resource.parts : wanted.parts
  if (choice === 'all') return parts
  if (choice === 'latest') return parts.slice(-1)
  if (choice === 'latest-two') return parts.slice(-2)
  return choice.split(',').map((name) => {
    const part = parts.find((candidate) => candidate.part === name.trim())
    if (part !== undefined) return part
    throw new PipelineError(
      'RESOURCE_MISSING',
      `${contract.dataset} has no part "${name.trim()}"; it has ${parts.map((candidate) => candidate.part).join(', ')}`,
    )
  })
}
