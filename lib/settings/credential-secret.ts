import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { PipelineError } from '../errors.ts'
import { readIfThere, writePrivate } from './private-file.ts'

/** What the credentials of flows are encrypted by. */
export interface CredentialSecret {
  given?: string | undefined
  /** The one before, while it is changed: what it opens is encrypted anew. */
  previous?: string | undefined
}

/** Where the secret lies that was made here. Whoever backs the user folder up needs it. */
export const secretFile = (userDir: string) => join(userDir, 'credential-secret')
const credentialsFile = (userDir: string) => join(userDir, 'flows_cred.json')

/**
 * The secret that Node-RED encrypts credentials with: the given one, else the one in the user folder, which is made when there is none. It is tried
 * on the credentials that are there, because Node-RED would start without its flows. Throws SETTINGS_INVALID with the ways out.
 */
export function credentialSecret(userDir: string, { given, previous }: CredentialSecret): string {
  const own = readIfThere(secretFile(userDir))?.trim()
  const encrypted = encryptedText(userDir)
  const secret = given ?? own
  if (secret === undefined) {
    if (encrypted !== undefined) throw lost(userDir)
    const made = randomBytes(32).toString('base64url')
    writePrivate(secretFile(userDir), `${made}\n`)
    return made
  }
  if (secret.length < 16) {
    throw new PipelineError('SETTINGS_INVALID', 'NODE_RED_CREDENTIAL_SECRET has fewer than 16 characters')
  }
  if (encrypted === undefined || opened(encrypted, secret) !== undefined) return secret
  for (const before of [previous, own]) {
    const credentials = before === undefined ? undefined : opened(encrypted, before)
    if (credentials === undefined) continue
    writePrivate(credentialsFile(userDir), JSON.stringify({ $: closed(credentials, secret) }))
    return secret
  }
  throw lost(userDir)
}

function lost(userDir: string): PipelineError {
  return new PipelineError(
    'SETTINGS_INVALID',
    `The credentials in ${credentialsFile(userDir)} were encrypted with another secret than the one at hand. One of these: ` +
      `bring back the file ${secretFile(userDir)} from a backup; set NODE_RED_CREDENTIAL_SECRET to the old secret; ` +
      `to change it, set the new one, and the old one as NODE_RED_CREDENTIAL_SECRET_PREVIOUS; ` +
      `if it is lost, move flows_cred.json away and type the credentials of the flows anew`,
  )
}

/** The encrypted credentials as Node-RED keeps them; undefined where there are none. */
function encryptedText(userDir: string): string | undefined {
  const text = readIfThere(credentialsFile(userDir))
  // an own key of Node-RED, of a start without these settings: it moves the credentials over itself
  if (text === undefined || readIfThere(join(userDir, '.config.runtime.json'))?.includes('"_credentialSecret"'))
    return undefined
  try {
    const kept: unknown = JSON.parse(text)
    return typeof kept === 'object' && kept !== null && '$' in kept && typeof kept.$ === 'string' ? kept.$ : undefined
  } catch {
    return undefined // Node-RED says so itself
  }
}

// Node-RED's form: AES-256-CTR with the secret's SHA-256 as key; 16 bytes of counter in hex, then the text in base64.
const keyOf = (secret: string) => createHash('sha256').update(secret).digest()

function opened(encrypted: string, secret: string): string | undefined {
  try {
    const cipher = createDecipheriv('aes-256-ctr', keyOf(secret), Buffer.from(encrypted.slice(0, 32), 'hex'))
    const text = cipher.update(encrypted.slice(32), 'base64', 'utf8') + cipher.final('utf8')
    JSON.parse(text)
    return text
  } catch {
    return undefined
  }
}

function closed(text: string, secret: string): string {
  const counter = randomBytes(16)
  const cipher = createCipheriv('aes-256-ctr', keyOf(secret), counter)
  return counter.toString('hex') + cipher.update(text, 'utf8', 'base64') + cipher.final('base64')
}
