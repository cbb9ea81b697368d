import { PipelineError } from '../../errors.ts'
import { guardedClass, parseAddress } from '../../net/guard.ts'
import type { HttpClient } from '../../net/http.ts'
import { parser, Type } from '../../schema.ts'
import { endAfter } from '../../stopped.ts'
import { createLocalJWKSet, errors, type JSONWebKeySet } from '../../vendor/jose.ts'

/** After this the keys are asked for again. */
const freshMs = 600_000
/** Unknown key ids make us ask no more often than this. */
const leastMs = 30_000
/** When the issuer does not answer, its keys hold so long. */
const staleMs = 3_600_000

const sets = parser(
  Type.Unsafe<JSONWebKeySet>(Type.Object({ keys: Type.Array(Type.Object({ kty: Type.String() }), { maxItems: 100 }) })),
  'The set of public keys',
  'API_ISSUER_UNAVAILABLE',
)

type KeySet = ReturnType<typeof createLocalJWKSet>
/** What jose asks for a key with. */
export type HeaderAsked = Parameters<KeySet>[0]
export type JwsAsked = Parameters<KeySet>[1]

/** The public keys of an issuer, fetched when needed and again when a token names one that is not there. */
export class PublicKeys {
  readonly #fetch: () => Promise<unknown>
  readonly #now: () => number
  #set: KeySet | undefined
  #fetchedAt = Number.NEGATIVE_INFINITY
  #triedAt = Number.NEGATIVE_INFINITY
  #problem: PipelineError | undefined
  #running: Promise<void> | undefined

  /** `fetch` brings the JSON of the JWKS address; `now` in milliseconds. */
  constructor(fetch: () => Promise<unknown>, now: () => number) {
    this.#fetch = fetch
    this.#now = now
  }

  /** The key that a token's header names. Throws jose's JWKSNoMatchingKey, and API_ISSUER_UNAVAILABLE (retryable). */
  async keyFor(header: HeaderAsked, jws: JwsAsked) {
    // without a name any key that fits would be tried
    if (typeof header?.kid !== 'string') throw new errors.JWKSNoMatchingKey()
    if (this.#now() - this.#fetchedAt > freshMs) await this.#refresh()
    try {
      return await this.#known()(header, jws)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || this.#now() - this.#triedAt < leastMs) throw error
      await this.#refresh()
      return this.#known()(header, jws)
    }
  }

  #known(): KeySet {
    if (this.#set !== undefined && this.#now() - this.#fetchedAt <= staleMs) return this.#set
    const why = this.#problem === undefined ? '' : `: ${this.#problem.code}`
    throw new PipelineError('API_ISSUER_UNAVAILABLE', `The issuer’s public keys cannot be had just now${why}`, {
      retryable: true,
      cause: this.#problem,
    })
  }

  /** Fetches, unless that was tried a moment ago; all who need it wait for the one request. */
  async #refresh(): Promise<void> {
    if (this.#running === undefined) {
      const pause = this.#set === undefined ? 1_000 : leastMs
      if (this.#now() - this.#triedAt < pause) return
      this.#running = this.#load().finally(() => {
        this.#running = undefined
      })
    }
    await this.#running
  }

  async #load(): Promise<void> {
    this.#triedAt = this.#now()
    try {
      this.#set = createLocalJWKSet(sets.parse(await this.#fetch()))
      this.#fetchedAt = this.#now()
      this.#problem = undefined
    } catch (thrown) {
      this.#problem = PipelineError.from(thrown, 'API_ISSUER_UNAVAILABLE')
    }
  }
}

/** How long the issuer may take. */
const patienceMs = 10_000
const maxBytes = 512 * 1024
const inside = /^(localhost|[^.]+|.*\.(local|localhost|internal|lan))$/i

/** The public keys at an address, by a guarded client. Throws CONFIG for one over http that leaves the own network. */
export function issuerKeys(url: string, http: () => Promise<HttpClient>, signal: AbortSignal): PublicKeys {
  const { protocol, hostname } = new URL(url)
  const host = hostname.replace(/^\[|\]$/g, '')
  const isInside = parseAddress(host) === undefined ? inside.test(host) : guardedClass(host) !== undefined
  if (protocol !== 'https:' && !isInside) {
    throw new PipelineError('CONFIG', `${url}: whoever is on the way could put other keys in; https is needed`)
  }
  return new PublicKeys(async () => {
    const client = await http()
    return client.json({
      ...{ url, maxBytes, redirectHosts: [] },
      ...{ connectTimeoutMs: 5_000, idleTimeoutMs: 5_000, totalTimeoutMs: patienceMs },
      signal: endAfter(patienceMs * 2, signal),
    })
  }, Date.now)
}
