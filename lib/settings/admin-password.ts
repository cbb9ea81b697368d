import { randomInt } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { PipelineError } from '../errors.ts'
import { parser, Type } from '../schema.ts'
import { compare, hashSync } from '../vendor/bcrypt.ts'
import { readIfThere, writePrivate } from './private-file.ts'

/** Rounds of bcrypt, as a power of two: a quarter of a second on a small machine. */
const cost = 10
/** bcrypt looks at no more. */
const maxBytes = 72
/** Shortest password that may be given. */
const minLength = 8
/** Without 0 and O, 1, l and I: people type it from a terminal. */
const letters = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'

/** The login of the editor as it lies in the user folder: the password only as its hash. */
export interface AdminLogin {
  hash: string
  /** ISO. */
  madeAt: string
}
const logins = parser(
  Type.Object({ hash: Type.String({ pattern: '^\\$2[aby]\\$' }), madeAt: Type.String() }),
  'The login',
  'SETTINGS_INVALID',
)

const fileOf = (userDir: string) => join(userDir, 'admin-login.json')

/** Where a first password lies that could be shown on no terminal. */
export const firstPasswordFile = (userDir: string) => join(userDir, 'first-admin-password')

/** The kept login; undefined where none was made. Throws SETTINGS_INVALID when the file is damaged. */
export function keptLogin(userDir: string): AdminLogin | undefined {
  const text = readIfThere(fileOf(userDir))
  if (text === undefined) return undefined
  try {
    return logins.parse(JSON.parse(text))
  } catch (cause) {
    throw new PipelineError(
      'SETTINGS_INVALID',
      `${fileOf(userDir)} is damaged; make a new password: ysh-pipeline admin-password --user-dir ${userDir}`,
      { cause },
    )
  }
}

/** Makes a new password and keeps its hash. It is in what comes back and nowhere else. Node-RED ends the sessions of the one before. */
export function makePassword(userDir: string): string {
  // 24 letters of 56: 139 bits
  const password = Array.from({ length: 4 }, () =>
    Array.from({ length: 6 }, () => letters.charAt(randomInt(letters.length))).join(''),
  ).join('-')
  writePrivate(fileOf(userDir), JSON.stringify({ hash: hashSync(password, cost), madeAt: new Date().toISOString() }))
  rmSync(firstPasswordFile(userDir), { force: true })
  return password
}

/** Whether a password belongs to a hash of bcrypt; takes its time. */
export function isPassword(password: string, hash: string): Promise<boolean> {
  return compare(password, hash)
}

/** Checks a hash that somebody gives. Throws SETTINGS_INVALID. */
export function checkHash(hash: string): string {
  if (/^\$2[aby]\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$/.test(hash)) return hash
  throw new PipelineError(
    'SETTINGS_INVALID',
    'NODE_RED_ADMIN_PASSWORD_HASH is no hash of bcrypt (made by: npx node-red admin hash-pw). In a shell or a compose file each $ in it needs care',
  )
}

/** Checks a password that somebody gives. Throws SETTINGS_INVALID. */
export function checkPassword(password: string): string {
  if (password.length < minLength) {
    throw new PipelineError('SETTINGS_INVALID', `NODE_RED_ADMIN_PASSWORD has fewer than ${minLength} characters`)
  }
  if (Buffer.byteLength(password) > 1_000) {
    throw new PipelineError('SETTINGS_INVALID', 'NODE_RED_ADMIN_PASSWORD has more than 1,000 bytes')
  }
  return password
}

/** Whether bcrypt would look at all of it. */
export function fitsHash(password: string): boolean {
  return Buffer.byteLength(password) <= maxBytes
}
