import { PipelineError } from '../../lib/errors.ts'
import type { AneelContract } from '../../lib/steps/aneel/contract.ts'
import { endAfter } from '../../lib/stopped.ts'

/** A dataset as the form lists it. */
export interface DatasetEntry {
  /** What the node's `dataset` becomes: the contract's name, or the slug. */
  value: string
  slug: string
  title: string
  /** English title, where a contract has one. */
  titleEn?: string
  /** daily, weekly, monthly or yearly. */
  cadence?: string
  contract: boolean
}

/** What the endpoint answers. */
export interface DatasetList {
  datasets: DatasetEntry[]
  /** Why the portal's own list is missing. */
  note?: { reason: 'no-portal' } | { reason: 'silent'; code: string; message: string }
}

/** A package of the portal, as far as the list needs it. */
export interface ListedPackage {
  name: string
  title?: string | null
}

/** The contracts, then the portal's other packages, each by title. */
export function mergeDatasets(contracts: Iterable<AneelContract>, packages: readonly ListedPackage[]): DatasetEntry[] {
  const known: DatasetEntry[] = [...contracts].map((contract) => ({
    value: contract.dataset,
    slug: contract.slug,
    title: contract.title['pt-BR'],
    titleEn: contract.title['en-US'],
    ...(contract.cadence === undefined ? {} : { cadence: contract.cadence }),
    contract: true,
  }))
  const slugs = new Set(known.map((entry) => entry.slug))
  const others: DatasetEntry[] = packages
    .filter((each) => !slugs.has(each.name))
    .map(({ name, title }) => ({ value: name, slug: name, title: title?.trim() || name, contract: false }))
  const byTitle = (a: DatasetEntry, b: DatasetEntry) => a.title.localeCompare(b.title, 'pt-BR')
  return [...known.sort(byTitle), ...others.sort(byTitle)]
}

interface Remembered {
  until: number
  packages: Promise<ListedPackage[]>
}

/** Options of {@link PackageMemory}. */
export interface PackageMemoryOptions {
  /** Asks the portal at this address. */
  ask(url: string, signal: AbortSignal): Promise<ListedPackage[]>
  /** Milliseconds. */
  now(): number
  keepMs?: number
  /** How long a failure is remembered: a form that is opened again does not wait once more. */
  keepFailureMs?: number
  deadlineMs?: number
}

/** The portals' lists of packages, each asked for at most once in ten minutes. */
export class PackageMemory {
  readonly #options: Required<PackageMemoryOptions>
  readonly #portals = new Map<string, Remembered>()

  constructor(options: PackageMemoryOptions) {
    this.#options = { keepMs: 600_000, keepFailureMs: 30_000, deadlineMs: 10_000, ...options }
  }

  /** The packages of the portal at `url`. Throws what the portal's client throws, or PORTAL_SILENT after the deadline. */
  packages(url: string): Promise<ListedPackage[]> {
    const { now, keepMs, keepFailureMs } = this.#options
    const known = this.#portals.get(url)
    if (known !== undefined && known.until > now()) return known.packages
    // A handful of portals at most; the oldest goes.
    const [oldest] = this.#portals.keys()
    if (oldest !== undefined && this.#portals.size >= 8) this.#portals.delete(oldest)
    const entry: Remembered = { until: now() + keepMs, packages: this.#ask(url) }
    this.#portals.set(url, entry)
    entry.packages.catch(() => {
      entry.until = now() + keepFailureMs
    })
    return entry.packages
  }

  async #ask(url: string): Promise<ListedPackage[]> {
    const { ask, deadlineMs } = this.#options
    const deadline = endAfter(deadlineMs)
    try {
      return await ask(url, deadline)
    } catch (thrown) {
      if (!deadline.aborted) throw thrown
      throw new PipelineError('PORTAL_SILENT', `no answer within ${deadlineMs / 1_000} s`, {
        retryable: true,
        cause: thrown,
      })
    }
  }
}
