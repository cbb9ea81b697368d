import assert from 'node:assert/strict'
import { createServer, type RequestListener, type Server } from 'node:http'
import { afterEach, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { PipelineError } from '../../lib/errors.ts'
import { createHttpClient } from '../../lib/net/client.ts'
import { parseRetryAfter } from '../../lib/net/errors.ts'
import type { RefusedAnswer } from '../../lib/net/http.ts'
import { loopback } from '../helpers/loopback.ts'

const servers: Server[] = []
const client = createHttpClient({ product: 'ysh-test/1.0', connectTimeoutMs: 500, allow: loopback })
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
}

async function text(url: string, more: Partial<Parameters<typeof client.request>[0]> = {}): Promise<string> {
  const response = await client.request({ url, signal: new AbortController().signal, ...more })
  const chunks: Buffer[] = []
  for await (const chunk of response.body) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

async function code(work: Promise<unknown>): Promise<PipelineError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof PipelineError, String(error))
  return error
}

test('says who it is, and whom to reach', async () => {
  let seen: string | undefined
  const url = await serve((request, response) => {
    seen = request.headers['user-agent']
    response.end('ok')
  })
  assert.equal(await text(url, { contact: 'data@example.org' }), 'ok')
  assert.equal(seen, 'ysh-test/1.0 (+data@example.org)')
})

test('undoes a content encoding that was not asked for', async () => {
  const url = await serve((_, response) =>
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('a;b\n')),
  )
  assert.equal(await text(url), 'a;b\n')
})

test('statuses: what may pass is retryable, Retry-After is read, the rest is final', async () => {
  for (const [status, retryable] of [
    [400, false],
    [403, false],
    [404, false],
    [408, true],
    [429, true],
    [500, true],
    [503, true],
  ] as const) {
    const url = await serve((_, response) => response.writeHead(status, { 'retry-after': '7' }).end('<h1>no</h1>'))
    const error = await code(text(`${url}/x?token=secret`))
    assert.equal(error.code, `HTTP_${status}`)
    assert.equal(error.retryable, retryable)
    assert.equal(error.retryAfterMs, 7000)
    assert.doesNotMatch(JSON.stringify(error), /secret/)
  }
  assert.equal(
    (await code(client.json({ url: await serve((_, r) => r.end('<html>')), signal: AbortSignal.timeout(2000) }))).code,
    'HTTP_NOT_JSON',
  )
})

test('Retry-After in seconds and as a date', () => {
  const now = Date.parse('2026-11-23T12:00:00Z')
  assert.equal(parseRetryAfter('120', now), 120_000)
  assert.equal(parseRetryAfter('Mon, 23 Nov 2026 12:01:00 GMT', now), 60_000)
  assert.equal(parseRetryAfter('Mon, 23 Nov 2026 11:00:00 GMT', now), 0)
  assert.equal(parseRetryAfter('soon', now), undefined)
  assert.equal(parseRetryAfter(undefined, now), undefined)
})

test('deadlines: silence before the answer, silence within it, and the whole', async () => {
  const silent = await serve(() => undefined)
  assert.equal((await code(text(silent, { idleTimeoutMs: 100 }))).code, 'NET_TIMEOUT')
  const stalled = await serve((_, response) => {
    response.write('a')
  })
  assert.equal((await code(text(stalled, { idleTimeoutMs: 100 }))).code, 'NET_TIMEOUT')
  const endless = await serve((_, response) => {
    const timer = setInterval(() => response.write('a'), 10)
    response.once('close', () => clearInterval(timer))
  })
  const error = await code(text(endless, { idleTimeoutMs: 5000, totalTimeoutMs: 200 }))
  assert.equal(error.code, 'NET_TIMEOUT')
  assert.match(error.message, /0\.2 s/)
})

test('a broken, a refused and a stopped connection have names', async () => {
  const cut = await serve((_, response) => {
    response.writeHead(200, { 'content-length': '100' })
    response.write('abc', () => response.destroy())
  })
  assert.deepEqual([(await code(text(cut))).code, (await code(text(cut))).retryable], ['NET_CUT', true])
  assert.equal((await code(text('http://127.0.0.1:1/'))).code, 'NET_UNREACHABLE')
  const controller = new AbortController()
  const silent = await serve(() => undefined)
  setTimeout(() => controller.abort(), 50)
  assert.equal((await code(text(silent, { signal: controller.signal }))).code, 'STOPPED')
})

test('redirects are followed, but not for ever', async () => {
  const url = await serve((request, response) => {
    if (request.url === '/to') response.writeHead(302, { location: '/end' }).end()
    else if (request.url === '/end') response.end('there')
    else response.writeHead(302, { location: '/loop' }).end()
  })
  assert.equal(await text(`${url}/to`), 'there')
  assert.equal((await code(text(`${url}/loop`))).code, 'NET_REDIRECTS')
})

test('JSON above its limit is refused', async () => {
  const url = await serve((_, response) => response.end(JSON.stringify('x'.repeat(5000))))
  assert.equal(
    (await code(client.json({ url, signal: AbortSignal.timeout(2000), maxBytes: 1000 }))).code,
    'NET_TOO_LARGE',
  )
})

test('a known answer is asked after: 304 is an answer then, and an error otherwise', async () => {
  const url = await serve((request, response) => {
    const same =
      request.headers['if-none-match'] === '"one"' ||
      request.headers['if-modified-since'] === 'Mon, 23 Nov 2026 12:00:00 GMT'
    response.writeHead(same ? 304 : 200).end(same ? undefined : 'new')
  })
  const ask = (known?: { etag?: string; lastModified?: string }) =>
    client.bytes({ url, signal: AbortSignal.timeout(2000), maxBytes: 100, ...(known ? { known } : {}) })
  assert.equal((await ask({ etag: '"one"' })).status, 304)
  assert.equal((await ask({ lastModified: 'Mon, 23 Nov 2026 12:00:00 GMT' })).status, 304)
  for (const known of [undefined, {}, { etag: '', lastModified: '' }, { etag: '"two"' }])
    assert.equal((await ask(known)).bytes.toString(), 'new')
  const always = await serve((_, response) => response.writeHead(304).end())
  assert.equal((await code(text(always))).code, 'HTTP_304')
})

test('an answer that is an error can be given a better name by its words', async () => {
  const challenge = '<title>Um momento\u2026</title>'
  const url = await serve((request, response) => {
    if (request.url === '/drip') {
      response.writeHead(403)
      const drip = setInterval(() => response.write('x'.repeat(20_000)), 5)
      response.once('close', () => clearInterval(drip))
      return
    }
    const headers = { 'content-type': 'text/html; charset=windows-1252', 'content-encoding': 'gzip', 'x-why': 'bot' }
    response
      .writeHead(request.url === '/ok' ? 200 : 403, headers)
      .end(gzipSync(Buffer.from(challenge.replace('\u2026', '\x85'), 'latin1')))
  })
  const seen: string[] = []
  const explain = ({ status, headers, url: from, text: words }: RefusedAnswer) => {
    seen.push(words)
    return words.includes('momento')
      ? new PipelineError('CHALLENGE', `${status} ${headers['x-why']} ${from}`, { retryable: true })
      : undefined
  }
  const error = await code(text(`${url}/x`, { explain }))
  assert.deepEqual([error.code, error.message, seen.pop()], ['CHALLENGE', `403 bot ${url}/x`, challenge])
  assert.equal((await code(text(`${url}/drip`, { explain }))).code, 'HTTP_403')
  assert.equal(seen.pop()?.length, 65_536)
  assert.equal(await text(`${url}/ok`, { explain }), challenge.replace('\u2026', '\ufffd'))
  assert.deepEqual(seen, [])
})

test('a request may have less patience with connecting than the client', async () => {
  // a resolver that never answers is the only connection that hangs everywhere
  const hanging = createHttpClient({ product: 'ysh-test/1.0', resolve: () => new Promise(() => undefined) })
  const began = performance.now()
  const error = await code(
    hanging.request({ url: 'http://slow.example/', signal: AbortSignal.timeout(5000), connectTimeoutMs: 100 }),
  )
  assert.deepEqual([error.code, error.retryable], ['NET_TIMEOUT', true])
  assert.ok(performance.now() - began < 2000)
  hanging.close()
})
