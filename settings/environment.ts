import { isAbsolute } from 'node:path'
import { PipelineError } from '../lib/errors.ts'
import { isReference } from '../lib/secrets/reference.ts'
import { checkPassword } from '../lib/settings/admin-password.ts'
import { revealNow } from '../lib/settings/reveal-now.ts'
import { type SettingsVariable, settingsVariables } from './variables.ts'

/** An environment; it is changed here. */
export type Environment = Record<string, string | undefined>

/** The variables of the settings; blank ones are left out. Passwords of the admin may still be references. */
export type Given = Partial<Record<SettingsVariable, string>>

/** Has a meaning of its own. */
const otherFiles = ['YSH_API_KEY_FILE']

/**
 * Reads the variables of the settings. `NAME_FILE` of a secret, and of any `YSH_…`, becomes the reference `file:…` under its name, so that flows find it by
 * `${NAME}`. Secrets of the settings are taken out of the environment: flows and child processes need not see them. Throws SETTINGS_INVALID.
 */
export function takeEnvironment(env: Environment): Given {
  const secrets = settingsVariables.flatMap((each) => ('secret' in each ? [each.name] : []))
  for (const [name, path = ''] of Object.entries(env)) {
    if (!name.endsWith('_FILE') || otherFiles.includes(name) || path.trim() === '') continue
    const own = name.slice(0, -'_FILE'.length)
    if (!own.startsWith('YSH_') && !secrets.some((secret) => secret === own)) continue
    if ((env[own] ?? '') !== '') throw new PipelineError('SETTINGS_INVALID', `Set ${own} or ${name}, not both`)
    if (!isAbsolute(path.trim())) throw new PipelineError('SETTINGS_INVALID', `${name} wants a whole path`)
    env[own] = `file:${path.trim()}`
  }
  const given: Given = {}
  for (const { name } of settingsVariables) {
    const value = env[name] ?? ''
    if (value !== '') given[name] = value
  }
  // looked up all the same, so that a wrong reference is said at the start and not at the first login
  const revealed = revealNow(Object.fromEntries(secrets.map((name) => [name, given[name]])))
  if (revealed.NODE_RED_ADMIN_PASSWORD !== undefined) checkPassword(revealed.NODE_RED_ADMIN_PASSWORD)
  for (const name of secrets) {
    delete env[name]
    const value = revealed[name]
    const lasting = name === 'NODE_RED_ADMIN_PASSWORD' && isReference(given[name] ?? '')
    if (value !== undefined && !lasting) given[name] = value
  }
  return given
}
