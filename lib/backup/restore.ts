import { PipelineError } from '../errors.ts'
import type { ObjectStore } from '../stores/objects/port.ts'
import type { Migration } from '../stores/postgres/migrate.ts'
import type { PostgresStore } from '../stores/postgres/port.ts'
import type { BackupProgress } from './backup.ts'
import { verifyFile } from './files.ts'
import type { Manifest } from './manifest.ts'
import { readList } from './object-list.ts'
import { chosen, type Repository } from './repository.ts'
import { putObjects, verifyObjects } from './restore-objects.ts'
import { restoreRows } from './restore-rows.ts'
import type { Settled } from './settle.ts'
import { checkTarget } from './target.ts'
import { readUserFiles, userFilesInTheWay, writeUserFiles } from './user-files.ts'

/** Where a backup goes, and how. */
export interface RestoreOptions {
  /** The backup; the newest when left out. */
  id?: string
  postgres: PostgresStore
  /** Left out: objects are not restored, and rows may name what is not there. */
  objects?: ObjectStore
  /** Node-RED's user folder; left out: its files are not restored. */
  userFolder?: string
  passphrase?: string
  /** All migrations that this version knows: a backup with others is a newer version's. */
  known: readonly Migration[]
  /** Replaces what is there. */
  replace?: boolean
  /** A copy to look at: unfinished runs are cancelled, nothing is sent that waited. */
  asCopy?: boolean
  /** The Qdrant of the backup is still as it was at that time; without it a collection that lies there is built anew. */
  keepVectors?: boolean
  signal: AbortSignal
  progress?(progress: BackupProgress): void
}

/** What a restore brought. */
export interface RestoreResult extends Settled {
  id: string
  takenAt: string
  tables: number
  rows: number
  objects: number
  userFiles: string[]
  /** Secrets that stay in the backup for want of a passphrase. */
  locked: string[]
  seconds: number
}

/**
 * Puts a backup into stores that are empty (or that may be replaced) and that nobody uses. Everything is read and compared with its hashes first; rows
 * then come in one transaction, so that they are all there or nothing has changed. Objects that a failed restore leaves are named by nobody and
 * are found in place by the next one. Throws BACKUP_MISSING, BACKUP_DAMAGED, BACKUP_NEWER, BACKUP_NOT_EMPTY, BACKUP_IN_USE, BACKUP_OBJECTS_MISSING,
 * BACKUP_PASSPHRASE, VECTOR_EXTENSION and what the stores throw.
 */
export async function restore(repository: Repository, options: RestoreOptions): Promise<RestoreResult> {
  const { postgres, objects, signal, passphrase, userFolder, replace = false, progress = () => {} } = options
  const began = performance.now()
  const manifest = await chosen(repository, options.id)
  demandKnown(manifest, options.known)
  await verify(repository, manifest, signal, progress)
  const from = repository.objects
  const user = userFolder === undefined ? [] : await readUserFiles(manifest.user, from, { passphrase, signal })

  const epoch = await checkTarget(postgres, { replace })
  if (userFolder !== undefined && !replace) {
    const inTheWay = await userFilesInTheWay(userFolder, user)
    if (inTheWay.length > 0) {
      throw new PipelineError(
        'BACKUP_NOT_EMPTY',
        `${userFolder} has other files already: ${inTheWay.join(', ')}. Restore into an empty folder, or say --replace`,
      )
    }
  }
  const counted = objects === undefined ? 0 : await putObjects(manifest, from, objects, { replace, signal, progress })
  const { rows, settled } = await restoreRows(postgres, manifest, from, {
    epoch,
    asCopy: options.asCopy === true,
    keepVectors: options.keepVectors === true,
    signal,
    progress: (done) => progress({ phase: 'rows', done }),
  })
  if (userFolder !== undefined) await writeUserFiles(userFolder, user)
  return {
    id: manifest.id,
    takenAt: manifest.takenAt,
    tables: manifest.structure.tables.length,
    rows,
    objects: counted,
    userFiles: user.map(({ path }) => path),
    locked: manifest.user.filter(({ path }) => !user.some((each) => each.path === path)).map(({ path }) => path),
    ...settled,
    seconds: Math.round((performance.now() - began) / 100) / 10,
  }
}

/** Reads all of a backup and compares it with its manifest. Throws BACKUP_DAMAGED. */
export async function verify(
  repository: Repository,
  manifest: Manifest,
  signal: AbortSignal,
  progress: (progress: BackupProgress) => void = () => {},
): Promise<void> {
  const { objects } = repository
  let done = 0
  const checked = () => {
    done += 1
    progress({ phase: 'check', done })
  }
  for (const { file } of manifest.rows) {
    await verifyFile(objects, file, signal)
    checked()
  }
  if (manifest.objects.kept === 'copied') await verifyObjects(manifest, objects, signal, checked)
  else for await (const _entry of readList(objects, manifest.objects.list, signal)) signal.throwIfAborted()
  await readUserFiles(
    manifest.user.filter(({ encrypted }) => !encrypted),
    objects,
    { signal },
  )
}

/** Throws BACKUP_NEWER when a table was changed by a migration that this version does not have. */
export function demandKnown({ migrations, package: version }: Manifest, known: readonly Migration[]): void {
  const names = new Map(known.map(({ component, id, name }) => [`${component} ${id}`, name]))
  const unknown = migrations.filter(({ component, id, name }) => names.get(`${component} ${id}`) !== name)
  if (unknown.length === 0) return
  throw new PipelineError(
    'BACKUP_NEWER',
    `The backup was made by version ${version}, which knows more than this one (${unknown.map(({ component, id, name }) => `${component} ${id} "${name}"`).join(', ')}): restore it with that version or a newer one`,
  )
}
