import { createHash } from 'node:crypto'
import type { PipelineError } from '../../errors.ts'
import { withoutSecrets } from '../../net/redact.ts'
import type { Infer } from '../../schema.ts'
import type { Contract } from '../dataset/contract.ts'
import { ageOf, heldVersions } from '../dataset/last-good.ts'
import { currentVersion, type Version } from '../dataset/load/registry.ts'
import { noted, raiseTrouble, type Watched } from '../dataset/source-incident.ts'
import type { StepContext } from '../step.ts'
import { noteStale, type Staleness } from './page-state.ts'
import type { LayoutChange } from './read/report.ts'
import type { Recipe, RecipePage } from './recipe-schema.ts'
import type { ScrapeConfig, ScrapedDataset, ScrapeManifest, ScrapeOutputSchema } from './scrape-schema.ts'

export type Context = StepContext<Infer<typeof ScrapeOutputSchema>>

/** What is to be read. */
export interface Scraping {
  recipe: Recipe
  /** Of the datasets that the recipe fills. */
  contracts: ReadonlyMap<string, Contract>
  page: RecipePage
  /** What is asked; it may hold a token. */
  url: string
  /** The address as it is kept and shown. */
  shown: string
  /** The page's part of each dataset. */
  part: string
  hash: string
  started: Date
}

/** A dataset's version, and whether its figures are those of this step. */
export interface Served {
  version: Version
  fresh: boolean
}

/** The versions that are served of the page. */
export async function lastGood({ contracts, part }: Scraping, context: Context): Promise<Served[]> {
  const served: Served[] = []
  for (const dataset of contracts.keys()) {
    const version = await currentVersion(context.stores.postgres, dataset, part)
    if (version !== undefined) served.push({ version, fresh: false })
  }
  return served
}

/** What an end adds to the manifest. */
export interface End {
  outcome: ScrapeManifest['outcome']
  reason: string
  fingerprint?: string
  changes?: readonly LayoutChange[]
  documents?: ScrapeManifest['documents']
  charset?: string
  artifact?: { sha256: string; bytes: number; key: string } | null
}

export function manifest(
  { recipe, page, shown, started }: Scraping,
  served: readonly Served[],
  end: End,
  context: Context,
): ScrapeManifest {
  const { artifact } = end
  return {
    recipe: recipe.recipe,
    page: page.page,
    url: shown,
    outcome: end.outcome,
    reason: end.reason,
    tier: end.outcome === 'published' || end.outcome === 'unchanged' ? 'primary' : 'cache',
    ageSeconds: Math.max(0, ...served.map(({ version }) => ageOf(version, context))),
    datasets: served.map(datasetManifest),
    layout: { fingerprint: end.fingerprint ?? '', changes: [...(end.changes ?? [])] },
    documents: end.documents ?? [],
    charset: end.charset ?? '',
    artifact: artifact ? { sha256: artifact.sha256, bytes: artifact.bytes, key: artifact.key } : null,
    seconds: (context.clock.now().getTime() - started.getTime()) / 1000,
    attribution: recipe.attribution,
  }
}

function datasetManifest({ version, fresh }: Served): ScrapedDataset {
  return {
    dataset: version.dataset,
    table: version.dataset,
    part: version.part,
    version: version.version,
    publishedAt: version.publishedAt,
    rows: version.rows,
    new: fresh ? version.new : 0,
    changed: fresh ? version.changed : 0,
    vanished: fresh ? version.vanished : 0,
    warnings: fresh ? version.warnings : [],
  }
}

/** What the administrator is told of: one thing a dataset that the page fills; the page itself when it only has documents. */
export function watched({ contracts, part, shown, recipe }: Scraping, { flapMinutes }: ScrapeConfig): Watched[] {
  const names = contracts.size === 0 ? [recipe.recipe] : [...contracts.keys()]
  return names.map((dataset) => ({ dataset, part, url: shown, flapMinutes }))
}

/** The site, or the way to it, does not work. */
const unreachable =
  /^(NET_(UNREACHABLE|CUT|TIMEOUT|CERTIFICATE|REDIRECTS|BUSY)|HTTP_(401|403|407|408|425|429|5\d\d)|HOST_OPEN|ROBOTS_UNREACHABLE|RETRY_DEADLINE)$/

/** Errors that speak of the page, not of our settings or stores: by them what is served becomes stale. */
const ofThePage =
  /^(NET_|HTTP_|HOST_OPEN|ADDRESS_REFUSED|REDIRECT_REFUSED|ROBOTS_|RETRY_DEADLINE|PAGE_|SECTION_|TABLE_|COLUMN_|ROW_|VALUE_|UNIT_|LABEL_|FIELD_|PROSE_|DOCUMENT_|EXTRACT_(TIMEOUT|MEMORY|FAILED)|GATE_)/

/**
 * What could not be read leaves the last good values: they are marked stale, and an incident says why. Trouble with the store is
 * logged; the error itself goes on.
 */
export async function keepServing(
  scraping: Scraping,
  error: PipelineError,
  config: ScrapeConfig,
  context: Context,
  held?: NonNullable<Staleness['held']>,
): Promise<void> {
  if (context.signal.aborted || !ofThePage.test(error.code)) return
  const { recipe, page, hash } = scraping
  const seen = { url: addressMark(scraping), recipeHash: hash, etag: '', lastModified: '', at: context.clock.now() }
  const staleness = { code: error.code, reason: error.message, ...(held === undefined ? {} : { held }) }
  const { postgres } = context.stores
  const [first, ...others] = watched(scraping, config)
  if (first === undefined) return
  await noted(first, context, () => noteStale(postgres, { recipe: recipe.recipe, page: page.page }, seen, staleness))
  if (!config.incidents) return
  const trouble = { code: error.code, message: error.message, down: unreachable.test(error.code) }
  for (const what of [first, ...others]) {
    await noted(what, context, async () => {
      const versions = await heldVersions(postgres, what.dataset, context, what.part)
      await raiseTrouble(what, trouble, versions === undefined ? null : { tier: 'cache', ...versions }, context)
    })
  }
}

/** An address of the recipe is public as a whole; one that somebody gave is shown without its query, for tokens lie there. */
export function shownAddress(url: string, page: RecipePage): string {
  return url === page.url ? url : withoutSecrets(url)
}

/** By which the table of pages tells addresses apart, without what may be secret. */
export function addressMark({ url, shown }: Scraping): string {
  return url === shown ? url : `${shown}#${createHash('sha256').update(url).digest('hex').slice(0, 16)}`
}
