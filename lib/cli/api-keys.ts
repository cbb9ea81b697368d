import { makeKey } from '../api/access/key.ts'
import type { ApiKey } from '../api/access/keys.ts'
import { PipelineError } from '../errors.ts'
import type { Command } from './options.ts'
import { table } from './tables.ts'
import type { Target, WantedKey } from './target.ts'

const unitMs = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** What a command about keys does on a target: its answer as JSON and as text. Throws CLI_USAGE. */
export function prepareKeys(
  action: Command['action'],
  id: string,
  { name, scopes, expires }: Record<string, unknown>,
): (target: Target, by: string) => Promise<{ value: unknown; text: string }> {
  if (action !== 'create' && (name ?? scopes ?? expires) !== undefined) {
    throw new PipelineError('CLI_USAGE', '--name, --scopes and --expires go with create only')
  }
  if (action === 'list') {
    return async (target) => {
      const keys = await target.keys()
      return { value: { keys }, text: keyTable(keys) }
    }
  }
  if (action === 'revoke') {
    return async (target) => {
      const revoked = await target.revokeKey(id)
      return { value: revoked, text: `Revoked: ${revoked.id} (${revoked.name})` }
    }
  }
  if (typeof name !== 'string' || name.trim() === '') {
    throw new PipelineError('CLI_USAGE', 'A key needs a name, by which people know it: --name NAME')
  }
  const wanted: WantedKey = {
    name: name.trim(),
    ...(typeof scopes === 'string' ? { scopes: scopes.split(',').map((scope) => scope.trim()) } : {}),
    ...(typeof expires === 'string' ? { expiresAt: instantOf(expires) } : {}),
  }
  return async (target, by) => {
    const { key, row } = await target.createKey(wanted, by)
    const until = row.expiresAt == null ? 'never expires' : `expires ${row.expiresAt}`
    const text = `${key}\n\nShown only now. ${row.name}: ${row.scopes.join(', ')}; ${until}.`
    return { value: { key, ...row }, text }
  }
}

/** A key that nobody knows yet. Throws CLI_USAGE for anything that does not go with it. */
export function generateKey({ options, ids, json }: Command): string {
  if (ids.length > 0 || Object.keys(options).length > 0) throw new PipelineError('CLI_USAGE', 'generate takes nothing')
  const { key } = makeKey()
  return json ? JSON.stringify({ key }) : key
}

function instantOf(text: string): string {
  const [, count, unit] = /^(\d{1,5})([mhd])$/.exec(text) ?? []
  if (unit === 'm' || unit === 'h' || unit === 'd')
    return new Date(Date.now() + Number(count) * unitMs[unit]).toISOString()
  const instant = /^\d{4}-\d{2}-\d{2}/.test(text) ? new Date(text) : new Date(Number.NaN)
  if (Number.isNaN(instant.getTime())) {
    throw new PipelineError('CLI_USAGE', '--expires wants a date such as 2027-01-31, an instant, or 90d')
  }
  return instant.toISOString()
}

function keyTable(keys: readonly ApiKey[]): string {
  if (keys.length === 0) return 'No keys.'
  const now = new Date().toISOString()
  const state = ({ revokedAt, expiresAt }: ApiKey) =>
    revokedAt != null ? 'revoked' : expiresAt != null && expiresAt <= now ? 'expired' : 'good'
  return table(
    ['ID', 'NAME', 'SCOPES', 'STATE', 'CREATED', 'EXPIRES', 'LAST USED'],
    keys.map((key) => [
      ...[key.id, key.name, key.scopes.join(','), state(key), key.createdAt.slice(0, 16)],
      ...[key.expiresAt?.slice(0, 16) ?? 'never', key.usedAt?.slice(0, 16) ?? 'never'],
    ]),
  )
}
