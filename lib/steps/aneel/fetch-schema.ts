import { FailedTierSchema, TierSchema } from '../../runs/fallback.ts'
import { type Infer, Type } from '../../schema.ts'

/** Where the portal is and how we present ourselves to it. Filled in from the node `ysh-aneel-portal`. */
export const PortalSchema = Type.Object(
  {
    url: Type.String({
      default: 'https://dadosabertos.aneel.gov.br',
      pattern: '^https?://[^\\s]+$',
      title: 'Address of the portal',
      description: 'Base URL of the CKAN portal, without /api',
    }),
    contact: Type.String({
      default: '',
      title: 'Contact',
      description: 'E-mail or page that the User-Agent names, so that the portal can reach you',
    }),
    connectTimeoutMs: Type.Integer({ default: 30_000, minimum: 100, maximum: 600_000 }),
    idleTimeoutMs: Type.Integer({
      default: 90_000,
      minimum: 100,
      maximum: 600_000,
      description: 'A download is given up when no byte arrives for this long',
    }),
    totalTimeoutMs: Type.Integer({ default: 3_600_000, minimum: 1_000, maximum: 86_400_000 }),
    tries: Type.Integer({
      default: 4,
      minimum: 1,
      maximum: 20,
      description: 'Tries a request, with backoff and jitter',
    }),
    backoffMs: Type.Integer({ default: 2_000, minimum: 1, maximum: 600_000 }),
    backups: Type.Array(Type.String({ pattern: '^https?://[^\\s]+$' }), {
      default: [],
      maxItems: 5,
      title: 'Backup portals',
      description: 'Base addresses of mirrors with the same catalogue, asked in this order when the portal fails',
    }),
    incidents: Type.Boolean({
      default: true,
      title: 'Incidents',
      description: 'Whether a failure opens an incident, about which the administrator is alerted once',
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
export type Portal = Infer<typeof PortalSchema>

/** Config of the step `aneel-fetch`. */
export const FetchConfigSchema = Type.Object(
  {
    dataset: Type.String({
      default: '',
      title: 'Dataset',
      description:
        'Contract name (aneel.tarifas) or any slug of the portal; blank takes it from the message (`payload.dataset`)',
    }),
    parts: Type.String({
      default: '',
      pattern: '^(|latest|latest-two|all|[A-Za-z0-9._-]+(,[A-Za-z0-9._-]+)*)$',
      title: 'Parts',
      description:
        'For datasets with a file a year: latest, latest-two, all, or years with commas; blank takes the contract’s',
    }),
    mode: Type.Enum(['incremental', 'full', 'cached'], {
      default: 'incremental',
      title: 'Mode',
      description:
        'incremental asks first whether anything changed; full downloads and compares in any case; cached answers with the last good version without asking anybody',
    }),
    whenAllFail: Type.Enum(['error', 'last-good'], {
      default: 'error',
      title: 'When every source fails',
      description: 'error fails and names the last good version; last-good goes on with it',
    }),
    format: Type.Enum(['csv', 'parquet'], {
      default: 'csv',
      title: 'Format',
      description: 'parquet downloads far less and needs the optional package @duckdb/node-api',
    }),
    keepPersonal: Type.Array(Type.String(), {
      default: [],
      title: 'Personal columns to keep',
      description: 'Column names; without them personal data (LGPD) never reaches a table',
    }),
    archive: Type.Boolean({
      default: true,
      title: 'Archive the raw file',
      description: 'Keeps every published raw file in the object store, by SHA-256',
    }),
    portal: PortalSchema,
  },
  { additionalProperties: false },
)
export type FetchConfig = Infer<typeof FetchConfigSchema>

/** Input of the step: which dataset, where the config does not say. */
export const FetchInputSchema = Type.Object({
  dataset: Type.Optional(Type.String()),
  parts: Type.Optional(Type.String()),
  /** Code of the error because of which the last good version is asked for (mode cached). */
  why: Type.Optional(Type.String()),
})

/** One part of the dataset as it stands after the step. A dataset without parts has one, named ''. */
export const PartManifestSchema = Type.Object({
  part: Type.String(),
  outcome: Type.Enum(['published', 'unchanged']),
  /** How it was told: 304 and so on; for a person to read. */
  reason: Type.String(),
  version: Type.Integer(),
  publishedAt: Type.String(),
  rows: Type.Integer(),
  new: Type.Integer(),
  changed: Type.Integer(),
  vanished: Type.Integer(),
  quarantined: Type.Integer(),
  warnings: Type.Array(Type.String()),
  artifact: Type.Union([
    Type.Object({ sha256: Type.String(), bytes: Type.Integer(), key: Type.String() }),
    Type.Null(),
  ]),
  source: Type.Object({
    /** Who answered: not necessarily where the version once came from. */
    tier: TierSchema,
    /** Age in seconds of what is served, from its publication here. */
    ageSeconds: Type.Number(),
    /** The better tiers, and why they did not serve. */
    why: Type.Array(FailedTierSchema),
    url: Type.String(),
    etag: Type.String(),
    lastModified: Type.String(),
  }),
})

/** The manifest that the step sends on. */
export const FetchOutputSchema = Type.Object({
  dataset: Type.String(),
  /** `published` when any part was. */
  outcome: Type.Enum(['published', 'unchanged']),
  /** Who answered; of several parts the lowest tier, with its age and why. */
  tier: TierSchema,
  ageSeconds: Type.Number(),
  why: Type.Array(FailedTierSchema),
  /** The view to query. */
  table: Type.String(),
  rows: Type.Integer(),
  new: Type.Integer(),
  changed: Type.Integer(),
  vanished: Type.Integer(),
  quarantined: Type.Integer(),
  seconds: Type.Number(),
  warnings: Type.Array(Type.String()),
  parts: Type.Array(PartManifestSchema),
  attribution: Type.String(),
})
export type PartManifest = Infer<typeof PartManifestSchema>
export type FetchManifest = Infer<typeof FetchOutputSchema>
