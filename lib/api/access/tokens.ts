import { PipelineError } from '../../errors.ts'
import { errors, type JWTPayload, jwtVerify } from '../../vendor/jose.ts'
import type { Caller, Scope } from './caller.ts'
import { isScope } from './keys.ts'
import type { HeaderAsked, JwsAsked, PublicKeys } from './public-keys.ts'

/** Public-key signatures only: with a secret (HS…) whoever knows the public key could sign, and `none` signs nothing. */
export const algorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
]
/** How far clocks may differ, in seconds. */
const leewaySeconds = 10
const longest = 16_384
/** As OpenID Connect has it. */
const longestSubject = 255
const usualClaims = ['scope', 'scp', 'cognito:groups']

/** What a token must say. */
export interface TokenRules {
  issuer: string
  /** One of them is the token's `aud`, or, where there is none (Cognito's access tokens), its `client_id`. */
  audiences: readonly string[]
  /** `name=value`; `typ` is the header's. */
  requiredClaims: readonly string[]
  /** Claim that holds the scopes; '' for the usual ones. */
  scopeClaim: string
  /** `theirs=ours,ours`. Those of our own names need none. */
  scopeMap: readonly string[]
}

/** A token that is right. */
export interface VerifiedToken {
  caller: Caller
  /** Seconds since 1970. */
  expires: number
}

/** Checks tokens. Throws API_UNKNOWN_CALLER, and API_ISSUER_UNAVAILABLE (retryable) when there are no keys to check with. */
export type TokenCheck = (token: string, now: Date) => Promise<VerifiedToken>

/** Makes the check of an issuer's tokens (JWT, RFC 9068 and what Cognito gives). Throws CONFIG for rules that would let too much in. */
export function tokenCheck(rules: TokenRules, keys: PublicKeys): TokenCheck {
  const { issuer, audiences } = rules
  if (issuer === '' || audiences.length === 0) {
    throw new PipelineError('CONFIG', 'Tokens need an issuer and at least one audience: else those for others would do')
  }
  const required = requiredOf(rules)
  const mapped = mapOf(rules.scopeMap)
  return async (token, now) => {
    if (token.length > longest) throw refused('it is too long')
    const { payload, protectedHeader } = await verified(token, keys, { issuer, now })
    const { sub, exp } = payload
    if (typeof sub !== 'string' || sub === '' || exp === undefined) throw refused('it names no subject')
    if (sub.length > longestSubject) throw refused('its subject is too long')
    if (!isFor(payload, audiences)) throw refused('it is for another audience')
    if (payload.iat !== undefined && payload.iat > now.getTime() / 1_000 + leewaySeconds) {
      throw refused('it was issued in the future')
    }
    for (const [name, value] of required) {
      const said = name === 'typ' ? protectedHeader.typ : payload[name]
      if (String(said) !== value) throw refused(`its ${name} is not ${value}`)
    }
    const allowed = new Set<Scope>()
    for (const theirs of scopesOf(payload, rules.scopeClaim)) {
      for (const scope of mapped.get(theirs) ?? (isScope(theirs) ? [theirs] : [])) allowed.add(scope)
    }
    return { caller: { id: `token:${issuer}|${sub}`, name: nameOf(payload, sub), scopes: allowed }, expires: exp }
  }
}

async function verified(token: string, keys: PublicKeys, { issuer, now }: { issuer: string; now: Date }) {
  const options = {
    ...{ algorithms, issuer, currentDate: now, clockTolerance: leewaySeconds },
    requiredClaims: ['iss', 'sub', 'exp'],
  }
  try {
    return await jwtVerify(token, (header: HeaderAsked, jws: JwsAsked) => keys.keyFor(header, jws), options)
  } catch (thrown) {
    if (thrown instanceof PipelineError) throw thrown
    throw refused(reasonOf(thrown), thrown)
  }
}

/** Why, without a word of the token itself. */
function reasonOf(thrown: unknown): string {
  if (thrown instanceof errors.JWTExpired) return 'it has expired'
  if (thrown instanceof errors.JWTClaimValidationFailed) return `its ${thrown.claim} is not right`
  if (thrown instanceof errors.JOSEAlgNotAllowed) return 'its algorithm is not one of those allowed'
  if (thrown instanceof errors.JWSSignatureVerificationFailed) return 'its signature is wrong'
  if (thrown instanceof errors.JWKSNoMatchingKey) return 'its issuer has no such key'
  return 'it cannot be read'
}

function refused(why: string, cause?: unknown): PipelineError {
  return new PipelineError('API_UNKNOWN_CALLER', `The token is refused: ${why}`, { cause })
}

function isFor({ aud, client_id: client }: JWTPayload, audiences: readonly string[]): boolean {
  if (aud !== undefined) return [aud].flat().some((one) => audiences.includes(one))
  return typeof client === 'string' && audiences.includes(client)
}

/** Cognito's ID tokens are signed by the same keys and are no access: only `token_use` tells them apart. */
function requiredOf({ issuer, requiredClaims }: TokenRules): [string, string][] {
  const given = requiredClaims.map((entry): [string, string] => {
    const at = entry.indexOf('=')
    if (at < 1) throw new PipelineError('CONFIG', `"${entry}" is no claim such as token_use=access`)
    return [entry.slice(0, at), entry.slice(at + 1)]
  })
  const isCognito = /^https:\/\/cognito-idp\./.test(issuer)
  return isCognito && !given.some(([name]) => name === 'token_use') ? [...given, ['token_use', 'access']] : given
}

function mapOf(entries: readonly string[]): Map<string, Scope[]> {
  return new Map(
    entries.map((entry) => {
      const at = entry.lastIndexOf('=')
      return [
        entry.slice(0, at),
        entry
          .slice(at + 1)
          .split(',')
          .filter(isScope),
      ]
    }),
  )
}

function scopesOf(payload: JWTPayload, claim: string): string[] {
  return (claim === '' ? usualClaims : [claim]).flatMap((name) => {
    const value = payload[name]
    if (typeof value === 'string') return value.split(' ')
    return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
  })
}

function nameOf(payload: JWTPayload, sub: string): string {
  for (const name of ['name', 'username', 'preferred_username', 'client_id']) {
    const value = payload[name]
    if (typeof value === 'string' && value !== '') return value.slice(0, 200)
  }
  return sub.slice(0, 200)
}
