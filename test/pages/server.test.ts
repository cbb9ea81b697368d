import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { pages } from './pages.ts'
import { type PageServer, startPages } from './server.ts'

let server: PageServer
before(async () => {
  server = await startPages({ robots: 'User-agent: *\nDisallow: /admin/\n' })
})
after(() => server.close())

const get = (url: string, headers: Record<string, string> = {}) =>
  fetch(url, { headers, redirect: 'manual', signal: AbortSignal.timeout(20_000) })

test('each page is served under its path, with an ETag that answers 304, and in ISO-8859-1 when asked for', async () => {
  for (const { name, html } of pages()) {
    const answer = await get(server.address(name))
    assert.equal(await answer.text(), html)
    const etag = answer.headers.get('etag') ?? ''
    assert.equal((await get(server.address(name), { 'if-none-match': etag })).status, 304)
    const since = answer.headers.get('last-modified') ?? ''
    assert.equal((await get(server.address(name), { 'if-modified-since': since })).status, 304)
    const twin = await get(server.address(name, 'latin1'))
    assert.match(twin.headers.get('content-type') ?? '', /ISO-8859-1/)
    const text = new TextDecoder('windows-1252').decode(await twin.arrayBuffer())
    assert.match(text, /ç|ã|é|í/)
  }
  assert.match(await (await get(`${server.url}/robots.txt`)).text(), /Disallow: \/admin\//)
  assert.equal((await get(`${server.url}/other`)).status, 404)
})

test('a changed page has another ETag and a later date', async () => {
  const url = server.address('rge-tributos')
  const first = await get(url)
  server.put('rge-tributos', '<p>outra</p>')
  const second = await get(url, {
    'if-none-match': first.headers.get('etag') ?? '',
    'if-modified-since': first.headers.get('last-modified') ?? '',
  })
  assert.equal(second.status, 200)
  assert.equal(await second.text(), '<p>outra</p>')
})

test('it misbehaves as told, as often as told', async () => {
  const url = server.address('celesc-tarifas')
  const status = async (headers = {}) => (await get(url, headers)).status
  for (const vendor of ['cloudflare', 'incapsula', 'akamai', 'aws-waf', 'captcha'] as const) {
    server.misbehave({ kind: 'challenge', vendor, times: 1 })
    assert.doesNotMatch(await (await get(url)).text(), /Subgrupos/, vendor)
  }
  assert.equal(await status(), 200)
  server.misbehave({ kind: 'unavailable', retryAfter: 7, times: 1 })
  const busy = await get(url)
  assert.deepEqual([busy.status, busy.headers.get('retry-after')], [503, '7'])
  server.misbehave({ kind: 'status', status: 403, times: 1 })
  assert.equal(await status(), 403)
  const large = server.misbehave({ kind: 'large', bytes: 3_000_000, times: 1 })
  assert.ok((await (await get(url)).arrayBuffer()).byteLength >= 3_000_000)
  assert.equal(large.applied, 1)
  server.misbehave({ kind: 'gzip-bomb', bytes: 8 * 1_048_576, times: 1 })
  assert.equal((await (await get(url)).arrayBuffer()).byteLength, 8 * 1_048_576)
  server.misbehave({ kind: 'cut', times: 1 })
  await assert.rejects(async () => (await get(url)).text())
  const loop = server.misbehave({ kind: 'redirect-loop' })
  await assert.rejects(fetch(url, { signal: AbortSignal.timeout(20_000) }), /fetch failed/)
  loop.remove()
  server.misbehave({ kind: 'slow', bytesPerSecond: 0, times: 1 })
  await assert.rejects(async () => (await fetch(url, { signal: AbortSignal.timeout(300) })).text())
  server.misbehave({ kind: 'wrong-charset', bytes: 'latin1', times: 1 })
  const wrong = await get(url)
  assert.match(wrong.headers.get('content-type') ?? '', /UTF-8/)
  assert.ok((await wrong.text()).includes('\ufffd'))
  server.clear()
  assert.equal(await status(), 200)
})
