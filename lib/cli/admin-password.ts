import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { PipelineError } from '../errors.ts'
import { makePassword } from '../settings/admin-password.ts'
import { usualUserDir } from '../settings/user-dir.ts'

/** The help of `admin-password`. */
export const adminPasswordHelp = `ysh-pipeline admin-password

  Makes a new password for the editor's login and shows it, once. It holds from the next login on; who was logged in has to log in again.

  --user-dir DIR     Node-RED's user folder (NODE_RED_USER_DIR)

Only for a password that Node-RED made itself. One that is given by NODE_RED_ADMIN_PASSWORD or NODE_RED_ADMIN_PASSWORD_HASH is changed there.`

/** Makes the password. Throws CLI_USAGE. */
export function newAdminPassword(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): { text: string } {
  const { help, folder } = optionsOf(args)
  if (help) return { text: adminPasswordHelp }
  const given = ['NODE_RED_ADMIN_PASSWORD', 'NODE_RED_ADMIN_PASSWORD_HASH']
    .flatMap((name) => [name, `${name}_FILE`])
    .find((name) => (env[name] ?? '') !== '')
  if (given !== undefined) throw new PipelineError('CLI_USAGE', `The password is given by ${given}: change it there`)
  const userDir = resolve(folder ?? (env.NODE_RED_USER_DIR || usualUserDir()))
  if (!existsSync(join(userDir, 'flows.json'))) {
    throw new PipelineError('CLI_USAGE', `${userDir} is no user folder of Node-RED: say it by --user-dir DIR`)
  }
  const password = makePassword(userDir)
  return { text: `${password}\n\nShown only now. User: ${env.NODE_RED_ADMIN_USER || 'admin'}.` }
}

function optionsOf(args: readonly string[]): { help: boolean; folder: string | undefined } {
  const options = { 'user-dir': { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const
  try {
    const { values } = parseArgs({ args: [...args], options })
    return { help: values.help ?? false, folder: values['user-dir'] }
  } catch (cause) {
    throw new PipelineError('CLI_USAGE', cause instanceof Error ? cause.message : String(cause), { cause })
  }
}
