import { hash, timingSafeEqual } from 'node:crypto'
import { PipelineError } from '../../errors.ts'
import { isLoopback } from '../../net/loopback.ts'
import type { Logger } from '../../steps/step.ts'
import type { PostgresStore } from '../../stores/postgres/port.ts'
import type { ApiRequest } from '../http.ts'
import { networkOf } from './address.ts'
import type { Caller, Scope } from './caller.ts'
import { corsHeaders } from './cors.ts'
import type { Admitted, Gate } from './gate.ts'
import { Guesses } from './guesses.ts'
import { hashOf, idOfKey } from './key.ts'
import { apiTables, findKey, noteUse } from './keys.ts'
import type { Limits } from './limits.ts'
import type { TokenCheck } from './tokens.ts'
import { Verified } from './verified.ts'

/** How long a key or token that was right counts as right without another look. */
const believedMs = 30_000
/** Wrong keys of an address in a minute before it has to wait. */
const mostWrong = 20
/** Requests of an address without any key in a minute, those for what anybody may read among them. */
const mostAnonymous = 300
/** Names under which people put keys into addresses. */
const inAddress = ['key', 'api_key', 'apikey', 'api-key', 'x-api-key', 'access_token', 'token', 'authorization']

/** What a gate is made of. */
export interface GateOptions {
  reach: 'loopback' | 'everywhere'
  /** Throws what the stores throw while they cannot be opened. */
  postgres(): Promise<PostgresStore>
  /** Left out: no tokens are taken. */
  tokens?: TokenCheck
  limits: Limits
  origins: readonly string[]
  log: Logger
  /** Milliseconds since 1970. */
  now?(): number
}

type Asking = Pick<ApiRequest, 'headers' | 'address'>

/** Lets in who shows a key or a token, at the pace that is allowed. */
export class Gatekeeper implements Gate {
  readonly #options: GateOptions
  readonly #now: () => number
  readonly #verified: Verified
  readonly #guesses: Guesses
  readonly #anonymous: Guesses
  readonly #origins: ReadonlySet<string>
  readonly #checking = new Map<string, Promise<Caller>>()
  /** Counts what was told to be forgotten: what was looked up before that is not remembered. */
  #forgotten = 0

  constructor(options: GateOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    // A clock that is set back must not keep a key right, or an address waiting, for hours.
    const steady = options.now ?? (() => performance.now())
    this.#verified = new Verified(steady)
    this.#guesses = new Guesses(steady, mostWrong)
    this.#anonymous = new Guesses(steady, mostAnonymous)
    this.#origins = new Set(options.origins)
  }

  async admit(request: Parameters<Gate['admit']>[0], needs?: Scope): Promise<Admitted> {
    this.#checkReach(request)
    const caller = await this.#identify(request)
    const headers = await this.#options.limits.take(caller.id)
    if (needs !== undefined && !caller.scopes.has(needs)) {
      const id = caller.id.startsWith('key:') ? 'key' : 'token'
      throw new PipelineError('API_SCOPE', `This ${id} does not allow "${needs}"`, { details: { needs } })
    }
    return { caller, headers }
  }

  async admitAnyone(request: Asking): Promise<void> {
    this.#checkReach(request)
    const network = networkOf(request.address)
    this.#mayTry(this.#anonymous, network)
    this.#anonymous.count(network)
  }

  cors(request: Parameters<Gate['cors']>[0]): Record<string, string> {
    return corsHeaders(request, this.#origins)
  }

  /** Forgets a key that was revoked; without an id, looks at every key anew. */
  forget(keyId?: string): void {
    this.#forgotten += 1
    this.#verified.forget(keyId === undefined ? undefined : `key:${keyId}`)
  }

  /** On this machine only: neither another machine, nor another name that leads here, nor through a proxy. Throws API_LOOPBACK_ONLY. */
  #checkReach({ address, headers }: Asking): void {
    if (this.#options.reach === 'everywhere') return
    const refuse = (what: string) => {
      const words = `The API answers this machine only, and ${what}. Set "Reach" of ysh-api to let others in`
      throw new PipelineError('API_LOOPBACK_ONLY', words)
    }
    if (!isLoopback(address)) refuse(`the request came from another one`)
    if (headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined || headers.via !== undefined) {
      refuse('the request came through a proxy')
    }
    // a page in a browser may have its own name lead here (DNS rebinding)
    if (!isLoopbackHost(headers.host)) refuse('the request is for another host name')
  }

  async #identify(request: Parameters<Gate['admit']>[0]): Promise<Caller> {
    const secret = this.#secretOf(request)
    const digest = hash('sha256', secret, 'base64')
    const known = this.#verified.get(digest)
    if (known !== undefined) return known
    const network = networkOf(request.address)
    // who was right before does not wait for a neighbour who guesses
    if (!this.#verified.isFamiliar(digest)) this.#mayTry(this.#guesses, network)
    try {
      let checking = this.#checking.get(digest)
      if (checking === undefined) {
        checking = this.#verify(secret, digest).finally(() => this.#checking.delete(digest))
        this.#checking.set(digest, checking)
      }
      return await checking
    } catch (thrown) {
      const error = PipelineError.from(thrown)
      if (error.code === 'API_UNKNOWN_CALLER') {
        this.#verified.delete(digest)
        this.#guesses.count(network)
      }
      throw error
    }
  }

  /** Throws API_UNKNOWN_CALLER, API_RATE. */
  #secretOf(request: Parameters<Gate['admit']>[0]): string {
    try {
      return credentialOf(request)
    } catch (error) {
      const network = networkOf(request.address)
      this.#mayTry(this.#anonymous, network)
      this.#anonymous.count(network)
      throw error
    }
  }

  /** Throws API_RATE. */
  #mayTry(guesses: Guesses, network: string): void {
    const retryAfterMs = guesses.waitMs(network)
    if (retryAfterMs === 0) return
    const words = 'Too many requests from this address that nobody is known for'
    throw new PipelineError('API_RATE', words, { retryable: true, retryAfterMs })
  }

  async #verify(secret: string, digest: string): Promise<Caller> {
    const before = this.#forgotten
    const isKey = secret.startsWith('ysh_')
    const { caller, ms } = isKey ? await this.#verifyKey(secret) : await this.#verifyToken(secret)
    if (before === this.#forgotten) this.#verified.set(digest, caller, Math.min(believedMs, ms))
    return caller
  }

  async #verifyKey(key: string): Promise<{ caller: Caller; ms: number }> {
    const id = idOfKey(key)
    // mistyped: not worth asking for
    if (id === undefined) throw unknown('The key is not a whole one')
    const postgres = await this.#options.postgres()
    await apiTables(postgres)
    const found = await findKey(postgres, id)
    if (found === undefined || !timingSafeEqual(found.hash, hashOf(key)) || !found.valid) {
      throw unknown('The key is unknown, expired or revoked')
    }
    noteUse(postgres, id).catch((error: unknown) => {
      this.#options.log.debug('The use of a key was not noted', { id, error: PipelineError.from(error) })
    })
    const { name, scopes, leftMs } = found
    const end = leftMs === null ? {} : { expires: new Date(this.#now() + leftMs) }
    return {
      caller: { id: `key:${id}`, name, scopes: new Set(scopes), ...end },
      ms: leftMs ?? believedMs,
    }
  }

  async #verifyToken(token: string): Promise<{ caller: Caller; ms: number }> {
    const { tokens } = this.#options
    if (tokens === undefined) throw unknown('No tokens are taken here, only API keys')
    const now = this.#now()
    const { caller, expires } = await tokens(token, new Date(now))
    return { caller: { ...caller, expires: new Date(expires * 1_000) }, ms: Math.max(1, expires * 1_000 - now) }
  }
}

function unknown(message: string): PipelineError {
  return new PipelineError('API_UNKNOWN_CALLER', message)
}

/** The key or token of a request. Throws API_UNKNOWN_CALLER. */
function credentialOf({ headers, query }: Parameters<Gate['admit']>[0]): string {
  const bearer = /^bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1]
  const key = headers['x-api-key']?.trim()
  if (bearer !== undefined && key !== undefined && bearer !== key) {
    throw unknown('Two different keys were sent: in Authorization and in X-API-Key')
  }
  const secret = bearer ?? key
  if (secret !== undefined && secret !== '') return secret
  const names = [...query.keys()].map((name) => name.toLowerCase())
  if (names.some((name) => inAddress.includes(name)) || [...query.values()].some((value) => value.startsWith('ysh_'))) {
    throw unknown(
      'A key does not belong into the address, where logs keep it: revoke it, and send the new one as "Authorization: Bearer …"',
    )
  }
  throw unknown('A key or token is needed: "Authorization: Bearer …" or "X-API-Key: …"')
}

/** `localhost`, `x.localhost`, `127.0.0.1`, `[::1]`, each perhaps with a port. */
function isLoopbackHost(host: string | undefined): boolean {
  if (host === undefined) return false
  const name = URL.parse(`http://${host}/`)?.hostname ?? ''
  return name === 'localhost' || name.endsWith('.localhost') || isLoopback(name.replace(/^\[|\]$/g, ''))
}
