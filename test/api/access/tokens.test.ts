import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { exportJWK, exportSPKI, generateKeyPair, type JWK, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'
import { issuerKeys } from '../../../lib/api/access/public-keys.ts'
import { type TokenCheck, type TokenRules, tokenCheck } from '../../../lib/api/access/tokens.ts'
import { createHttpClient } from '../../../lib/net/client.ts'
import { loopback } from '../../helpers/loopback.ts'
import { code } from '../../helpers/pipeline-error.ts'

type Signer = Awaited<ReturnType<typeof generateKeyPair>>

const issuer = 'https://issuer.example/pool'
const audience = 'ysh-api'
const rules: TokenRules = {
  ...{ issuer, audiences: [audience], requiredClaims: [], scopeClaim: '' },
  scopeMap: ['ysh/read=datasets,documents', 'operators=runs,events'],
}
const now = new Date('2026-11-26T12:00:00Z')
const seconds = now.getTime() / 1_000
const right = { iss: issuer, aud: audience, sub: 'subject-1', exp: seconds + 300, iat: seconds - 10, scope: 'ysh/read' }

describe('tokens', () => {
  let server: Server
  let url: string
  let keys: JWK[] = []
  let asked = 0
  let answers = true
  const http = createHttpClient({ product: 'test/1', allow: loopback })
  const ended = new AbortController()
  let rsa: Signer
  let ec: Signer
  let ed: Signer
  let stranger: Signer
  let check: TokenCheck

  before(async () => {
    server = createServer((_, response) => {
      asked += 1
      response.statusCode = answers ? 200 : 500
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ keys }))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port }: AddressInfo = Object(server.address())
    url = `http://127.0.0.1:${port}/jwks.json`
    const pair = (algorithm: string) => generateKeyPair(algorithm, { extractable: true })
    ;[rsa, ec, ed, stranger] = await Promise.all([pair('RS256'), pair('ES256'), pair('EdDSA'), pair('RS256')])
    keys = [
      { ...(await exportJWK(rsa.publicKey)), kid: 'rsa', use: 'sig' },
      { ...(await exportJWK(ec.publicKey)), kid: 'ec' },
      { ...(await exportJWK(ed.publicKey)), kid: 'ed' },
      { kty: 'oct', kid: 'secret', k: Buffer.from('a shared secret of 32 bytes or so').toString('base64url') },
      { ...(await exportJWK(stranger.publicKey)), kid: 'for encryption', use: 'enc' },
    ]
    check = make(rules)
  })
  after(async () => {
    ended.abort()
    http.close()
    await new Promise((resolve) => server.close(resolve))
  })

  const make = (some: TokenRules) =>
    tokenCheck(
      some,
      issuerKeys(url, async () => http, ended.signal),
    )
  const sign = (payload: JWTPayload, { by = rsa, kid = 'rsa', alg = 'RS256', header = {} } = {}) =>
    new SignJWT(payload).setProtectedHeader({ alg, kid, ...header }).sign(by.privateKey)
  /** A signature is not looked at before the rest fails, so these are put together by hand. */
  const joined = (header: object, payload: object, signature = 'AAAA') =>
    [header, payload]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .concat(signature)
      .join('.')
  const without = (name: keyof typeof right) =>
    Object.fromEntries(Object.entries(right).filter(([key]) => key !== name))

  it('takes what is right, by each kind of signature, and says who it is and what it allows', async () => {
    const { caller, expires } = await check(await sign(right), now)
    assert.deepEqual(
      [caller.id, [...caller.scopes].sort(), expires],
      [`token:${issuer}|subject-1`, ['datasets', 'documents'], seconds + 300],
    )
    for (const [by, kid, alg] of [
      [ec, 'ec', 'ES256'],
      [ed, 'ed', 'EdDSA'],
      [rsa, 'rsa', 'PS256'],
    ] as const) {
      // a key made for RS256 signs no PS256
      const pair = alg === 'PS256' ? { privateKey: await importAs(rsa, 'PS256') } : by
      const token = await new SignJWT(right).setProtectedHeader({ alg, kid }).sign(pair.privateKey)
      assert.equal((await check(token, now)).caller.name, 'subject-1', alg)
    }
    const groups = { ...without('scope'), 'cognito:groups': ['operators', 'nobody', 7], name: 'Ana' }
    const grouped = await check(await sign(groups), now)
    assert.deepEqual([grouped.caller.name, [...grouped.caller.scopes].sort()], ['Ana', ['events', 'runs']])
    assert.deepEqual(
      [...(await check(await sign({ ...right, scope: 'datasets admin' }), now)).caller.scopes],
      ['datasets'],
    )
    assert.deepEqual([...(await check(await sign(without('scope')), now)).caller.scopes], [])
  })

  it("takes Cognito's access tokens, and no others of its", async () => {
    const pool = 'https://cognito-idp.sa-east-1.amazonaws.com/sa-east-1_abc'
    const cognito = make({ ...rules, issuer: pool, audiences: ['client-1'] })
    const access = { ...without('aud'), iss: pool, client_id: 'client-1', token_use: 'access' }
    assert.equal((await cognito(await sign(access), now)).caller.id, `token:${pool}|subject-1`)
    const id = { ...right, iss: pool, aud: 'client-1', token_use: 'id' }
    await assert.rejects(cognito(await sign(id), now), code('API_UNKNOWN_CALLER', /token_use/))
    await assert.rejects(cognito(await sign({ ...access, client_id: 'client-2' }), now), code('API_UNKNOWN_CALLER'))
  })

  const wrong: Record<string, () => Promise<string> | string> = {
    'no token at all': () => 'nonsense',
    'two parts': async () => (await sign(right)).split('.').slice(0, 2).join('.'),
    'five parts, encrypted': async () => `${await sign(right)}.a.b`,
    'a header that is no JSON': async () => `!!!.${(await sign(right)).split('.').slice(1).join('.')}`,
    'too long': () => sign({ ...right, more: 'x'.repeat(20_000) }),
    'unsigned (alg none)': () => new UnsecuredJWT(right).encode(),
    'alg none with a signature': () => joined({ alg: 'none', kid: 'rsa' }, right),
    'alg NoNe': () => joined({ alg: 'NoNe', kid: 'rsa' }, right),
    'HS256 by the public key': async () => hmac(Buffer.from(await exportSPKI(rsa.publicKey)), 'rsa'),
    'HS256 by a secret that stands among the keys': () =>
      hmac(Buffer.from('a shared secret of 32 bytes or so'), 'secret'),
    'a stranger’s signature': () => sign(right, { by: stranger }),
    'a key id that the issuer does not have': () => sign(right, { kid: 'other' }),
    'no key id': () => new SignJWT(right).setProtectedHeader({ alg: 'RS256' }).sign(rsa.privateKey),
    'a key that is for encryption': () => sign(right, { by: stranger, kid: 'for encryption' }),
    'its own key in the header': async () =>
      sign(right, { by: stranger, kid: 'own', header: { jwk: await exportJWK(stranger.publicKey) } }),
    'an address of keys in the header': () =>
      sign(right, { by: stranger, kid: 'own', header: { jku: 'https://evil.example' } }),
    'another kind of key than the algorithm’s': () => joined({ alg: 'ES256', kid: 'rsa' }, right, 'A'.repeat(86)),
    'a changed payload': async () => {
      const [header, , signature] = (await sign(right)).split('.')
      return [header, Buffer.from(JSON.stringify({ ...right, sub: 'admin' })).toString('base64url'), signature].join(
        '.',
      )
    },
    'a cut signature': async () => (await sign(right)).slice(0, -8),
    'an empty signature': async () => `${(await sign(right)).split('.').slice(0, 2).join('.')}.`,
    'a critical extension that nobody knows': () =>
      sign(right, { header: { crit: ['x'], x: 1 } }).catch(() =>
        joined({ alg: 'RS256', kid: 'rsa', crit: ['x'], x: 1 }, right),
      ),
    expired: () => sign({ ...right, exp: seconds - 11 }),
    'without an end': () => sign(without('exp')),
    'an end that is no number': () =>
      sign({ ...right, exp: Number.NaN }).catch(() => joined({ alg: 'RS256', kid: 'rsa' }, right)),
    'not yet': () => sign({ ...right, nbf: seconds + 60 }),
    'issued in the future': () => sign({ ...right, iat: seconds + 60 }),
    'another issuer': () => sign({ ...right, iss: 'https://evil.example' }),
    'an issuer that only begins alike': () => sign({ ...right, iss: `${issuer}/x` }),
    'no issuer': () => sign(without('iss')),
    'another audience': () => sign({ ...right, aud: 'other' }),
    'an audience beside a client that would do': () => sign({ ...right, aud: ['other'], client_id: audience }),
    'no audience': () => sign(without('aud')),
    'no subject': () => sign(without('sub')),
    'a subject without end': () => sign({ ...right, sub: 'x'.repeat(256) }),
    'a blank subject': () => sign({ ...right, sub: '' }),
  }
  for (const [name, token] of Object.entries(wrong)) {
    it(`refuses: ${name}`, async () => {
      const given = await token()
      const error = await check(given, now).then(
        () => assert.fail('it was taken'),
        (thrown: unknown) => thrown,
      )
      code('API_UNKNOWN_CALLER')(error)
      // neither the token nor what is in it
      assert.doesNotMatch(String(Object(error).message), /eyJ|subject-1|evil/)
    })
  }

  it('wants the claims that are required', async () => {
    const strict = make({ ...rules, requiredClaims: ['tenant=ysh', 'typ=at+jwt'] })
    await assert.rejects(strict(await sign({ ...right, tenant: 'ysh' }), now), code('API_UNKNOWN_CALLER', /typ/))
    const header = { typ: 'at+jwt' }
    await assert.rejects(strict(await sign(right, { header }), now), code('API_UNKNOWN_CALLER', /tenant/))
    await strict(await sign({ ...right, tenant: 'ysh' }, { header }), now)
  })

  it('asks for the keys once, and again for a key id that is new, but not for each', async () => {
    asked = 0
    let time = 1_000_000
    const { PublicKeys } = await import('../../../lib/api/access/public-keys.ts')
    const signal = ended.signal
    const set = new PublicKeys(
      () => http.json({ url, signal }),
      () => time,
    )
    const known = tokenCheck(rules, set)
    await Promise.all([sign(right), sign(right), sign(right)].map(async (token) => known(await token, now)))
    assert.equal(asked, 1)
    for (let n = 0; n < 20; n += 1) await assert.rejects(known(await sign(right, { kid: `no-${n}` }), now))
    assert.equal(asked, 1)
    // the issuer changes its key
    keys = [{ ...(await exportJWK(stranger.publicKey)), kid: 'new' }]
    time += 31_000
    await known(await sign(right, { by: stranger, kid: 'new' }), now)
    assert.equal(asked, 2)
    await assert.rejects(known(await sign(right), now), code('API_UNKNOWN_CALLER', /no such key/))
    // it does not answer: what is known holds for a while, and no longer
    answers = false
    time += 700_000
    await known(await sign(right, { by: stranger, kid: 'new' }), now)
    time += 3_600_000
    await assert.rejects(known(await sign(right, { by: stranger, kid: 'new' }), now), code('API_ISSUER_UNAVAILABLE'))
    answers = true
    time += 31_000
    await known(await sign(right, { by: stranger, kid: 'new' }), now)
  })

  it('wants an issuer, an audience, and keys that nobody on the way can change', () => {
    assert.throws(() => make({ ...rules, issuer: '' }), code('CONFIG'))
    assert.throws(() => make({ ...rules, audiences: [] }), code('CONFIG'))
    const keysAt = (at: string) => issuerKeys(at, async () => http, ended.signal)
    for (const at of ['http://issuer.example/jwks', 'http://8.8.8.8/jwks'])
      assert.throws(() => keysAt(at), code('CONFIG', /https/))
    for (const at of ['https://issuer.example/jwks', 'http://keycloak:8080/jwks', 'http://[::1]/jwks']) keysAt(at)
  })
})

async function importAs(pair: Signer, algorithm: string) {
  const { importJWK } = await import('jose')
  const key = await importJWK(await exportJWK(pair.privateKey), algorithm)
  if (key instanceof Uint8Array) throw new Error('no private key')
  return key
}

function hmac(secret: Uint8Array, kid: string): Promise<string> {
  return new SignJWT(right).setProtectedHeader({ alg: 'HS256', kid }).sign(secret)
}
