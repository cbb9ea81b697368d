import { TierSchema } from '../../runs/fallback.ts'
import { type Infer, Type } from '../../schema.ts'

/** Config of the step `utility-scrape`. */
export const ScrapeConfigSchema = Type.Object(
  {
    recipe: Type.String({
      default: '',
      pattern: '^(|[a-z][a-z0-9-]{0,60})$',
      title: 'Recipe',
      description: 'A recipe of the package; blank takes the own one, or the message’s (`payload.recipe`)',
    }),
    ownRecipe: Type.String({
      default: '',
      maxLength: 200_000,
      title: 'Own recipe',
      description: 'A recipe as JSON, used when none of the package is chosen; docs/recipes.md says how one is written',
    }),
    page: Type.String({
      default: '',
      pattern: '^(|[a-z][a-z0-9-]{0,60})$',
      title: 'Page',
      description: 'For recipes of several pages: which; blank takes the only one, or the message’s (`payload.page`)',
    }),
    url: Type.String({
      default: '',
      pattern: '^(|https?://\\S+)$',
      title: 'Address',
      description: 'Another address of the same page; blank takes the recipe’s',
    }),
    mode: Type.Enum(['incremental', 'full'], {
      default: 'incremental',
      title: 'Mode',
      description: 'incremental asks first whether the page changed; full reads it in any case',
    }),
    whenLayoutChanges: Type.Enum(['hold', 'accept'], {
      default: 'hold',
      title: 'When the layout changes',
      description:
        'hold keeps the last good values, marked stale, until a person accepts the new layout; accept goes on with whatever the recipe still finds',
    }),
    archive: Type.Boolean({
      default: true,
      title: 'Archive the page',
      description: 'Keeps every page that was published or held in the object store, by SHA-256',
    }),
    contact: Type.String({
      default: '',
      maxLength: 200,
      title: 'Contact',
      description: 'E-mail or page that the User-Agent names, so that the site can reach you',
    }),
    paceMs: Type.Integer({
      default: 2_000,
      minimum: 0,
      maximum: 600_000,
      title: 'Pace',
      description:
        'Least time between two requests to the same host, in milliseconds, among all nodes; a longer Crawl-delay counts more',
    }),
    maxBytes: Type.Integer({
      default: 10_000_000,
      minimum: 1_000,
      maximum: 50_000_000,
      title: 'Largest page',
      description: 'In bytes; a larger one is refused',
    }),
    idleTimeoutMs: Type.Integer({
      default: 30_000,
      minimum: 100,
      maximum: 600_000,
      description: 'The request is given up when no byte arrives for this long, in milliseconds',
    }),
    totalTimeoutMs: Type.Integer({
      default: 120_000,
      minimum: 1_000,
      maximum: 3_600_000,
      description: 'Longest time for one page with all tries, in milliseconds',
    }),
    tries: Type.Integer({ default: 3, minimum: 1, maximum: 20, description: 'Tries, with backoff and jitter' }),
    backoffMs: Type.Integer({
      default: 2_000,
      minimum: 1,
      maximum: 600_000,
      description: 'Wait before the second try, in milliseconds; it doubles with each',
    }),
    incidents: Type.Boolean({
      default: true,
      title: 'Incidents',
      description:
        'Whether a failure, a held layout or a block opens an incident, about which the administrator is alerted once',
    }),
    flapMinutes: Type.Integer({
      default: 30,
      minimum: 0,
      maximum: 10_080,
      title: 'Flapping',
      description: 'An incident that comes back within so many minutes is the same one, without another alert',
    }),
  },
  { additionalProperties: false },
)
export type ScrapeConfig = Infer<typeof ScrapeConfigSchema>

/** Input of the step. */
export const ScrapeInputSchema = Type.Object({
  recipe: Type.Optional(Type.String()),
  page: Type.Optional(Type.String()),
  /** Another address of the same page, such as a mirror's, where the config has none. */
  url: Type.Optional(Type.String({ pattern: '^https?://\\S+$' })),
  /** Fingerprint of a held layout that a person accepts. */
  acceptLayout: Type.Optional(Type.String()),
})

/** One dataset as it stands after the step. */
export const ScrapedDatasetSchema = Type.Object({
  dataset: Type.String(),
  /** The view to query; its column `parte` tells the pages apart. */
  table: Type.String(),
  part: Type.String(),
  version: Type.Integer(),
  publishedAt: Type.String(),
  rows: Type.Integer(),
  new: Type.Integer(),
  changed: Type.Integer(),
  vanished: Type.Integer(),
  warnings: Type.Array(Type.String()),
})

/** A document that the page links to: an item for the extraction of PDFs. */
export const DocumentSchema = Type.Object({
  url: Type.String(),
  text: Type.String(),
  heading: Type.String(),
  /** Seen by this run for the first time. */
  new: Type.Boolean(),
})

/** The manifest that the step sends on. */
export const ScrapeOutputSchema = Type.Object({
  recipe: Type.String(),
  page: Type.String(),
  url: Type.String(),
  /**
   * `stale`: the layout changed, and the last good values stay until a person accepts the new one. `blocked`: a challenge or a page that
   * only a script fills came instead of the page.
   */
  outcome: Type.Enum(['published', 'unchanged', 'stale', 'blocked']),
  reason: Type.String(),
  /** `cache`: the last good values are served, because the page could not be read. */
  tier: TierSchema,
  /** Age in seconds of the oldest value that is served, from its publication here. */
  ageSeconds: Type.Number(),
  datasets: Type.Array(ScrapedDatasetSchema),
  layout: Type.Object({
    /** Of the page as it is now; blank when it was not read. */
    fingerprint: Type.String(),
    /** What is different from the accepted one. */
    changes: Type.Array(Type.Object({ where: Type.String(), was: Type.String(), is: Type.String() })),
  }),
  documents: Type.Array(DocumentSchema),
  charset: Type.String(),
  /** The archived page. */
  artifact: Type.Union([
    Type.Object({ sha256: Type.String(), bytes: Type.Integer(), key: Type.String() }),
    Type.Null(),
  ]),
  seconds: Type.Number(),
  attribution: Type.String(),
})
export type ScrapeManifest = Infer<typeof ScrapeOutputSchema>
export type ScrapedDataset = Infer<typeof ScrapedDatasetSchema>
