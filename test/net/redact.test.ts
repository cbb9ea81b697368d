import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { createServer as createRaw } from 'node:net'
import { after, describe, it } from 'node:test'
import { PipelineError } from '../../lib/errors.ts'
import { createHttpClient } from '../../lib/net/client.ts'
import type { HttpRequest } from '../../lib/net/http.ts'
import { Secrets, withoutSecrets } from '../../lib/net/redact.ts'
import { HttpServers } from '../helpers/http-servers.ts'
import { loopback } from '../helpers/loopback.ts'
import { selfSigned } from './self-signed.ts'

/** Everything that a value holds, also what is not enumerable, with its path. */
function* texts(value: unknown, path = 'error', seen = new Set<unknown>()): Generator<[string, string]> {
  if (typeof value === 'string') yield [path, value]
  if (typeof value === 'function' || typeof value !== 'object' || value === null || seen.has(value)) return
  seen.add(value)
  if (ArrayBuffer.isView(value)) {
    yield [path, Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1')]
    return
  }
  if (value instanceof Map || value instanceof Set) yield* texts([...value], path, seen)
  for (const key of Reflect.ownKeys(value)) {
    yield [`${path} (key)`, String(key)]
    yield* texts(Reflect.get(value, key), `${path}.${String(key)}`, seen)
  }
}

const planted = [
  'qUeRy-s3cret',
  'b3arer-s3cret',
  'c00kie-s3cret',
  'l0cation-s3cret',
  'us3r-s3cret',
  'w0rd-s3cret',
  'pr0xy-s3cret',
  'k3y s&cret',
]
const headers = {
  Authorization: 'Bearer b3arer-s3cret',
  Cookie: 'session=c00kie-s3cret; other=c00kie-s3cret',
  'Proxy-Authorization': `Basic ${Buffer.from('x:pr0xy-s3cret').toString('base64')}`,
  'X-Api-Key': 'k3y s&cret',
}
const hidden = [
  ...planted,
  'k3y s&amp;cret',
  Buffer.from('x:pr0xy-s3cret').toString('base64'),
  encodeURIComponent('k3y s&cret'),
]
const query = `?token=qUeRy-s3cret&key=${encodeURIComponent('k3y s&cret')}#qUeRy-s3cret`

/** Says all that it was told. */
const parrot =
  (status: number, type = 'text/html'): RequestListener =>
  (request, response) => {
    const said = JSON.stringify([request.url, request.headers, decodeURIComponent(request.url ?? '')])
    const page = said.replaceAll('&', '&amp;')
    response.writeHead(status, { 'content-type': type }).end(`<p>${page} http://127.0.0.1${request.url} ${said}</p>`)
  }

describe('no secret is in an error', { timeout: 20_000 }, () => {
  const servers = new HttpServers()
  const lines: unknown[] = []
  const http = createHttpClient({
    product: 'test/1',
    allow: loopback,
    connectTimeoutMs: 1_000,
    hosts: { breaker: { failures: 1, coolDownMs: 60_000 }, onChange: (host, change) => lines.push([host, change]) },
  })
  after(async () => {
    http.close()
    await servers.close()
  })

  async function shows(what: string, url: string, more: Partial<HttpRequest> = {}, how: 'json' | 'bytes' = 'bytes') {
    const asked = { url, headers, signal: new AbortController().signal, maxBytes: 10_000, ...more }
    const error = await (how === 'json' ? http.json(asked) : http.bytes(asked)).then(
      () => assert.fail(`${what} should have failed`),
      (thrown: unknown) => thrown,
    )
    assert.ok(error instanceof PipelineError)
    assert.notEqual(error.code, 'UNEXPECTED')
    let read = 0
    for (const [path, text] of [...texts(error), ...texts(lines, 'log')]) {
      read += 1
      for (const word of hidden) assert.ok(!text.includes(word), `${what} (${error.code}): ${word} in ${path}: ${text}`)
    }
    assert.ok(read > 5)
    return error
  }

  it('the walk finds what is there', () => {
    const cause = Object.defineProperty(new Error('x'), 'inner', {
      value: { headers: ['c00kie-s3cret'] },
      enumerable: false,
    })
    assert.ok([...texts(new PipelineError('X', 'x', { cause }))].some(([, text]) => text === 'c00kie-s3cret'))
  })

  it('whatever goes wrong', async () => {
    for (const status of [302, 400, 403, 404, 429, 500])
      await shows(`status ${status}`, `${await servers.serve(parrot(status))}/${query}`)
    await shows('no JSON', `${await servers.serve(parrot(200))}/${query}`, {}, 'json')
    const down = await servers.serve((_, response) => response.destroy())
    await shows('cut', `${down}/${query}`)
    assert.equal((await shows('open', `${down}/${query}`)).code, 'HOST_OPEN')
    await shows('refused', `http://127.0.0.1:1/${query}`)
    await shows('unknown', `http://no.such.host.invalid/${query}`)
    await shows('guarded', `http://10.0.0.1/${query}`)
    await shows('late', `${await servers.serve(() => undefined)}/${query}`, { idleTimeoutMs: 50 })
    const raw = createRaw((socket) => socket.end(`HTTP/1.1 200 qUeRy-s3cret\r\nbad header\r\n\r\n`))
    raw.listen(0, '127.0.0.1')
    await new Promise((resolve) => raw.once('listening', resolve))
    const address = raw.address()
    await shows('no HTTP', `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/${query}`)
    raw.close()
    const tls = await servers.listen(createTlsServer(selfSigned, (_, response) => response.end()))
    await shows('certificate', `https://127.0.0.1:${tls}/${query}`)
    await shows('too large', `${await servers.serve(parrot(200))}/${query}`, { maxBytes: 5 })
    await shows('header', `${await servers.serve(parrot(200))}/${query}`, {
      headers: { ...headers, 'x token': 'k3y s&cret' },
    })
    await shows(
      'robots',
      `${await servers.serve((_, response) => response.end('User-agent: *\nDisallow: /'))}/${query}`,
      { robots: true },
    )
  })

  it('in an address that is none, or has a user', async () => {
    for (const url of [
      'http://us3r-s3cret:w0rd-s3cret@127.0.0.1/',
      'http://us3r-s3cret:w0rd-s3cret@127.0.0.1:99999/?qUeRy-s3cret',
      'http://us3r-s3cret:w0rd-s3cret/@127.0.0.1:x?token=qUeRy-s3cret',
      'http://[::1?token=qUeRy-s3cret',
      'us3r-s3cret:w0rd-s3cret@127.0.0.1',
      'ftp://us3r-s3cret:w0rd-s3cret@127.0.0.1/?token=qUeRy-s3cret',
    ])
      assert.equal((await shows(url, url)).code, 'URL_INVALID')
  })

  it('in where a redirect leads', async () => {
    const leading = (location: string) => servers.serve((_, response) => response.writeHead(302, { location }).end())
    for (const location of [
      'http://us3r-s3cret:w0rd-s3cret@127.0.0.1/?token=l0cation-s3cret',
      'http://10.0.0.1/?token=l0cation-s3cret',
      'ftp://127.0.0.1/?token=l0cation-s3cret#l0cation-s3cret',
      'http://127.0.0.1:99999/?token=l0cation-s3cret',
      `${await servers.serve(parrot(404))}/?token=l0cation-s3cret`,
      'http://127.0.0.1:1/?token=l0cation-s3cret',
    ])
      await shows(location, `${await leading(location)}/${query}`)
    await shows('hosts', `${await leading('http://example.org/?token=l0cation-s3cret')}/`, { redirectHosts: [] })
    await shows(
      'no JSON',
      `${await leading(`${await servers.serve(parrot(200))}/?token=l0cation-s3cret`)}/${query}`,
      {},
      'json',
    )
  })
})

describe('secrets', () => {
  it('are taken out of texts; what is not secret stays', () => {
    const secrets = new Secrets()
    secrets.url('https://ann:w0rd%21@example.org/path?token=abcd&n=1&q=tarifa%C3%A7%C3%A3o')
    secrets.headers({ authorization: 'Bearer xyz123', accept: 'text/csv' })
    assert.equal(
      secrets.clean(
        'w0rd! w0rd%21 abcd tarifação tarifa%C3%A7%C3%A3o xyz123 text/csv n=1 https://example.org/path?z=9',
      ),
      '… … … … … … text/csv n=1 https://example.org/path',
    )
  })

  it('are not in a shortened address', () => {
    assert.equal(withoutSecrets('https://ann:word@example.org/a?b=c#d'), 'https://example.org/a')
    assert.equal(withoutSecrets('http://ann:wo/rd@exam ple.org/a?b=c'), 'http://exam ple.org/a')
    assert.equal(withoutSecrets('nonsense\nword'), 'nonsense word')
  })
})
