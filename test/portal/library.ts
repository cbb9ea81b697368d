import type { PackageEntry } from './catalogue/index.ts'
import { downloadPath, type ResourceState } from './ckan.ts'
import type { Holding } from './files/holding.ts'
import { type Rules, type Subject, variantOf } from './misbehave.ts'

/** The packages and resources of a portal, and which publication it is at. */
export class Library {
  readonly packages: readonly PackageEntry[]
  readonly holdings: readonly Holding[]
  publication: number
  readonly #rules: Rules
  readonly #packages = new Map<string, PackageEntry>()
  readonly #holdings = new Map<string, Holding>()

  constructor(packages: readonly PackageEntry[], holdings: readonly Holding[], publication: number, rules: Rules) {
    this.packages = packages
    this.holdings = holdings
    this.publication = publication
    this.#rules = rules
    for (const entry of packages) for (const name of [entry.id, entry.name]) this.#packages.set(name, entry)
    for (const holding of holdings) this.#holdings.set(holding.resource.id, holding)
  }

  /** A package by id or slug. */
  package(idOrSlug: string): PackageEntry | undefined {
    return this.#packages.get(idOrSlug)
  }

  holding(id: string): Holding | undefined {
    return this.#holdings.get(id)
  }

  holdingsOf(entry: PackageEntry): Holding[] {
    return this.holdings.filter((holding) => holding.package === entry)
  }

  /** What rules about the download of a resource are compared with. */
  subject(holding: Holding, path: string = downloadPath(holding.package, holding.resource)): Subject {
    return {
      api: false,
      path,
      dataset: holding.dataset,
      slug: holding.package.name,
      resource: holding.resource.id,
      csv: holding.resource.content.kind === 'csv',
    }
  }

  /** The state that the metadata of a resource show, a wrongly published file included. */
  async state(holding: Holding, base: string): Promise<ResourceState> {
    const rule = this.#rules.peek(this.subject(holding), 'variant')
    const variant = rule === undefined ? undefined : variantOf(rule)
    const { kind } = holding.resource.content
    // Parquet and XML are only made when somebody downloads them; until then their size is null.
    const lazy = (kind === 'parquet' || kind === 'xml') && !holding.ready(this.publication)
    const file = lazy ? undefined : await holding.file(this.publication, variant)
    return { publication: this.publication, base, variant, size: file?.size ?? null, md5: file?.md5 }
  }
}
