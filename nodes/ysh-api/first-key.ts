import { readFile } from 'node:fs/promises'
import { createKey, listKeys, putKey } from '../../lib/api/access/keys.ts'
import { PipelineError } from '../../lib/errors.ts'
import { reveal } from '../../lib/secrets/reveal.ts'
import type { Logger } from '../../lib/steps/step.ts'
import type { PostgresStore } from '../../lib/stores/postgres/port.ts'

/** Where a key is shown to a person, and kept by nobody: a terminal. */
interface Terminal {
  isTTY?: boolean
  write(text: string): unknown
}

/**
 * Sees to it that there is a key. One that is given (the credential, or the file that `YSH_API_KEY_FILE` names) is put in. Else, when there is
 * neither a key nor an issuer of tokens, one is made and shown once on the terminal that Node-RED was started in; it never goes into a log,
 * for logs are kept. Without a terminal the log says how to make one. Throws API_KEY_INVALID, and what the store throws.
 */
export async function offerFirstKey(
  postgres: PostgresStore,
  {
    given,
    hasTokens,
    log,
    terminal = process.stderr,
  }: { given: string; hasTokens: boolean; log: Logger; terminal?: Terminal },
): Promise<void> {
  const key = given === '' ? await fromFile() : (await reveal(given)).trim()
  if (key !== '') {
    if (await putKey(postgres, key, 'configuration')) log.info('The first API key was put in')
    return
  }
  if (hasTokens || (await listKeys(postgres)).length > 0) return
  if (terminal.isTTY !== true) {
    log.warn(
      'There is no API key yet. Make the first one in the dialog of ysh-api, or by `ysh-pipeline api-keys create`',
    )
    return
  }
  const made = await createKey(postgres, { name: 'first key' }, 'ysh-api')
  terminal.write(`\nThe first key of the data API, shown only now:\n\n  ${made.key}\n\n`)
  log.info('The first API key was made and shown on the terminal', { id: made.row.id })
}

async function fromFile(): Promise<string> {
  const file = process.env.YSH_API_KEY_FILE ?? ''
  if (file === '') return ''
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (cause) {
    throw new PipelineError('API_KEY_INVALID', 'The file that YSH_API_KEY_FILE names cannot be read', { cause })
  }
}
