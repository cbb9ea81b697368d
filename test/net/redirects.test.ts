import assert from 'node:assert/strict'
import type { IncomingHttpHeaders, RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { after, afterEach, describe, it } from 'node:test'
import { createHttpClient } from '../../lib/net/client.ts'
import type { HttpRequest } from '../../lib/net/http.ts'
import { Secrets } from '../../lib/net/redact.ts'
import { type Hop, Trail } from '../../lib/net/redirects.ts'
import { HttpServers } from '../helpers/http-servers.ts'
import { loopback } from '../helpers/loopback.ts'
import { rejectsWith } from '../helpers/rejects.ts'

const never = new AbortController().signal
const to =
  (location: string, status = 302): RequestListener =>
  (_, response) =>
    response.writeHead(status, { location }).end('moved')

describe('redirects', { timeout: 20_000 }, () => {
  const servers = new HttpServers()
  const http = createHttpClient({ product: 'test/1', allow: [...loopback, 'localhost'] })
  afterEach(() => servers.close())
  after(() => http.close())
  const ask = (url: string, more: Partial<HttpRequest> = {}) =>
    http.bytes({ url, signal: never, maxBytes: 1_000, ...more })

  it('are followed, and the answer says where it came from', async () => {
    const end = await servers.serve((_, response) => response.end('there'))
    const start = await servers.serve(to(`${end}/a?b=c#d`))
    const answer = await ask(`${start}/x#fragment`)
    assert.deepEqual([answer.bytes.toString(), answer.url], ['there', `${end}/a?b=c`])
  })

  it('of raw UTF-8 and relative to what redirects', async () => {
    let asked = ''
    const url = await servers.serve((request, response) => {
      if (request.url === '/a/b')
        response.writeHead(301, { location: Buffer.from('../tarifação').toString('latin1') }).end()
      else {
        asked = request.url ?? ''
        response.end()
      }
    })
    await ask(`${url}/a/b`)
    assert.equal(asked, '/tarifa%C3%A7%C3%A3o')
  })

  it('up to five; a circle and an endless way are named with their chain', async () => {
    const url = await servers.serve((request, response) => {
      const [, kind, count] = request.url?.split(/[/?]/) ?? []
      const n = Number(count)
      if (kind === 'down' && n === 0) response.end('arrived')
      else
        to(kind === 'circle' ? `/circle/${(n + 1) % 3}` : `/${kind}/${kind === 'down' ? n - 1 : n + 1}`)(
          request,
          response,
        )
    })
    assert.equal((await ask(`${url}/down/5`)).bytes.toString(), 'arrived')
    const host = new URL(url).host
    for (const path of ['down/6', 'endless/1']) {
      const error = await rejectsWith(ask(`${url}/${path}?key=hidden1`), 'NET_REDIRECTS')
      assert.equal(error.retryable, false)
      assert.match(error.message, /more than 5 times/)
      assert.ok(Array.isArray(error.details?.chain) && error.details.chain.length === 7)
      assert.doesNotMatch(JSON.stringify(error), /hidden1/)
    }
    const circle = await rejectsWith(ask(`${url}/circle/0`), 'NET_REDIRECTS')
    assert.match(circle.message, /in a circle/)
    assert.deepEqual(
      circle.details?.chain,
      ['0', '1', '2', '0'].map((n) => `${host}/circle/${n}`),
    )
    await rejectsWith(ask(await servers.serve(to('http://'))), 'NET_REDIRECTS')
  })

  it('without a place are errors of their status; a caller may want the redirect itself', async () => {
    const bare = await servers.serve((_, response) => response.writeHead(302).end())
    await rejectsWith(ask(bare), 'HTTP_302')
    const url = await servers.serve(to('/elsewhere', 303))
    assert.equal((await ask(url, { accept: [303] })).headers.location, '/elsewhere')
  })

  it('to another scheme, with a user, or out of https are refused', async () => {
    for (const place of [
      'file:///etc/passwd',
      'ftp://example.org/',
      'javascript:alert(1)',
      'data:,x',
      'gopher://127.0.0.1:6379/_x',
    ]) {
      const error = await rejectsWith(ask(await servers.serve(to(place))), 'REDIRECT_REFUSED')
      assert.match(error.message, /only http and https/)
    }
    const withUser = await rejectsWith(
      ask(await servers.serve(to('http://ann:hidden1@example.org/'))),
      'REDIRECT_REFUSED',
    )
    assert.doesNotMatch(JSON.stringify(withUser), /hidden1|ann/)
    const https: Hop = { url: new URL('https://example.org/a'), method: 'GET', headers: {}, json: undefined }
    assert.throws(
      () => new Trail(https, undefined, new Secrets()).follow(301, 'http://example.org/a'),
      /would leave https/,
    )
  })

  it('lead to named hosts only, when there are names', async () => {
    const end = await servers.serve((_, response) => response.end('there'))
    const port = new URL(end).port
    const away = await servers.serve(to(`http://localhost:${port}/there?key=hidden1`))
    const error = await rejectsWith(ask(`${away}/here`, { redirectHosts: ['www.example.org'] }), 'REDIRECT_REFUSED')
    assert.deepEqual(error.details, { from: `${away}/here`, to: `http://localhost:${port}/there` })
    assert.match(error.message, /only 127\.0\.0\.1, www\.example\.org/)
    for (const hosts of [['LOCALHOST'], undefined])
      assert.equal((await ask(away, hosts === undefined ? {} : { redirectHosts: hosts })).bytes.toString(), 'there')
    const within = await servers.serve(to(`${end}/`))
    assert.equal((await ask(within, { redirectHosts: [] })).bytes.toString(), 'there')
  })

  it('take no credentials along to another origin, and those of the same one keep theirs', async () => {
    const seen: IncomingHttpHeaders[] = []
    const end = await servers.serve((request, response) => {
      seen.push(request.headers)
      if (request.url === '/on') to('/end')(request, response)
      else response.end()
    })
    const away = await servers.serve(to(`${end}/end`))
    const headers = {
      Authorization: 'Bearer hidden1',
      Cookie: 'a=hidden2',
      'Proxy-Authorization': 'Basic hidden3',
      'X-Api-Key': 'hidden4',
      Accept: 'text/csv',
      Host: 'elsewhere.example',
    }
    await ask(`${end}/on`, { headers, known: { etag: '"x"' } })
    await ask(away, { headers, known: { etag: '"x"' }, contact: 'data@example.org' })
    const [first, second, third] = seen
    for (const same of [first, second])
      assert.deepEqual(
        [same?.authorization, same?.cookie, same?.['proxy-authorization'], same?.['x-api-key'], same?.host],
        ['Bearer hidden1', 'a=hidden2', 'Basic hidden3', 'hidden4', new URL(end).host],
      )
    assert.doesNotMatch(JSON.stringify(third), /hidden/)
    assert.deepEqual(
      [third?.accept, third?.['if-none-match'], third?.['user-agent']],
      ['text/csv', '"x"', 'test/1 (+data@example.org)'],
    )
  })

  it('turn a POST into a GET where they should; 307 and 308 keep it, on the same origin', async () => {
    const seen: string[] = []
    const record: RequestListener = async (request, response) => {
      seen.push(`${request.method} ${Buffer.concat(await request.toArray())}`)
      response.end()
    }
    const end = await servers.serve(record)
    for (const status of [301, 302, 303, 307, 308]) {
      const url = await servers.serve((request, response) => {
        if (request.url === '/end') record(request, response)
        else to('/end', status)(request, response)
      })
      await ask(url, { method: 'POST', json: { a: 1 } })
    }
    assert.deepEqual(seen, ['GET ', 'GET ', 'GET ', 'POST {"a":1}', 'POST {"a":1}'])
    const away = await servers.serve(to(end, 307))
    await rejectsWith(ask(away, { method: 'POST', json: { a: 1 } }), 'REDIRECT_REFUSED')
    assert.equal(seen.length, 5)
  })

  it('count for the host they lead to', async () => {
    const ill = await servers.serve((_, response) => response.writeHead(500).end())
    const well = await servers.serve((request, response) => {
      if (request.url === '/to') to(ill)(request, response)
      else response.end('well')
    })
    for (let n = 0; n < 5; n += 1) await rejectsWith(ask(`${well}/to`), 'HTTP_500')
    const error = await rejectsWith(ask(`${well}/to`), 'HOST_OPEN')
    assert.equal(error.details?.host, new URL(ill).host)
    assert.equal((await ask(`${well}/x`)).bytes.toString(), 'well')
  })

  it('share one total deadline', async () => {
    let n = 0
    const url = await servers.serve((request, response) => {
      n += 1
      setTimeout(() => to(`/${n}`)(request, response), 100)
    })
    const began = performance.now()
    await rejectsWith(ask(url, { totalTimeoutMs: 250 }), 'NET_TIMEOUT')
    assert.ok(performance.now() - began < 450 && n === 3, `${n} requests`)
  })

  it('into TLS verify the certificate there', async () => {
    const { selfSigned } = await import('./self-signed.ts')
    const tls = await servers.listen(createTlsServer(selfSigned, (_, response) => response.end('secret')))
    await rejectsWith(ask(await servers.serve(to(`https://127.0.0.1:${tls}/`))), 'NET_CERTIFICATE')
  })
})
