import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { PipelineError } from '../../lib/errors.ts'
import { createHttpClient, type HttpClientOptions } from '../../lib/net/client.ts'
import { guardedClass } from '../../lib/net/guard.ts'
import { HttpServers } from '../helpers/http-servers.ts'
import { rejectsWith } from '../helpers/rejects.ts'
import { type GuardedForm, guardedForms, guardedV4, guardedV6, notationsV4 } from './guarded-addresses.ts'

const forms = guardedForms()
const never = new AbortController().signal
const everything = ['0.0.0.0/0', '::/0']

describe('guarded addresses', { timeout: 20_000 }, () => {
  const servers = new HttpServers()
  /** Connections that the sentinels saw. */
  let seen = 0
  let port = 0
  let hasV6 = true
  before(async () => {
    const sentinel = () =>
      createServer((_, response) => response.end('reached')).on('connection', () => {
        seen += 1
      })
    // the same port on both, which somebody else may have on one of them
    for (let tries = 0; port === 0; tries += 1) {
      const taken = await servers.listen(sentinel())
      try {
        await servers.listen(sentinel(), '::1', taken)
        port = taken
      } catch (error) {
        hasV6 = !/EADDRNOTAVAIL|EAFNOSUPPORT/.test(String(error))
        if (!hasV6 || tries > 20) port = taken
      }
    }
  })
  after(() => servers.close())

  async function codes(
    some: readonly GuardedForm[],
    options: Partial<HttpClientOptions>,
  ): Promise<Map<string, string>> {
    const http = createHttpClient({ product: 'test/1', connectTimeoutMs: 20_000, ...options })
    try {
      const found = new Map<string, string>()
      await Promise.all(
        some.map(async ({ host }) => {
          const url = `http://${host}:${port}/`
          const code = await http.bytes({ url, signal: never, maxBytes: 100 }).then(
            ({ bytes }) => bytes.toString(),
            (error: unknown) => PipelineError.from(error).code,
          )
          found.set(host, code)
        }),
      )
      return found
    } finally {
      http.close()
    }
  }

  it('are refused in every way to write them, and nothing connects to them', async () => {
    assert.ok(forms.length >= 250, `${forms.length} forms`)
    seen = 0
    const found = await codes(forms, {})
    const passed = [...found].filter(([, code]) => code !== 'ADDRESS_REFUSED' && code !== 'URL_INVALID')
    assert.deepEqual(passed, [])
    const whole = forms.filter(({ kind }) => kind !== '')
    const notRead = whole.filter(({ host }) => found.get(host) === 'URL_INVALID')
    assert.deepEqual(notRead, [], 'what is an address is refused as one')
    assert.equal(seen, 0)
  })

  it('would be reached without the guard', async () => {
    const ours = forms.filter(({ host, reachesUs }) => reachesUs && (hasV6 || !host.startsWith('[')))
    assert.ok(ours.length >= 40, `${ours.length} forms`)
    seen = 0
    const found = await codes(ours, { allow: everything })
    const missed = [...found].filter(([, code]) => code !== 'reached')
    assert.deepEqual(missed, [])
    assert.ok(seen > 0)
  })

  it('are not taken for those of the internet, nor those for guarded ones', () => {
    for (const [kind, addresses] of [...Object.entries(guardedV4), ...Object.entries(guardedV6)])
      for (const address of addresses) assert.equal(guardedClass(address), kind, address)
    for (const address of [
      '1.1.1.1',
      '9.255.255.255',
      '11.0.0.0',
      '100.63.255.255',
      '100.128.0.0',
      '126.255.255.255',
      '128.0.0.0',
      '169.253.255.255',
      '172.15.255.255',
      '172.32.0.0',
      '191.255.255.255',
      '192.0.1.0',
      '192.167.255.255',
      '192.169.0.0',
      '198.17.255.255',
      '198.20.0.0',
      '223.255.255.255',
      '200.198.220.1',
      '2000::1',
      '2600:1f18::1',
      '2800:3f0::1',
      '2a00:1450::1',
      '2001:4860:4860::8888',
      '2c0f::1',
    ])
      assert.equal(guardedClass(address), undefined, address)
    for (const text of ['', 'x', '127.1', '0x7f.1', '010.0.0.1', '1.2.3', '[::1]', 'fe80::1%eth0', '1.1.1.1%eth0'])
      assert.notEqual(guardedClass(text), undefined, text)
  })

  it('the refusal says name, address, class and what to do', async () => {
    const http = createHttpClient({ product: 'test/1', resolve: async () => [{ address: '10.1.2.3', family: 4 }] })
    const error = await rejectsWith(
      http.request({ url: 'http://inner.example:8080/x?key=hidden', signal: never }),
      'ADDRESS_REFUSED',
    )
    assert.equal(error.retryable, false)
    assert.deepEqual(error.details, { host: 'inner.example', port: 8080, address: '10.1.2.3', class: 'private' })
    assert.match(error.message, /inner\.example leads to 10\.1\.2\.3.*private.*ysh-stores/)
    http.close()
  })

  describe('behind a name', () => {
    const named = (addresses: readonly string[], allow: readonly string[] = []) => {
      const asked: string[] = []
      const http = createHttpClient({
        product: 'test/1',
        allow,
        async resolve(host) {
          asked.push(host)
          return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
        },
      })
      return { http, asked }
    }
    const ask = (http: ReturnType<typeof createHttpClient>, host = 'name.example') =>
      http.bytes({ url: `http://${host}:${port}/`, signal: never, maxBytes: 100 })

    it('are refused, of each class, alone and among others', async () => {
      seen = 0
      for (const [kind, [address = '']] of [...Object.entries(guardedV4), ...Object.entries(guardedV6)]) {
        for (const addresses of [[address], ['93.184.216.34', address], [address, '93.184.216.34']]) {
          const { http } = named(addresses)
          assert.equal((await rejectsWith(ask(http), 'ADDRESS_REFUSED')).details?.class, kind)
          http.close()
        }
      }
      assert.equal(seen, 0)
    })

    it('are the ones that were checked: a resolver that changes its mind gains nothing', async () => {
      let asked = 0
      const http = createHttpClient({
        product: 'test/1',
        allow: [`127.0.0.1:${port}`],
        async resolve() {
          asked += 1
          return [{ address: asked === 1 ? '127.0.0.1' : '127.0.0.2', family: 4 }]
        },
      })
      seen = 0
      const { body } = await http.request({ url: `http://rebind.example:${port}/`, signal: never })
      body.destroy()
      assert.deepEqual([asked, seen], [1, 1])
      // the connection is gone: the next one asks again, and is told something else
      const error = await rejectsWith(ask(http, 'rebind.example'), 'ADDRESS_REFUSED')
      assert.equal(error.details?.address, '127.0.0.2')
      assert.deepEqual([asked, seen], [2, 1])
      http.close()
    })

    it('are let through by the name, the address, the port, the range; and by nothing else', async () => {
      for (const [allow, passes] of [
        [['name.example'], true],
        [['NAME.example'], true],
        [[`name.example:${port}`], true],
        [['name.example:1'], false],
        [['example'], false],
        [['other.example', '127.0.0.1'], true],
        [[`127.0.0.1:${port}`], true],
        [['127.0.0.1:1'], false],
        [['127.0.0.2'], false],
        [['127.0.0.0/8'], true],
        [['128.0.0.0/8', '::/0'], false],
      ] as const) {
        const { http } = named(['127.0.0.1'], allow)
        if (passes) assert.equal((await ask(http)).bytes.toString(), 'reached', allow.join())
        else await rejectsWith(ask(http), 'ADDRESS_REFUSED')
        http.close()
      }
    })

    it('with no address at all, or nonsense, are unreachable or refused', async () => {
      await rejectsWith(ask(named([]).http), 'NET_UNREACHABLE')
      await rejectsWith(ask(named(['nonsense']).http), 'ADDRESS_REFUSED')
    })
  })

  describe('at the end of a redirect', () => {
    it('are refused, of each class and in each notation', async () => {
      const host = await servers.serve((request, response) => {
        response
          .writeHead(302, { location: `http://${decodeURIComponent(request.url?.slice(2) ?? '')}:${port}/` })
          .end()
      })
      const http = createHttpClient({ product: 'test/1', allow: [new URL(host).host] })
      seen = 0
      const hosts = [
        ...Object.values(guardedV4).map(([v4 = '']) => v4),
        ...Object.values(guardedV6).map(([v6 = '']) => `[${v6}]`),
        ...Object.values(notationsV4)
          .map((write) => write('127.0.0.1'))
          .filter((text) => /^[\x20-\x7e]+$/.test(text)),
        'localhost',
      ]
      for (const to of hosts) {
        const asked = http.request({ url: `${host}/?${encodeURIComponent(to)}`, signal: never })
        assert.match((await rejectsWith(asked, 'ADDRESS_REFUSED')).message, /127\.0\.0\.1:\d+\/ redirects there/)
      }
      assert.equal(seen, 0)
      http.close()
    })
  })
})
