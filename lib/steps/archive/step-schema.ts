import { type Infer, Type } from '../../schema.ts'

/** Config of the step `archive`. */
export const ArchiveConfigSchema = Type.Object(
  {
    action: Type.Enum(['archive', 'restore'], {
      default: 'archive',
      description: 'Put files into the archive, or ask for them back',
    }),
    bucket: Type.String({
      default: '',
      pattern: '^(|[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])$',
      description: 'Bucket of the archive; blank keeps it in a folder',
    }),
    prefix: Type.String({ default: 'archive', maxLength: 500, description: 'Before every key in the bucket' }),
    region: Type.String({ default: '', maxLength: 50, description: 'Blank is what the environment says' }),
    endpoint: Type.String({
      default: '',
      pattern: '^(|https?://\\S+)$',
      description: 'Address of another server that speaks S3; blank is AWS',
    }),
    accessKeyId: Type.String({ default: '', description: 'Blank uses what the machine has' }),
    secretAccessKey: Type.String({ default: '', description: 'Of the access key' }),
    storageClass: Type.Enum(['STANDARD', 'STANDARD_IA', 'GLACIER_IR', 'GLACIER', 'DEEP_ARCHIVE'], {
      default: 'GLACIER_IR',
      description: 'Where S3 keeps the files; GLACIER and DEEP_ARCHIVE have to be restored before they can be read',
    }),
    rule: Type.Enum(['none', 'check', 'put'], {
      default: 'none',
      description:
        'Instead of storing in that class at once: a lifecycle rule of the bucket moves the files there; it is looked for, or put',
    }),
    ruleDays: Type.Integer({
      default: 30,
      minimum: 0,
      maximum: 36_500,
      description: 'After how many days it moves them',
    }),
    folder: Type.String({ default: '', maxLength: 1_000, description: 'Folder of the archive, without a bucket' }),
    removeLocal: Type.Boolean({
      default: false,
      description: 'Removes the copy in the object store, once the one in the archive is proved equal',
    }),
    restoreDays: Type.Integer({
      default: 7,
      minimum: 1,
      maximum: 3_650,
      description: 'How many days a restored file can be read in the archive',
    }),
    tier: Type.Enum(['Bulk', 'Standard', 'Expedited'], {
      default: 'Standard',
      description: 'How fast, and at what price: hours (Bulk up to 48), or minutes (Expedited, not from DEEP_ARCHIVE)',
    }),
    bringBack: Type.Boolean({
      default: true,
      description: 'Copies a restored file into the object store, where the other nodes find it',
    }),
  },
  { additionalProperties: false },
)
/** {@link ArchiveConfigSchema} as a type. */
export type ArchiveConfig = Infer<typeof ArchiveConfigSchema>

/** Most files of one message; more go through `each`. */
const maxItems = 200

const Reference = Type.Object({ key: Type.String(), sha256: Type.String(), bytes: Type.Integer() })
const Named = Type.Union([Type.String(), Reference])

/** Input of the step: files, or the manifest of another step that has some. */
export const ArchiveInputSchema = Type.Object({
  /** Keys, SHA-256 or references. */
  artifact: Type.Optional(Type.Union([Named, Type.Array(Named, { maxItems }), Type.Null()])),
  file: Type.Optional(Type.Union([Reference, Type.Null()])),
  /** Parts of a dataset, each with its raw file. */
  parts: Type.Optional(
    Type.Array(Type.Object({ artifact: Type.Optional(Type.Union([Reference, Type.Null()])) }), { maxItems }),
  ),
  /** Where they came from, for the catalogue. */
  source: Type.Optional(Type.String()),
  /** Counts up each time the answer "waiting" is sent round, so that it is asked anew. */
  look: Type.Optional(Type.Integer({ minimum: 0 })),
})
/** {@link ArchiveInputSchema} as a type. */
export type ArchiveInput = Infer<typeof ArchiveInputSchema>

const ItemOutcome = Type.Enum(['archived', 'unchanged', 'requested', 'in progress', 'restored'])

/** What became of one file. */
export const ArchivedItemSchema = Type.Object({
  key: Type.String(),
  sha256: Type.String(),
  bytes: Type.Integer(),
  outcome: ItemOutcome,
  class: Type.String(),
  /** How the copy was proved: by S3's SHA-256, by reading it, or only by its length. */
  verified: Type.Enum(['sha256', 'read', 'length']),
  localRemoved: Type.Boolean(),
  /** Until when a restored file can be read in the archive (ISO). */
  until: Type.Union([Type.String(), Type.Null()]),
})
/** {@link ArchivedItemSchema} as a type. */
export type ArchivedItem = Infer<typeof ArchivedItemSchema>

/** The manifest that the step sends on. */
export const ArchiveOutputSchema = Type.Object({
  action: Type.Enum(['archive', 'restore']),
  /** The slowest of the files: `requested` before `in progress` before the rest. */
  outcome: ItemOutcome,
  /** `s3://bucket/prefix`, or a folder. */
  place: Type.String(),
  files: Type.Integer(),
  bytes: Type.Integer(),
  /** Files that are still to be waited for. */
  waiting: Type.Integer(),
  /** The lifecycle rule, where one is asked for. */
  rule: Type.Enum(['none', 'there', 'put']),
  items: Type.Array(ArchivedItemSchema),
  /** Keys of the files, for the next step, or to ask again. */
  artifact: Type.Array(Type.String()),
  look: Type.Integer(),
})
/** {@link ArchiveOutputSchema} as a type. */
export type ArchiveManifest = Infer<typeof ArchiveOutputSchema>
