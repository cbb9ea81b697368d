import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { catalogue } from './catalogue/index.ts'
import { downloadPath } from './ckan.ts'
import type { Logged } from './exchange.ts'
import { Holding } from './files/holding.ts'
import { findSamples, type Sample, type Samples } from './files/samples.ts'
import { FileStore } from './files/store.ts'
import {
  type DatasetName,
  type Difference,
  difference,
  FIRST_DAY,
  type FileOptions,
  isDataset,
  partsOf,
  type Shares,
} from './generate/index.ts'
import { Handler } from './handler.ts'
import { Library } from './library.ts'
import { type Misbehaviour, type Rule, Rules } from './misbehave.ts'
import { type DatasetSizes, DEMO, rowsOf } from './sizes.ts'

export type { Logged } from './exchange.ts'
export type { Misbehaviour, Rule } from './misbehave.ts'
export { type DatasetSizes, DEMO, PRESETS, type Size } from './sizes.ts'

export interface PortalOptions {
  /**
   * Rows by dataset. These files are made before the portal answers; datasets left out get a few rows that never change,
   * made when somebody asks. Default: {@link DEMO}; with `samples`, nothing.
   */
  datasets?: DatasetSizes
  /** Default 0; with `samples`, the newest. */
  publication?: number
  seed?: number
  /** A folder of real files to serve, bytes unchanged, as the datasets their headers say. */
  samples?: string
  /** Default 0, any free one. */
  port?: number
  /** Default 127.0.0.1. */
  host?: string
  /** Whether Range requests are honoured. Default true. */
  ranges?: boolean
  /** The day of publication 0, `YYYY-MM-DD`. */
  today?: string
  /** What changes from one publication to the next. */
  shares?: Shares
  /** Text of /robots.txt. Default: none, 404. */
  robots?: string
}

/** A download of the portal, for tests that look one up. */
export interface Download {
  dataset: DatasetName
  part: string
  id: string
  slug: string
  /** Path of the download. */
  path: string
  /** Rows in the present publication; -1 when a real file was too large to be counted. */
  rows: number
  origin: 'sample' | 'generated'
}

/** A running replica. */
export interface Portal {
  readonly url: string
  readonly publication: number
  /** The last 10,000 requests, in order of arrival. */
  readonly requests: Logged[]
  /** What became of the files of the samples folder. */
  readonly samples: Samples
  /** The CSV downloads of the datasets with a contract. */
  downloads(): Download[]
  /** Switches to another publication, once its files are made. */
  publish(publication: number): Promise<void>
  /** What a reader of `to` must find against `from`, for a generated dataset. */
  difference(dataset: DatasetName, from: number, to: number, part?: string): Difference
  misbehave(rule: Misbehaviour): Rule
  /** Takes all rules out of force and forgets the requests. */
  clear(): void
  close(): Promise<void>
}

/** The last publication a folder of real files has: each dataset's files are successive ones. */
function lastSample(samples: readonly Sample[]): number {
  const counts = new Map<string, number>()
  for (const { dataset, part } of samples) {
    const name = `${dataset} ${part}`
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return Math.max(0, ...[...counts.values()].map((count) => count - 1))
}

/** Starts the replica and waits until it can answer. */
export async function startPortal(options: PortalOptions = {}): Promise<Portal> {
  const samples: Samples =
    options.samples === undefined ? { mapped: [], unmapped: [] } : await findSamples(options.samples)
  const datasets = options.datasets ?? (options.samples === undefined ? DEMO : {})
  const today = options.today ?? FIRST_DAY
  const asked = new Set(Object.keys(datasets).filter(isDataset))
  const fileOptions = (dataset: DatasetName): Omit<FileOptions, 'publication' | 'part'> => ({
    rows: rowsOf(datasets[dataset]),
    seed: options.seed ?? 1,
    today,
    shares: asked.has(dataset) ? options.shares : { changed: 0, added: 0, vanished: 0 },
  })
  const parts = (dataset: DatasetName): readonly string[] => {
    const real = samples.mapped.filter((sample) => sample.dataset === dataset).map(({ part }) => part)
    if (real.length > 0) return [...new Set(real)].sort().reverse()
    const size = datasets[dataset]
    return (typeof size === 'object' ? size.parts : undefined) ?? partsOf(dataset, today)
  }

  const store = new FileStore()
  const packages = catalogue(parts)
  const holdings = packages.flatMap((entry) =>
    entry.resources.map(
      (resource) => new Holding(entry, resource, store, fileOptions, samplesFor(samples.mapped, resource.content)),
    ),
  )
  const rules = new Rules()
  const library = new Library(packages, holdings, options.publication ?? lastSample(samples.mapped), rules)
  const csvs = holdings.filter((holding) => holding.resource.content.kind === 'csv')
  const prepare = async (publication: number): Promise<void> => {
    for (const holding of csvs) {
      if (holding.dataset !== undefined && asked.has(holding.dataset)) await holding.file(publication)
    }
  }

  const handler = new Handler(library, rules, { ranges: options.ranges ?? true, robots: options.robots })
  const server = createServer((request, response) => handler.handle(request, response))
  try {
    await prepare(library.publication)
    await listen(server, options.port ?? 0, options.host ?? '127.0.0.1')
  } catch (error) {
    await store.close()
    throw error
  }
  const url = addressOf(server)
  handler.base = url

  return {
    url,
    get publication() {
      return library.publication
    },
    requests: handler.requests,
    samples,
    downloads: () =>
      csvs.flatMap((holding) => {
        const { resource, dataset, origin } = holding
        if (dataset === undefined || resource.content.kind !== 'csv') return []
        const { part } = resource.content
        const path = downloadPath(holding.package, resource)
        const rows = holding.rows(library.publication)
        return [{ dataset, part, id: resource.id, slug: holding.package.name, path, rows, origin }]
      }),
    publish: async (publication) => {
      await prepare(publication)
      library.publication = publication
    },
    difference: (dataset, from, to, part) =>
      difference(dataset, { ...fileOptions(dataset), part: part ?? parts(dataset)[0] }, from, to),
    misbehave: (rule) => rules.add(rule),
    clear: () => {
      rules.clear()
      handler.requests.length = 0
    },
    close: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
      await store.close()
    },
  }
}

function samplesFor(
  samples: readonly Sample[],
  content: { kind: string; dataset?: DatasetName; part?: string },
): Sample[] {
  return samples.filter(
    ({ dataset, part }) =>
      dataset === content.dataset && (dataset === 'siga' || part === content.part || content.part === ''),
  )
}

async function listen(server: Server, port: number, host: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function addressOf(server: Server): string {
  const address = server.address()
  if (!isAddress(address)) throw new Error('the server has no address')
  return `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`
}

function isAddress(address: string | AddressInfo | null): address is AddressInfo {
  return typeof address === 'object' && address !== null
}
