import type { BackupProgress, BackupResult } from '../backup/backup.ts'
import type { RestoreResult } from '../backup/restore.ts'

const figure = (value: number) => value.toLocaleString('en-US')
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`

/** How far a backup or a restore is, for people. */
export function underWay({ phase, done }: BackupProgress): string {
  if (phase === 'prune') return 'removing old backups …'
  return `${figure(done)} ${{ objects: 'objects', rows: 'rows', check: 'files checked' }[phase]} …`
}

/** What a backup brought, for people. */
export function made(result: BackupResult): string {
  const objects = {
    copied: `${figure(result.objects)} objects (${megabytes(result.objectBytes)}; new: ${figure(result.copied)}, ${megabytes(result.copiedBytes)})`,
    listed: `${figure(result.objects)} objects listed, not copied: their bucket must keep them (versioning, replication)`,
    none: 'no objects',
  }
  return [
    `Backup ${result.id} in ${result.location}, as of ${result.takenAt}`,
    `  ${figure(result.rows)} rows of ${result.tables} tables (${megabytes(result.rowBytes)} packed)`,
    `  ${objects[result.kept]}`,
    ...(result.userFiles.length > 0 ? [`  files of Node-RED: ${result.userFiles.join(', ')}`] : []),
    ...(result.vectors === 'elsewhere'
      ? ['  vectors lie in a Qdrant and are not part of it: a restore has them built anew']
      : []),
    ...(result.leftOut.length > 0 ? [`  left out, for they read tables of others: ${result.leftOut.join(', ')}`] : []),
    ...(result.removed.length > 0 ? [`  removed: ${result.removed.join(', ')}`] : []),
    `  ${result.seconds} s`,
  ].join('\n')
}

/** What a restore brought, for people. */
export function restored(result: RestoreResult, asCopy: boolean): string {
  const runs = asCopy
    ? 'unfinished runs were cancelled'
    : 'unfinished runs go on in the next Node-RED that has their flow'
  const outbox = asCopy
    ? 'notifications that waited were given up'
    : 'notifications wait to be sent, some perhaps once more'
  return [
    `Restored ${result.id}, as of ${result.takenAt}`,
    `  ${figure(result.rows)} rows of ${result.tables} tables, ${figure(result.objects)} objects`,
    ...(result.userFiles.length > 0 ? [`  files of Node-RED: ${result.userFiles.join(', ')}`] : []),
    ...(result.locked.length > 0
      ? [`  not restored, for want of --user-dir or of YSH_BACKUP_PASSPHRASE: ${result.locked.join(', ')}`]
      : []),
    `  ${result.unfinished} ${runs}`,
    `  ${result.outbox} ${outbox}`,
    ...(result.slots > 0 ? [`  ${result.slots} schedules make up their newest missed slot only`] : []),
    ...(result.rebuilt.length > 0
      ? [`  to be indexed anew, by a run of their flow: ${result.rebuilt.join(', ')}`]
      : []),
    '  A Redis beside it must be emptied now: it may know answers from after the backup.',
    `  ${result.seconds} s`,
  ].join('\n')
}
