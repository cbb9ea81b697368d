import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { afterEach, describe, it } from 'node:test'
import { createHttpClient } from '../../lib/net/client.ts'
import type { HttpRequest } from '../../lib/net/http.ts'
import { HttpServers } from '../helpers/http-servers.ts'
import { loopback } from '../helpers/loopback.ts'
import { rejectsWith } from '../helpers/rejects.ts'
import { SimulatedClock } from '../helpers/simulated-clock.ts'

const never = new AbortController().signal

describe('robots.txt', { timeout: 20_000 }, () => {
  const servers = new HttpServers()
  const clients: { close(): void }[] = []
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close()
    await servers.close()
  })

  /** A site with these rules, and a client that keeps to them. */
  async function site(rules: string | RequestListener, more: Parameters<typeof createHttpClient>[0]['hosts'] = {}) {
    const asked: string[] = []
    const url = await servers.serve((request, response) => {
      asked.push(request.url ?? '')
      if (request.url !== '/robots.txt') response.end('page')
      else if (typeof rules === 'string') response.end(rules)
      else rules(request, response)
    })
    const http = createHttpClient({ product: 'ysh-test/1.0', allow: [...loopback, 'localhost'], hosts: more })
    clients.push(http)
    const ask = (path: string, request: Partial<HttpRequest> = {}) =>
      http.bytes({ url: url + path, signal: never, maxBytes: 1_000, robots: true, ...request })
    return { url, asked, http, ask }
  }

  it('refuses what it forbids, and quotes the line, the path and who we are', async () => {
    const { url, asked, ask } = await site(
      'User-agent: *\nDisallow: /\n\nUser-Agent: YSH-Test\nDisallow: /private # not here\nAllow: /private/open\nDisallow: /*.pdf$\n',
    )
    const error = await rejectsWith(ask('/private/x?key=hidden1'), 'ROBOTS_REFUSED')
    assert.equal(error.retryable, false)
    assert.deepEqual(error.details, {
      origin: url,
      path: '/private/x',
      product: 'ysh-test',
      line: 5,
      rule: 'Disallow: /private # not here',
    })
    assert.match(error.message, /line 5, "Disallow: \/private # not here"/)
    assert.doesNotMatch(JSON.stringify(error), /hidden1/)
    await rejectsWith(ask('/a/file.pdf'), 'ROBOTS_REFUSED')
    for (const path of ['/', '/private/open/x', '/a/file.pdf?x'])
      assert.equal((await ask(path)).bytes.toString(), 'page')
    assert.equal(asked.filter((path) => path === '/robots.txt').length, 1)
    // who does not ask for it is not kept away
    assert.equal((await ask('/private/x', { robots: false })).bytes.toString(), 'page')
  })

  it('is fetched once, also for many at once, and again after a day', async () => {
    const clock = new SimulatedClock()
    const { asked, ask } = await site('User-agent: *\nAllow: /', { clock })
    const count = () => asked.filter((path) => path === '/robots.txt').length
    await Promise.all(Array.from({ length: 20 }, (_, n) => ask(`/${n}`)))
    assert.equal(count(), 1)
    await clock.run(86_399_000)
    await ask('/x')
    assert.equal(count(), 1)
    await clock.run(2_000)
    await ask('/x')
    assert.equal(count(), 2)
  })

  it('that is not there allows everything; one that cannot be had allows nothing, for now', async () => {
    for (const status of [400, 401, 403, 404, 410]) {
      const { ask } = await site((_, response) => response.writeHead(status).end('User-agent: *\nDisallow: /'))
      assert.equal((await ask('/x')).bytes.toString(), 'page')
    }
    for (const status of [429, 500, 503]) {
      const { ask, asked } = await site((_, response) => response.writeHead(status, { 'retry-after': '7' }).end())
      const error = await rejectsWith(ask('/x'), 'ROBOTS_UNREACHABLE')
      assert.deepEqual([error.retryable, error.retryAfterMs, error.details?.code], [true, 7_000, `HTTP_${status}`])
      await rejectsWith(ask('/x'), 'ROBOTS_UNREACHABLE')
      assert.deepEqual(asked, ['/robots.txt', '/robots.txt'])
    }
    const { ask, asked } = await site((_, response) => response.destroy())
    await rejectsWith(ask('/x'), 'ROBOTS_UNREACHABLE')
    for (let n = 0; n < 4; n += 1) await rejectsWith(ask('/x'), 'ROBOTS_UNREACHABLE')
    await rejectsWith(ask('/x'), 'HOST_OPEN')
    assert.equal(asked.includes('/x'), false)
  })

  it('of an address that is refused is not asked for', async () => {
    const { url, asked } = await site('')
    const http = createHttpClient({ product: 'ysh-test/1.0' })
    clients.push(http)
    await rejectsWith(http.request({ url, signal: never, robots: true }), 'ADDRESS_REFUSED')
    assert.deepEqual(asked, [])
  })

  it('may be redirected, five times', async () => {
    const hops = (most: number): RequestListener => {
      let n = 0
      return (_, response) => {
        n += 1
        if (n > most) response.end('User-agent: *\nDisallow: /no')
        else response.writeHead(301, { location: `/robots.txt?${n}` }).end()
      }
    }
    const listener = (most: number) => {
      const answer = hops(most)
      return servers.serve((request, response) =>
        request.url?.startsWith('/robots.txt') ? answer(request, response) : response.end('page'),
      )
    }
    const { http } = await site('')
    const ask = (url: string) => http.bytes({ url, signal: never, maxBytes: 100, robots: true })
    const five = await listener(5)
    await rejectsWith(ask(`${five}/no`), 'ROBOTS_REFUSED')
    assert.equal((await ask(`${five}/yes`)).bytes.toString(), 'page')
    await rejectsWith(ask(await listener(6)), 'ROBOTS_UNREACHABLE')
  })

  it('is asked for at each redirect, of the origin it leads to', async () => {
    const end = await site('User-agent: *\nDisallow: /closed')
    const start = await servers.serve((request, response) => {
      if (request.url === '/robots.txt') response.writeHead(404).end()
      else response.writeHead(302, { location: `${end.url}${request.url}` }).end()
    })
    const ask = (path: string) => end.http.bytes({ url: start + path, signal: never, maxBytes: 100, robots: true })
    assert.equal((await ask('/open')).bytes.toString(), 'page')
    const error = await rejectsWith(ask('/closed'), 'ROBOTS_REFUSED')
    assert.equal(error.details?.origin, end.url)
    assert.deepEqual(end.asked, ['/robots.txt', '/open'])
  })

  it('is read to 500 KiB and not to half a line', async () => {
    const head = 'User-agent: *\nDisallow: /first\n'
    const large = `${head}${'#'.repeat(500 * 1024 - head.length - 11)}\nDisallow: /yes-really-no\n${'Disallow: /late\n'.repeat(9)}`
    const { ask } = await site(large)
    await rejectsWith(ask('/first'), 'ROBOTS_REFUSED')
    assert.equal((await ask('/yes-and-more')).bytes.toString(), 'page')
    assert.equal((await ask('/late')).bytes.toString(), 'page')
  })

  it('that is made to be slow is refused instead of compared', async () => {
    const { ask } = await site(`User-agent: *\n${'Disallow: /*a*a*a*a*a*a*a*a*a\n'.repeat(15_000)}`)
    const began = performance.now()
    const error = await rejectsWith(ask(`/${'a'.repeat(4_000)}`), 'ROBOTS_REFUSED')
    assert.match(error.message, /too many wildcards/)
    assert.ok(performance.now() - began < 2_000)
  })

  it('sets a pace by its Crawl-delay; the caller may still be called off', async () => {
    const { ask, asked } = await site('User-agent: *\nCrawl-delay: 0.2')
    const began = performance.now()
    await Promise.all([ask('/1'), ask('/2'), ask('/3')])
    assert.ok(performance.now() - began >= 590, 'robots.txt itself was the first start')
    assert.deepEqual(asked, ['/robots.txt', '/1', '/2', '/3'])
    const slow = await site('User-agent: *\nCrawl-delay: 1000000')
    const stop = AbortSignal.timeout(100)
    await rejectsWith(slow.ask('/1', { signal: stop }), 'STOPPED')
    await rejectsWith(slow.ask('/1', { totalTimeoutMs: 50 }), 'NET_BUSY')
    assert.deepEqual(slow.asked, ['/robots.txt'])
  })

  it('does not hold up who is called off while it is fetched, nor fail the others', async () => {
    const release = Promise.withResolvers<void>()
    const { ask } = await site((_, response) => void release.promise.then(() => response.end('')))
    const stop = new AbortController()
    const stopped = ask('/1', { signal: stop.signal })
    const other = ask('/2')
    setTimeout(() => stop.abort(), 30)
    await rejectsWith(stopped, 'STOPPED')
    release.resolve()
    assert.equal((await other).bytes.toString(), 'page')
  })
})
