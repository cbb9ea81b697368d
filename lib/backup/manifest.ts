import { createHash } from 'node:crypto'
import { PipelineError } from '../errors.ts'
import { type Infer, parser, Type } from '../schema.ts'
import { Structure } from './shape.ts'

/** What this code writes, and the newest that it reads. */
export const backupFormat = 1

const strict = { additionalProperties: false }
const sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' })
const count = Type.Integer({ minimum: 0 })

/** A file of a backup: its key there, its length and hash as it lies there. */
const FileSchema = Type.Object({ key: Type.String(), bytes: count, sha256 }, strict)
export type BackupFile = Infer<typeof FileSchema>

const UserFileSchema = Type.Object(
  { path: Type.String(), bytes: count, sha256, encrypted: Type.Boolean(), mode: Type.Integer() },
  strict,
)
/** A file of Node-RED's user folder; hash and length are those of what lies in the backup. */
export type UserFile = Infer<typeof UserFileSchema>

const ManifestSchema = Type.Object(
  {
    format: Type.Literal(backupFormat),
    id: Type.String(),
    /** When the backup was begun, and the instant that its rows are of. */
    beganAt: Type.String(),
    takenAt: Type.String(),
    /** Version of this package. */
    package: Type.String(),
    source: Type.Object({ kind: Type.Enum(['embedded', 'server']), version: Type.String() }, strict),
    migrations: Type.Array(Type.Object({ component: Type.String(), id: Type.Integer(), name: Type.String() }, strict)),
    structure: Structure,
    /** Rows of the tables that have some: PostgreSQL's binary COPY without header and trailer, by gzip. */
    rows: Type.Array(Type.Object({ table: Type.String(), rows: count, file: FileSchema }, strict)),
    /** Last values of identity columns. */
    sequences: Type.Array(Type.Object({ table: Type.String(), column: Type.String(), value: Type.String() }, strict)),
    /** Where the points of vectors lie: in the rows, or in a Qdrant, which is not part of this. */
    vectors: Type.Enum(['rows', 'elsewhere', 'none']),
    objects: Type.Object(
      {
        /** `copied`: they are in the backup; `listed`: only what they are; `none`: nobody asked for them. */
        kept: Type.Enum(['copied', 'listed', 'none']),
        location: Type.String(),
        objects: count,
        bytes: count,
        /** JSON lines by gzip, in the order of the keys. */
        list: Type.Union([FileSchema, Type.Null()]),
      },
      strict,
    ),
    user: Type.Array(UserFileSchema),
  },
  strict,
)
/** What a backup holds. It is written last: without it there is no backup. */
export type Manifest = Infer<typeof ManifestSchema>

const manifests = parser(ManifestSchema, 'The manifest of the backup', 'BACKUP_DAMAGED')
const envelopes = parser(
  Type.Object({ format: Type.Integer(), sha256, content: Type.Unknown() }),
  'The manifest of the backup',
  'BACKUP_DAMAGED',
)

/** A manifest as bytes, with its own hash. */
export function writeManifest(manifest: Manifest): Buffer {
  // Nothing behind its last bracket, so that a single missing byte is noticed.
  return Buffer.from(
    JSON.stringify({ format: backupFormat, sha256: hashOf(manifest), content: manifest }, undefined, 1),
  )
}

/** Reads a manifest. Throws BACKUP_DAMAGED, BACKUP_NEWER for one of a newer format. */
export function readManifest(bytes: Buffer): Manifest {
  let value: unknown
  try {
    value = JSON.parse(bytes.toString('utf8'))
  } catch {
    throw new PipelineError('BACKUP_DAMAGED', 'The manifest of the backup is no JSON: it was cut or altered')
  }
  const { format, sha256: expected, content } = envelopes.parse(value)
  if (format > backupFormat) {
    throw new PipelineError(
      'BACKUP_NEWER',
      `The backup has format ${format}, this version reads up to ${backupFormat}: restore it with the version that made it, or a newer one`,
      { details: { expected: backupFormat, actual: format } },
    )
  }
  if (hashOf(content) !== expected) {
    throw new PipelineError('BACKUP_DAMAGED', 'The manifest of the backup was altered: it does not have its own hash')
  }
  return manifests.parse(content)
}

function hashOf(content: unknown): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('hex')
}
