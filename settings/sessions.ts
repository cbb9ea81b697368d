import { createHash, randomBytes, scrypt } from 'node:crypto'
import { realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { PipelineError } from '../lib/errors.ts'
import { parser, Type } from '../lib/schema.ts'
import { readIfThere, writePrivate } from '../lib/settings/private-file.ts'

/** A request of somebody logged in waits no longer for the password's look-up, and the next look is not made sooner; milliseconds. */
const patience = { waitMs: 500, betweenMs: 5_000 }

/** Which password the open sessions belong to, without saying it. */
const marks = parser(
  Type.Object({ salt: Type.String({ minLength: 16 }), password: Type.String() }),
  'The mark of the sessions',
  'SETTINGS_INVALID',
)
const derive = promisify<string, string, number, Buffer>(scrypt)

export interface SessionsOptions {
  userDir: string
  /** What the login is checked against: the password or its hash. */
  inForce(): Promise<string>
  /** Ends all sessions that are open. */
  end?(): Promise<void>
  waitMs?: number
  betweenMs?: number
}

/** Ends open sessions when another password comes into force, also one that came while Node-RED was not running. */
export class Sessions {
  readonly #options: Required<SessionsOptions>
  readonly #file: string
  /** Digest of what was in force at the last look; in memory only. */
  #seen: string | undefined
  #looking: Promise<boolean> | undefined
  /** The password is being looked up, which may take long; all else does not. */
  #asking = false
  /** Sessions are open that should have ended: nobody is let in by one. */
  #stuck = false
  #lookedAt = Number.NEGATIVE_INFINITY

  constructor(options: SessionsOptions) {
    this.#options = { ...patience, end: () => endSessions(options.userDir), ...options }
    this.#file = join(options.userDir, 'admin-sessions.json')
  }

  /** Looks whether the password is another one now, and ends the open sessions then: what resolves says so. Rejects when it cannot be looked up. */
  look(): Promise<boolean> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined
      this.#lookedAt = performance.now()
    })
    return this.#looking
  }

  /**
   * As {@link look}, now and then and without holding anybody up: where the password cannot be looked up, the sessions go on. Never rejects: Node-RED
   * would not answer at all.
   */
  async glance(): Promise<boolean> {
    const { waitMs, betweenMs } = this.#options
    if (this.#looking === undefined && performance.now() - this.#lookedAt < betweenMs) return this.#stuck
    const { promise: over, resolve } = Promise.withResolvers<boolean>()
    const timer = setTimeout(() => {
      if (this.#asking) resolve(false)
    }, waitMs)
    try {
      return await Promise.race([this.look().catch(() => this.#stuck), over])
    } finally {
      clearTimeout(timer)
    }
  }

  async #look(): Promise<boolean> {
    this.#asking = true
    const inForce = await this.#options.inForce().finally(() => {
      this.#asking = false
    })
    const digest = createHash('sha256').update(inForce).digest('hex')
    if (digest === this.#seen) return false
    const text = readIfThere(this.#file)
    const known = text === undefined ? undefined : markIn(text)
    // slow on purpose: who has the file must not find the password by trying
    const markOf = async (salt: string) => (await derive(inForce, salt, 24)).toString('base64')
    const changed = known === undefined || known.password !== (await markOf(known.salt))
    if (changed) {
      this.#stuck = true
      await this.#options.end()
      this.#stuck = false
      this.#seen = digest // also where the mark cannot be written
      const salt = randomBytes(16).toString('base64')
      writePrivate(this.#file, JSON.stringify({ salt, password: await markOf(salt) }))
    }
    this.#seen = digest
    return changed
  }
}

function markIn(text: string): ReturnType<typeof marks.parse> | undefined {
  try {
    return marks.parse(JSON.parse(text))
  } catch {
    return undefined // damaged: as if there were none
  }
}

/** Node-RED's keeper of sessions, which has no way to end all of them: each one is made to have expired. Its sockets are closed by that too. */
interface Tokens {
  get(token: string): Promise<{ expires: number } | null | undefined>
}

async function endSessions(userDir: string): Promise<void> {
  const kept = readIfThere(join(userDir, '.sessions.json'))
  if (kept === undefined) return
  const tokens = tokensOfNodeRed()
  for (const token of tokensIn(kept)) {
    const session = await tokens.get(token)
    if (!session) continue
    session.expires = 0
    await tokens.get(token)
  }
}

function tokensIn(sessions: string): string[] {
  try {
    return Object.keys(Object(JSON.parse(sessions)))
  } catch {
    return [] // Node-RED opens none of a damaged file either
  }
}

function tokensOfNodeRed(): Tokens {
  try {
    // from where Node-RED's own program lies
    return createRequire(realpathSync(process.argv[1] ?? ''))('@node-red/editor-api/lib/auth/tokens.js')
  } catch (cause) {
    throw new PipelineError(
      'SETTINGS_INVALID',
      'The password has changed, and this Node-RED has no way to end the sessions that are open: stop it and delete .sessions.json in the user folder',
      { cause },
    )
  }
}
