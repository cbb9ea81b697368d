import { createHash, timingSafeEqual } from 'node:crypto'
import { existsSync, rmSync } from 'node:fs'
import { PipelineError } from '../lib/errors.ts'
import { reveal } from '../lib/secrets/reveal.ts'
import {
  checkHash,
  checkPassword,
  firstPasswordFile,
  fitsHash,
  isPassword,
  keptLogin,
  makePassword,
} from '../lib/settings/admin-password.ts'
import { writePrivate } from '../lib/settings/private-file.ts'
import { Sessions } from './sessions.ts'

/** How long somebody stays logged in, in seconds. */
const sessionSeconds = 24 * 60 * 60

/** Where a first password is shown: a person's terminal, or a file where nobody sits in front. */
export interface Showing {
  isTerminal: boolean
  write(text: string): unknown
}

/** The login of the editor, given or made. */
export interface LoginOptions {
  userDir: string
  user: string
  /** Or a reference to it, which is looked up at each login. */
  password: string | undefined
  hash: string | undefined
  showing: Showing
  /** Ends all open sessions; left out: those of the Node-RED of this process. */
  endSessions?(): Promise<void>
}

/** A user as Node-RED wants it. */
interface AdminUser {
  username: string
  permissions: '*'
}

/**
 * Node-RED's `adminAuth`. Without a password or a hash one is made at the first start and shown once: on the terminal, else in a file of the user
 * folder that only its owner reads and that goes away at the first login. Another password ends the sessions of the one before.
 * Throws SETTINGS_INVALID.
 */
export function adminAuth({ userDir, user, password, hash, showing, endSessions }: LoginOptions) {
  if (password !== undefined && hash !== undefined) {
    throw new PipelineError(
      'SETTINGS_INVALID',
      'Give NODE_RED_ADMIN_PASSWORD or NODE_RED_ADMIN_PASSWORD_HASH, not both',
    )
  }
  if (password === undefined && hash === undefined) offerFirstPassword(userDir, user, showing)
  const right = checkOf(userDir, password, hash)
  const sessions = new Sessions({
    userDir,
    inForce: async () => hash ?? (password === undefined ? (keptLogin(userDir)?.hash ?? '') : await reveal(password)),
    ...(endSessions === undefined ? {} : { end: endSessions }),
  })
  const known: AdminUser = { username: user, permissions: '*' }
  return {
    type: 'credentials',
    sessionExpiryTime: sessionSeconds,
    // asked for each request of a session
    users: async (name: string) => (name === user && !(await sessions.glance()) ? known : null),
    async authenticate(name: unknown, given: unknown): Promise<AdminUser | null> {
      if (name !== user || typeof given !== 'string') return null
      try {
        if (!(await right(given))) return null
        await sessions.look()
        rmSync(firstPasswordFile(userDir), { force: true })
        return known
      } catch (thrown) {
        // Node-RED lets a rejection go unhandled, which would end the process
        const { code, message } = PipelineError.from(thrown)
        process.stderr.write(`The login cannot be checked: ${code}: ${message}\n`)
        return null
      }
    },
  }
}

function checkOf(
  userDir: string,
  password: string | undefined,
  hash: string | undefined,
): (given: string) => Promise<boolean> {
  if (password !== undefined) {
    const digest = (text: string) => createHash('sha256').update(text).digest()
    return async (given) => timingSafeEqual(digest(given), digest(checkPassword(await reveal(password))))
  }
  if (hash !== undefined) {
    const checked = checkHash(hash)
    return async (given) => fitsHash(given) && isPassword(given, checked)
  }
  // read at each login: `ysh-pipeline admin-password` needs no restart
  return async (given) => {
    const kept = keptLogin(userDir)
    return kept !== undefined && fitsHash(given) && isPassword(given, kept.hash)
  }
}

function offerFirstPassword(userDir: string, user: string, { isTerminal, write }: Showing): void {
  const kept = keptLogin(userDir)
  const file = firstPasswordFile(userDir)
  if (kept === undefined) {
    const made = makePassword(userDir)
    if (isTerminal) {
      write(`\nThe login of the editor, shown only now:\n\n  user      ${user}\n  password  ${made}\n\n`)
      write('Lost it? npx ysh-pipeline admin-password makes a new one.\n\n')
      return
    }
    writePrivate(file, `${made}\n`)
  }
  if (existsSync(file)) write(`The password of ${user} lies in ${file} until the first login.\n`)
}
