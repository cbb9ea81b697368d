import { PipelineError } from '../errors.ts'
import { reveal } from '../secrets/reveal.ts'

/** The variable that holds the passphrase of the secrets in backups. */
export const passphraseVariable = 'YSH_BACKUP_PASSPHRASE'
const shortest = 12

/** The passphrase behind a value, which may be a reference (`file:`, `ssm:` …); undefined where none is set. Throws BACKUP_PASSPHRASE, SECRET_…. */
export async function passphraseOf(value: string | undefined, signal: AbortSignal): Promise<string | undefined> {
  if (!value) return undefined
  const passphrase = await reveal(value, signal)
  if (passphrase.length >= shortest) return passphrase
  throw new PipelineError('BACKUP_PASSPHRASE', `${passphraseVariable} has fewer than ${shortest} characters`)
}
