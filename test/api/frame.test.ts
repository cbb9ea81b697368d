import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { type Answered, type Api, type ApiOptions, createApi } from '../../lib/api/api.ts'
import { defineRoute, None } from '../../lib/api/route.ts'
import { PipelineError } from '../../lib/errors.ts'
import { Type } from '../../lib/schema.ts'
import { memoryLog, openSurroundings, type Surroundings } from '../runs/surroundings.ts'
import { gateOf, requestOf, serve } from './serve.ts'

const strict = { additionalProperties: false }
const published = new Date('2026-07-01T12:00:00.900Z')
const seen: { closed: number; signal?: AbortSignal } = { closed: 0 }

const routes = [
  defineRoute({
    ...{ method: 'GET', path: '/things', id: 'listThings', scope: 'datasets', summary: 'Things', params: None },
    query: Type.Object(
      {
        limit: Type.Integer({ default: 10, minimum: 1, maximum: 100 }),
        tags: Type.Optional(Type.Array(Type.String())),
        deep: Type.Optional(Type.Boolean()),
        least: Type.Optional(Type.Number()),
        kind: Type.Optional(Type.Enum(['a', 'b'])),
      },
      strict,
    ),
    answer: Type.Object({}),
    handle: async ({ query }) => ({ json: { query, text: 'x'.repeat(query.limit * 20) }, modified: published }),
  }),
  defineRoute({
    ...{ method: 'GET', path: '/things/{name}', id: 'getThing', scope: 'datasets', summary: 'A thing' },
    ...{ params: Type.Object({ name: Type.String() }), query: None, answer: Type.Object({}) },
    handle: async ({ params: { name }, raw }) => {
      seen.signal = raw.signal
      if (name === 'slow') await sleep(5_000, undefined, { signal: raw.signal })
      if (name === 'deaf') await sleep(400)
      if (name === 'secret') throw new Error('select * from passwords at /home/me')
      if (name === 'sql') throw new PipelineError('SQL_42P01', 'relation "hidden" does not exist')
      if (name === 'down') throw new PipelineError('STORE_UNAVAILABLE', 'postgres://u:p@h', { retryable: true })
      return { json: { name, provenance: { ageSeconds: performance.now() } }, modified: published }
    },
  }),
  defineRoute({
    ...{ method: 'GET', path: '/things/newest', id: 'newest', scope: 'datasets', summary: 'Written out', params: None },
    ...{ query: None, answer: Type.Object({}), handle: async () => ({ json: { newest: true } }) },
  }),
  defineRoute({
    ...{ method: 'GET', path: '/stream', id: 'stream', scope: 'runs', summary: 'A stream', params: None },
    query: Type.Object({ chunks: Type.Integer({ default: 3 }), breaks: Type.Optional(Type.Boolean()) }, strict),
    answer: Type.Object({}),
    async handle({ query }) {
      const rows = async function* () {
        try {
          for (let at = 0; at < query.chunks; at += 1) {
            if (query.breaks === true && at === 2) throw new Error('in the middle')
            yield `${String(at).padStart(1_023, '.')}\n`
          }
        } finally {
          seen.closed += 1
        }
      }
      return { status: 200, headers: { 'content-type': 'text/csv' }, body: rows() }
    },
  }),
]

describe('the API’s frame', { timeout: 120_000 }, () => {
  let surroundings: Surroundings
  const log = memoryLog()
  const answered: Answered[] = []
  let api: Api
  const make = (more: Partial<ApiOptions> = {}) =>
    createApi({
      ...{ routes, gate: gateOf({ all: ['datasets', 'runs'], poor: ['runs'] }), log },
      info: { title: 'Test', version: '1', description: 'A test', root: '/api/v1' },
      context: () => ({
        stores: surroundings.stores,
        clock: { now: () => new Date() },
        log,
        search: { collection: 'documentos' },
      }),
      answered: (record) => answered.push(record),
      ...more,
    })
  before(async () => {
    surroundings = await openSurroundings('server')
    api = make()
  })
  after(() => surroundings.close())

  const textOf = ({ body }: Awaited<ReturnType<Api['handle']>>) =>
    body instanceof Uint8Array ? Buffer.from(body).toString() : String(body ?? '')
  const get = async (target: string, headers: Record<string, string> = {}, method = 'GET') => {
    const response = await api.handle(requestOf(target, { headers, method }))
    return { ...response, text: textOf(response) }
  }
  const problem = async (target: string, headers: Record<string, string> = {}, method = 'GET') => {
    const { status, text, headers: sent } = await get(target, headers, method)
    assert.equal(sent['content-type'], 'application/problem+json', text)
    const { status: said, ...rest } = JSON.parse(text)
    assert.equal(said, status)
    return { status, headers: sent, ...rest }
  }

  it('reads parameters by their schemas', async () => {
    const { text } = await get('/things?limit=5&tags=x,y&tags=z&deep=true&least=-1.5e2&kind=b')
    assert.deepEqual(JSON.parse(text).query, { limit: 5, tags: ['x', 'y', 'z'], deep: true, least: -150, kind: 'b' })
    assert.equal(JSON.parse((await get('/things')).text).query.limit, 10)
  })

  it('says what is wrong with parameters', async () => {
    const cases: [string, RegExp][] = [
      ['limit=1.5', /limit is no whole number/],
      ['limit=101', /limit must be <= 100/],
      ['limit=1&limit=2', /limit stands several times/],
      ['limti=1', /no parameter "limti"; is limit meant/],
      ['__proto__=1', /no parameter "__proto__"/],
      ['constructor=1', /no parameter "constructor"/],
      ['deep=yes', /deep is neither/],
      ['least=NaN', /least is no number/],
      ['kind=c', /kind must be equal to one of the allowed values: a, b/],
      ['kind=%00', /NUL/],
      [Array.from({ length: 201 }, () => 'tags=a').join('&'), /more than 200/],
    ]
    for (const [query, expected] of cases) {
      const { status, code, detail } = await problem(`/things?${query}`)
      assert.deepEqual([status, code], [400, 'API_PARAMETER'])
      assert.match(detail, expected)
    }
  })

  it('finds routes; written out goes before a placeholder', async () => {
    assert.deepEqual(JSON.parse((await get('/things/newest')).text), { newest: true })
    assert.equal(JSON.parse((await get('/things/a%2Fb/')).text).name, 'a/b')
    assert.match((await problem('/thigns')).detail, /is \/things meant/)
    assert.equal((await problem('/things/%zz')).code, 'API_PATH')
    assert.equal((await get('/things/')).status, 200, 'a slash at the end does not count')
    assert.equal((await problem('//things')).status, 404)
  })

  it('takes methods as HTTP has them', async () => {
    const refused = await problem('/things', {}, 'DELETE')
    assert.deepEqual([refused.status, refused.headers.allow], [405, 'GET, HEAD, OPTIONS'])
    const head = await api.handle(requestOf('/things', { method: 'HEAD' }))
    const whole = await get('/things')
    assert.deepEqual([head.status, head.body], [200, undefined])
    assert.equal(head.headers['content-length'], whole.headers['content-length'])
    assert.equal(head.headers.etag, whole.headers.etag)
    const options = await get('/things', {}, 'OPTIONS')
    assert.deepEqual([options.status, options.headers.allow], [204, 'GET, HEAD, OPTIONS'])
    assert.equal((await problem('/nothing', {}, 'OPTIONS')).status, 404)
  })

  it('lets in by the gate, and keeps its headers', async () => {
    const unknown = await problem('/things', { 'x-api-key': 'guessed' })
    assert.deepEqual([unknown.status, unknown.headers['www-authenticate']], [401, 'Bearer'])
    assert.equal((await problem('/things', { 'x-api-key': 'poor' })).code, 'API_SCOPE')
    const { headers } = await get('/things')
    assert.equal(headers['ratelimit-remaining'], '99')
    assert.match(headers.vary ?? '', /authorization, x-api-key/)
    assert.match(headers['cache-control'] ?? '', /private/)
    assert.equal((await get('/docs', { 'x-api-key': '' })).status, 200, 'the page is public')
  })

  it('tells callers nothing of the inside, and the log everything', async () => {
    for (const [name, status] of [
      ['secret', 500],
      ['sql', 500],
      ['down', 503],
    ] as const) {
      const answer = await problem(`/things/${name}`)
      assert.equal(answer.status, status)
      assert.doesNotMatch(JSON.stringify(answer), /passwords|home|hidden|42P01|postgres/)
      assert.match(answer.id, /^[0-9a-f-]{36}$/)
    }
    assert.equal((await problem('/things/down')).headers['retry-after'], '1')
    assert.ok(log.lines.some((line) => line.includes('select * from passwords')))
  })

  it('ends what takes too long, also where nobody listens to the signal', async () => {
    api = make({ limits: { deadlineMs: 100 } })
    for (const name of ['slow', 'deaf']) {
      const { status, code } = await problem(`/things/${name}`)
      assert.deepEqual([status, code], [504, 'API_TIMEOUT'])
      assert.equal(seen.signal?.aborted, true)
    }
    api = make()
  })

  it('answers 304 to who has it', async () => {
    const first = await get('/things')
    assert.match(first.headers.etag ?? '', /^"/)
    const again = await get('/things', { 'if-none-match': `"other", ${first.headers.etag}` })
    assert.deepEqual([again.status, again.text, again.headers.etag], [304, '', first.headers.etag])
    assert.equal(again.headers['content-length'], undefined)
    assert.equal((await get('/things', { 'if-none-match': '"other"' })).status, 200)
    assert.equal((await get('/things', { 'if-modified-since': published.toUTCString() })).status, 304)
    assert.equal((await get('/things', { 'if-modified-since': 'Wed, 01 Jul 2026 11:00:00 GMT' })).status, 200)
    const both = { 'if-none-match': '"other"', 'if-modified-since': published.toUTCString() }
    assert.equal((await get('/things', both)).status, 200, 'the tag decides')
    const aged = await get('/things/a')
    assert.match(aged.headers.etag ?? '', /^W\//, 'its age grows')
    assert.equal((await get('/things/a', { 'if-none-match': aged.headers.etag ?? '' })).status, 304)
  })

  it('compresses by Accept-Encoding', async () => {
    const whole = await get('/things?limit=100')
    const cases: [string, string | undefined][] = [
      ['gzip', 'gzip'],
      ['br', 'br'],
      ['gzip;q=0.5, br;q=0.9', 'br'],
      ['gzip;q=0, identity', undefined],
      ['deflate', undefined],
      ['*', 'br'],
    ]
    for (const [accepted, expected] of cases) {
      const { headers, body: sent } = await api.handle(
        requestOf('/things?limit=100', { headers: { 'accept-encoding': accepted } }),
      )
      assert.equal(headers['content-encoding'], expected, accepted)
      assert.ok(typeof sent === 'string' || sent instanceof Uint8Array)
      const body = Buffer.from(sent)
      const plain = expected === 'br' ? brotliDecompressSync(body) : expected === 'gzip' ? gunzipSync(body) : body
      assert.equal(Buffer.from(plain).toString(), whole.text)
      assert.equal(headers['content-length'], String(body.length))
      if (expected !== undefined) assert.notEqual(headers.etag, whole.headers.etag)
      const again = await get('/things?limit=100', {
        ...{ 'accept-encoding': accepted, 'if-none-match': headers.etag ?? '' },
      })
      assert.equal(again.status, 304)
    }
    assert.equal((await get('/things?limit=1', { 'accept-encoding': 'gzip' })).headers['content-encoding'], undefined)
  })

  it('streams through a real server, plain and compressed, and breaks off when the source does', async () => {
    const server = await serve(api)
    const headers = { 'x-api-key': 'all' }
    try {
      const plain = await (
        await fetch(`${server.url}/stream?chunks=500`, { headers: { ...headers, 'accept-encoding': 'identity' } })
      ).text()
      assert.equal(plain.length, 500 * 1_024)
      for (const encoding of ['gzip', 'br']) {
        const sent = await fetch(`${server.url}/stream?chunks=500`, {
          headers: { ...headers, 'accept-encoding': encoding },
        })
        assert.equal(sent.headers.get('content-encoding'), encoding)
        assert.equal(await sent.text(), plain)
        await assert.rejects(
          fetch(`${server.url}/stream?breaks=true`, { headers: { ...headers, 'accept-encoding': encoding } }).then(
            (part) => part.text(),
          ),
        )
      }
      await assert.rejects(fetch(`${server.url}/stream?breaks=true`, { headers }).then((part) => part.text()))
      const closed = seen.closed
      const leaving = new AbortController()
      const endless = await fetch(`${server.url}/stream?chunks=10000000`, { headers, signal: leaving.signal })
      await endless.body?.getReader().read()
      leaving.abort()
      for (let tries = 0; seen.closed === closed && tries < 100; tries += 1) await sleep(10)
      assert.equal(seen.closed, closed + 1, 'the source is closed when the reader goes')
      assert.ok(
        log.lines.some((line) => line.includes('in the middle')),
        'the log has why it broke off',
      )
    } finally {
      await server.close()
    }
  })

  it('gives up readers that take nothing, and bounds how many read', async () => {
    api = make({ limits: { stallMs: 50, streams: 2 } })
    const kept = await Promise.all([1, 2].map(() => api.handle(requestOf('/stream?chunks=100000'))))
    assert.equal((await problem('/stream')).code, 'API_BUSY')
    const [first, second] = kept
    assert.ok(first !== undefined && second !== undefined)
    assert.ok(typeof first.body === 'object' && Symbol.asyncIterator in first.body)
    const reader = first.body[Symbol.asyncIterator]()
    await reader.next()
    await sleep(150)
    await assert.rejects(async () => reader.next(), { code: 'API_STALLED' })
    assert.equal((await get('/stream')).status, 200, 'there is room again')
    api = make()
  })

  it('hears of each request with its bytes, without secrets', async () => {
    answered.length = 0
    const { body } = await api.handle(requestOf('/stream?chunks=2'))
    assert.equal(answered.length, 0, 'not before its end')
    assert.ok(typeof body === 'object' && Symbol.asyncIterator in body)
    for await (const _ of body) assert.equal(answered.length, 0)
    await problem('/things?limit=0')
    const shown = answered.map(({ ms, ...rest }) => ({ ...rest, timed: ms > 0 }))
    assert.deepEqual(shown[0], {
      method: 'GET',
      status: 200,
      bytes: 2_048,
      route: 'stream',
      caller: 'key:all',
      timed: true,
    })
    assert.equal(shown[1]?.code, 'API_PARAMETER')
  })

  it('never fails by itself, whatever comes', async () => {
    const quiet = createApi({
      ...{ routes, gate: gateOf(), info: { title: 't', version: '1', description: 'd', root: '/' } },
      log,
      context: () => ({
        stores: surroundings.stores,
        clock: { now: () => new Date() },
        log,
        search: { collection: 'documentos' },
      }),
    })
    const target = fc.oneof(
      fc.string({ unit: 'binary' }).map((text) => `/${text}`),
      fc.webUrl({ withQueryParameters: true }).map((url) => new URL(url).pathname + new URL(url).search),
      fc
        .tuple(fc.constantFrom('limit', 'tags', '__proto__', 'deep', 'x'), fc.string({ unit: 'binary' }))
        .map(([name, value]) => `/things?${new URLSearchParams([[name, value]])}`),
    )
    const header = fc.record({
      accept: fc.string(),
      'accept-encoding': fc.string(),
      'if-none-match': fc.string(),
      'if-modified-since': fc.string(),
    })
    const method = fc.constantFrom('GET', 'HEAD', 'OPTIONS', 'POST', 'TRACE', '')
    await fc.assert(
      fc.asyncProperty(target, header, method, async (path, headers, verb) => {
        const { status } = await quiet.handle(requestOf(path, { headers, method: verb }))
        assert.ok(status < 500, `${status} for ${verb} ${path}`)
      }),
      { numRuns: 200 },
    )
  })
})
