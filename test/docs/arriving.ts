/**
 * Documents and commands that the operator's pages speak of and that are being written beside them. To be emptied as they arrive: a name that is
 * there already fails the test.
 */
export const arriving: {
  readonly documents: readonly string[]
  readonly commands: readonly string[]
  readonly variables: readonly string[]
} = {
  documents: ['docs/backup.md', 'docs/disturbances.md', 'docs/airflow.md'],
  commands: ['backup', 'restore', 'backups'],
  variables: ['YSH_BACKUP', 'YSH_BACKUP_PASSPHRASE'],
}
