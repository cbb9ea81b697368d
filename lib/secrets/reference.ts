import { PipelineError } from '../errors.ts'

/** Where a secret lies, as a reference says it. */
export type SecretReference =
  | { kind: 'env'; name: string }
  | { kind: 'file'; path: string }
  | { kind: 'ssm'; name: string }
  | { kind: 'secretsmanager'; name: string; key: string | undefined }

/** How a reference begins. A pattern for schemas of fields that take an address or a reference. */
export const referencePattern = '(env|file|ssm|secretsmanager):\\S+'
const begins = /^(env|file|ssm|secretsmanager):/
const forms = 'env:NAME, file:/path, ssm:/path/name, secretsmanager:name or secretsmanager:name#key'

/** Whether a value says where a secret lies, and is not the secret itself. */
export function isReference(value: string): boolean {
  return begins.test(value)
}

/**
 * Reads a reference; undefined for any other value. Throws SECRET_REFERENCE for one that begins like a reference and is none: the value is
 * not in the message, for it may be a secret after all.
 */
export function parseReference(value: string): SecretReference | undefined {
  const kind = begins.exec(value)?.[1]
  if (kind === undefined) return undefined
  const rest = value.slice(kind.length + 1).trim()
  if (kind === 'env' && /^[A-Za-z_]\w*$/.test(rest)) return { kind, name: rest }
  if (kind === 'file') {
    const path = rest.replace(/^\/\/(?=\/)/, '')
    if (/^(\/|[A-Za-z]:[\\/])./.test(path) && !path.includes('\0')) return { kind, path }
  }
  // a version or label of a parameter follows a colon; an ARN has colons as well
  if (kind === 'ssm' && /^[\w./:-]{1,1100}$/.test(rest)) return { kind, name: rest }
  const [, name, key] = kind === 'secretsmanager' ? (/^([\w/+=.@:-]{1,600})(?:#(.+))?$/.exec(rest) ?? []) : []
  if (name !== undefined) return { kind: 'secretsmanager', name, key }
  throw new PipelineError(
    'SECRET_REFERENCE',
    `A value begins with "${kind}:" and is no reference to a secret: ${forms}. If it is the secret itself, put it into a file`,
  )
}

/** A reference as messages name it. */
export function nameOf(reference: SecretReference): string {
  if (reference.kind === 'file') return `file:${reference.path}`
  if (reference.kind !== 'secretsmanager') return `${reference.kind}:${reference.name}`
  return `secretsmanager:${reference.name}${reference.key === undefined ? '' : `#${reference.key}`}`
}
