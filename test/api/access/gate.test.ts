import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import type { Scope } from '../../../lib/api/access/caller.ts'
import type { Counter } from '../../../lib/api/access/counter.ts'
import { Gatekeeper, type GateOptions } from '../../../lib/api/access/gatekeeper.ts'
import { makeKey } from '../../../lib/api/access/key.ts'
import { apiTables, createKey, keyChannel, listKeys, putKey, revokeKey } from '../../../lib/api/access/keys.ts'
import { Limits } from '../../../lib/api/access/limits.ts'
import { PublicKeys } from '../../../lib/api/access/public-keys.ts'
import { tokenCheck } from '../../../lib/api/access/tokens.ts'
import { PipelineError } from '../../../lib/errors.ts'
import { openPostgres, type PostgresStore } from '../../../lib/stores/postgres/index.ts'
import { code } from '../../helpers/pipeline-error.ts'
import { type PostgresServer, startPostgres } from '../../helpers/postgres-server.ts'

const written: string[] = []
const note = (message: string, fields?: Record<string, unknown>) =>
  void written.push(`${message} ${JSON.stringify(fields)}`)
const log = { debug: note, info: note, warn: note, error: note }
/** Counts nothing: grants all. */
const generous: Counter = { take: async () => ({ granted: true, remaining: 1_000, resetMs: 60_000 }) }

describe('the gate', () => {
  let server: PostgresServer
  let postgres: PostgresStore
  let asked = 0
  let key = ''
  let id = ''
  before(async () => {
    server = await startPostgres()
    const opened = await openPostgres({ kind: 'server', url: server.url })
    const query = opened.query.bind(opened)
    postgres = Object.assign(opened, {
      query: (...args: Parameters<typeof query>) => {
        if (args[0].includes('from pipeline.api_key where id')) asked += 1
        return query(...args)
      },
    })
    const made = await createKey(postgres, { name: 'robot', scopes: ['datasets'] }, 'test')
    key = made.key
    id = made.row.id
  })
  after(async () => {
    await postgres?.close()
    await server?.stop()
  })

  function gate(some: Partial<GateOptions> = {}) {
    const limits = new Limits({ rate: { perMinute: 60_000, burst: 10_000 }, counter: generous, now: Date.now })
    return new Gatekeeper({ reach: 'everywhere', postgres: async () => postgres, limits, origins: [], log, ...some })
  }
  const request = (headers: Record<string, string> = {}, address = '203.0.113.5', query = '') => ({
    ...{ method: 'GET', headers, address, query: new URLSearchParams(query) },
  })
  const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` })

  it('lets a key in by either header, for what it allows', async () => {
    const one = gate()
    for (const headers of [bearer(key), { authorization: `bearer  ${key}` }, { 'x-api-key': key }]) {
      const { caller, headers: rate } = await one.admit(request(headers), 'datasets')
      assert.deepEqual([caller.id, caller.name, [...caller.scopes]], [`key:${id}`, 'robot', ['datasets']])
      assert.match(rate.ratelimit ?? '', /^"minute";r=\d+;t=\d+$/)
    }
    // a password for Node-RED's own server beside it
    await one.admit(request({ authorization: 'Basic dTpw', 'x-api-key': key }))
    const others: Scope[] = ['documents', 'runs', 'events']
    for (const scope of others) await assert.rejects(one.admit(request(bearer(key)), scope), code('API_SCOPE'))
  })

  it('asks the database once in a while, also for many at once', async () => {
    const one = gate()
    asked = 0
    await Promise.all(Array.from({ length: 50 }, () => one.admit(request(bearer(key)))))
    await one.admit(request({ 'x-api-key': key }))
    assert.equal(asked, 1)
  })

  it('refuses what is no key, and says what to do', async () => {
    const one = gate()
    const changed = `${key.slice(0, 20)}${key[20] === 'x' ? 'y' : 'x'}${key.slice(21)}`
    const { key: stranger } = makeKey()
    for (const [headers, query, words] of [
      [{}, '', /needed/],
      [{ authorization: 'Basic dTpw' }, '', /needed/],
      [{ authorization: key }, '', /needed/],
      [{ authorization: 'Bearer' }, '', /needed/],
      [{ 'x-api-key': '' }, '', /needed/],
      [bearer(changed), '', /not a whole one/],
      [bearer(stranger), '', /unknown, expired or revoked/],
      [bearer('eyJ.eyJ.x'), '', /No tokens/],
      [{ ...bearer(key), 'x-api-key': stranger }, '', /Two different/],
      [{ 'x-api-key': `${key}, ${key}` }, '', /not a whole one/],
      [{}, `api_key=${key}`, /does not belong into the address/],
      [{}, `Key=${key}`, /does not belong into the address/],
      [{}, `q=${key}`, /does not belong into the address/],
      [{}, 'access_token=x', /does not belong into the address/],
    ] as const) {
      const thrown = await one.admit(request(headers, undefined, query)).catch((error: unknown) => error)
      code('API_UNKNOWN_CALLER', words)(thrown)
      assert.doesNotMatch(PipelineError.from(thrown).message, /ysh_[0-9A-Za-z]{12}/)
    }
  })

  it('ends a key that was revoked or has expired; other processes hear of it', async () => {
    let now = Date.now()
    const [here, there] = [gate(), gate({ now: () => now })]
    const ended = new AbortController()
    const listening = Promise.withResolvers<void>()
    void postgres.listen(
      keyChannel,
      (told) => {
        listening.resolve()
        there.forget(told)
      },
      ended.signal,
    )
    await listening.promise
    const { key: short, row } = await createKey(postgres, { name: 'short' }, 'test')
    await here.admit(request(bearer(short)))
    await there.admit(request(bearer(short)))
    assert.ok((await revokeKey(postgres, row.id)).revokedAt)
    here.forget(row.id)
    await assert.rejects(here.admit(request(bearer(short))), code('API_UNKNOWN_CALLER'))
    const refused = () =>
      there.admit(request(bearer(short))).then(
        () => false,
        () => true,
      )
    for (const until = Date.now() + 5_000; !(await refused()); ) {
      assert.ok(Date.now() < until, 'never heard')
      await sleep(20)
    }
    ended.abort()
    await assert.rejects(revokeKey(postgres, 'unknown'), code('API_KEY_UNKNOWN'))

    const soon = new Date(Date.now() + 700).toISOString()
    const passing = await createKey(postgres, { name: 'passing', expiresAt: soon }, 'test')
    await there.admit(request(bearer(passing.key)))
    await sleep(800)
    now = Date.now()
    await assert.rejects(there.admit(request(bearer(passing.key))), code('API_UNKNOWN_CALLER'))
    await assert.rejects(
      createKey(postgres, { name: 'late', expiresAt: '2020-01-01T00:00:00Z' }, 'x'),
      code('API_KEY_INVALID'),
    )
    await assert.rejects(createKey(postgres, { name: 'odd', scopes: ['root'] }, 'x'), code('API_KEY_INVALID'))
    // without a notification a revoked key is believed for half a minute, no longer
    const silent = await createKey(postgres, { name: 'silent' }, 'test')
    await there.admit(request(bearer(silent.key)))
    await postgres.query('update pipeline.api_key set revoked_at = now() where id = $1', [silent.row.id])
    await there.admit(request(bearer(silent.key)))
    now += 31_000
    await assert.rejects(there.admit(request(bearer(silent.key))), code('API_UNKNOWN_CALLER'))
  })

  it('keeps of a key its hash only, and notes its use by the minute', async () => {
    const { key: used, row } = await createKey(postgres, { name: 'used' }, 'test')
    const one = gate()
    await one.admit(request(bearer(used)))
    const usedAt = async () => (await listKeys(postgres)).find((each) => each.id === row.id)?.usedAt
    for (const until = Date.now() + 5_000; !(await usedAt()); ) {
      assert.ok(Date.now() < until, 'never noted')
      await sleep(20)
    }
    const { rows } = await postgres.query<{ all: string }>(
      'select string_agg(k::text, chr(10)) as all from pipeline.api_key k',
    )
    assert.equal(rows[0]?.all.includes(used.slice(17, 60)), false)
    assert.equal(await putKey(postgres, used, 'again'), false)
    const given = makeKey()
    assert.deepEqual(
      [await putKey(postgres, given.key, 'file'), await putKey(postgres, given.key, 'file')],
      [true, false],
    )
    await one.admit(request(bearer(given.key)), 'runs')
    await assert.rejects(putKey(postgres, 'secret', 'file'), code('API_KEY_INVALID', /generate/))
  })

  it('takes tokens until they end, and looks at each once in a while', async () => {
    const pair = await generateKeyPair('ES256')
    const jwks = { keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'one' }] }
    let now = Date.now()
    const keys = new PublicKeys(
      async () => jwks,
      () => now,
    )
    const rules = { issuer: 'https://i.example', audiences: ['api'], requiredClaims: [], scopeClaim: '', scopeMap: [] }
    const check = tokenCheck(rules, keys)
    let checked = 0
    const one = gate({
      now: () => now,
      tokens: (token, at) => {
        checked += 1
        return check(token, at)
      },
    })
    const token = await new SignJWT({ scope: 'runs' })
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .setIssuer('https://i.example')
      .setAudience('api')
      .setSubject('ana')
      .setExpirationTime(Math.floor(now / 1_000) + 40)
      .sign(pair.privateKey)
    const { caller } = await one.admit(request(bearer(token)), 'runs')
    assert.equal(caller.id, 'token:https://i.example|ana')
    await one.admit(request(bearer(token)))
    assert.equal(checked, 1)
    await assert.rejects(one.admit(request(bearer(token)), 'datasets'), code('API_SCOPE', /token/))
    now += 31_000
    await one.admit(request(bearer(token)))
    assert.equal(checked, 2)
    now += 20_000
    await assert.rejects(one.admit(request(bearer(token))), code('API_UNKNOWN_CALLER', /expired/))
    // a key is let in beside
    await one.admit(request(bearer(key)))
  })

  it('makes guessing slow, by address, and holds up nobody who is known', async () => {
    let now = Date.now()
    const one = gate({ now: () => now })
    await one.admit(request(bearer(key), '2001:db8::1'))
    for (let n = 0; n < 20; n += 1) {
      const guess = one.admit(request(bearer(makeKey().key), `2001:db8::${n + 2}`))
      await assert.rejects(guess, code('API_UNKNOWN_CALLER'))
    }
    asked = 0
    const more = await one.admit(request(bearer(makeKey().key), '2001:db8::ffff')).catch((error: unknown) => error)
    code('API_RATE')(more)
    assert.ok(Number(Object(more).retryAfterMs) > 0 && Number(Object(more).retryAfterMs) <= 60_000)
    assert.equal(asked, 0)
    now += 31_000
    await one.admit(request(bearer(key), '2001:db8::1'))
    await one.admit(request(bearer(key), '2001:db8:1::1'))
    await assert.rejects(one.admit(request(bearer(makeKey().key), '2001:db8:1::1')), code('API_UNKNOWN_CALLER'))
    now += 30_000
    await assert.rejects(one.admit(request(bearer(makeKey().key), '2001:db8::1')), code('API_UNKNOWN_CALLER'))
  })

  it('counts those whom nobody knows, without a key or for what anybody may read', async () => {
    const one = gate()
    for (let n = 0; n < 150; n += 1) {
      await one.admitAnyone(request())
      await assert.rejects(one.admit(request()), code('API_UNKNOWN_CALLER'))
    }
    await assert.rejects(one.admitAnyone(request()), code('API_RATE'))
    await assert.rejects(one.admit(request()), code('API_RATE'))
    await one.admitAnyone(request({}, '203.0.113.6'))
    await one.admit(request(bearer(key)))
  })

  it('answers this machine only, unless it is told otherwise', async () => {
    const one = gate({ reach: 'loopback' })
    const host = { ...bearer(key), host: 'localhost:1880' }
    for (const address of ['127.0.0.1', '::1', '127.8.8.8', '::ffff:127.0.0.1']) await one.admit(request(host, address))
    for (const name of ['127.0.0.1', '[::1]:1880', 'LOCALHOST', 'ysh.localhost:80']) {
      await one.admit(request({ ...host, host: name }, '127.0.0.1'))
    }
    for (const [headers, address, words] of [
      [host, '192.168.1.9', /another one/],
      [host, '::ffff:10.0.0.1', /another one/],
      [host, '', /another one/],
      [{ ...host, host: 'rebound.evil.example:1880' }, '127.0.0.1', /another host name/],
      [{ ...host, host: 'localhost.evil.example' }, '127.0.0.1', /another host name/],
      [{ ...host, host: '127.0.0.1.nip.io' }, '127.0.0.1', /another host name/],
      [{ ...host, host: 'localhost@evil.example' }, '127.0.0.1', /another host name/],
      [bearer(key), '127.0.0.1', /another host name/],
      [{ ...host, 'x-forwarded-for': '127.0.0.1' }, '127.0.0.1', /proxy/],
      [{ ...host, forwarded: 'for=127.0.0.1' }, '127.0.0.1', /proxy/],
    ] as const) {
      await assert.rejects(one.admit(request(headers, address)), code('API_LOOPBACK_ONLY', words))
      await assert.rejects(one.admitAnyone(request(headers, address)), code('API_LOOPBACK_ONLY', /"Reach"/))
    }
  })

  it('lets what the database says through, and no key in the log', async () => {
    const away = gate({
      postgres: async () => {
        throw new PipelineError('STORE_UNAVAILABLE', 'away', { retryable: true })
      },
    })
    await assert.rejects(away.admit(request(bearer(key))), code('STORE_UNAVAILABLE'))
    await apiTables(postgres)
    assert.doesNotMatch(written.join('\n'), /ysh_[0-9A-Za-z]{12}_/)
  })
})
