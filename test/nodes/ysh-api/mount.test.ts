import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request as ask, createServer, type RequestListener, type Server } from 'node:http'
import { createRequire } from 'node:module'
import { type AddressInfo, connect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseProxies } from '../../../lib/api/access/address.ts'
import { corsHeaders } from '../../../lib/api/access/cors.ts'
import type { Gate } from '../../../lib/api/access/gate.ts'
import { type ApiHandler, maxBody } from '../../../lib/api/http.ts'
import { PipelineError } from '../../../lib/errors.ts'
import type { Red } from '../../../nodes/kit/red.ts'
import { type Root, takeRoot } from '../../../nodes/ysh-api/mounts.ts'
import { ApiService } from '../../../nodes/ysh-api/service.ts'
import { code } from '../../helpers/pipeline-error.ts'

type Express = RequestListener & NonNullable<Red['httpNode']>
const require = createRequire(import.meta.url)
const express: (() => Express) & {
  json(options: { limit: string }): Parameters<Express['use']>[0]
} = require('express')

const origin = 'https://app.example'
const gate: Gate = {
  admit: () => Promise.reject(new PipelineError('API_UNKNOWN_CALLER', 'nobody')),
  admitAnyone: async () => {},
  cors: (request) => corsHeaders(request, new Set([origin])),
}

describe('the place on the server of flows', { timeout: 60_000 }, () => {
  let server: Server
  let base: string
  let root: Root
  let giveBack: () => void
  let service: ApiService
  const flows = express()
  const errors: string[] = []
  before(async () => {
    const editor = express()
    // as Node-RED's editor does before the flows
    Object(editor).use('/flows/api/parsed', express.json({ limit: '5mb' }))
    Object(editor).use('/flows', flows)
    server = createServer(editor)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port }: AddressInfo = Object(server.address())
    base = `http://127.0.0.1:${port}/flows`
    const red = { httpNode: flows, server, settings: { httpNodeRoot: '/flows' } }
    ;({ root, giveBack } = takeRoot(red, '/api'))
    const nothing = () => {}
    service = new ApiService({
      ...{ red, gate, root, proxies: parseProxies(['127.0.0.1']), search: { collection: '' } },
      stores: { engine: () => Promise.reject(new Error('no stores')) },
      log: { debug: nothing, info: nothing, warn: nothing, error: (message) => void errors.push(message) },
    })
  })
  after(() => {
    giveBack?.()
    server?.closeAllConnections()
    server?.close()
  })
  async function mounted<T>(handler: ApiHandler, work: () => Promise<T>, below = ''): Promise<T> {
    const takeBack = service.mount(handler, { below })
    try {
      return await work()
    } finally {
      takeBack()
    }
  }
  const get = (path: string, init: RequestInit = {}) =>
    fetch(`${base}${path}`, { signal: AbortSignal.timeout(20_000), ...init })

  it('gives each its own, and what nobody has to the server', async () => {
    const echo: ApiHandler = async ({ method, path, query, address }) => ({
      status: 200,
      headers: { 'content-type': 'text/plain' },
      body: `${method} ${path} ${query} ${address}`,
    })
    const other: ApiHandler = async ({ path }) => ({ status: 200, headers: {}, body: `other ${path}` })
    await mounted(echo, () =>
      mounted(
        other,
        async () => {
          const said = async (path: string, init?: RequestInit) => (await get(path, init)).text()
          assert.equal(await said('/api'), 'GET   127.0.0.1')
          assert.equal(await said('/api/a%2Fb?x=1&x=2'), 'GET /a%2Fb x=1&x=2 127.0.0.1')
          const forwarded = { 'x-forwarded-for': '10.0.0.1, 203.0.113.9, 127.0.0.1' }
          assert.equal(await said('/api/', { headers: forwarded }), 'GET /  203.0.113.9')
          assert.equal(await said('/api/other'), 'other /other')
          assert.equal(await said('/api/other/deep'), 'other /other/deep')
          assert.equal(await said('/api/others'), 'GET /others  127.0.0.1')
          for (const path of ['/apis', '/API', '/', '/x/api']) assert.equal((await get(path)).status, 404)
          const head = await get('/api/x', { method: 'HEAD' })
          assert.deepEqual([head.headers.get('content-length'), await head.text()], ['18', ''])
          assert.equal(head.headers.get('x-powered-by'), null)
          assert.throws(() => service.mount(other, { below: '/other' }), code('CONFIG'))
        },
        '/other',
      ),
    )
    assert.equal((await get('/api/x')).status, 404)
  })

  it('takes a root once, and says when there is no server', () => {
    const red = { httpNode: flows, settings: {} }
    for (const path of ['/api', '/api/v1'])
      assert.throws(() => takeRoot(red, path), code('CONFIG', /Another node has the path/))
    assert.throws(
      () => takeRoot({ httpNode: flows, settings: { httpNodeRoot: false } }, '/x'),
      code('CONFIG', /httpNodeRoot/),
    )
    takeRoot(red, '/apis').giveBack()
    takeRoot(red, '/apis').giveBack()
  })

  it('reads a body, also one that was read before, and no more than it may', async () => {
    const echo: ApiHandler = async ({ body }) => ({
      status: 200,
      headers: {},
      body: `${body.length} ${Buffer.from(body).toString().slice(0, 30)}`,
    })
    await mounted(echo, async () => {
      const post = (path: string, body: string | ReadableStream, type = 'application/json') =>
        get(path, {
          method: 'POST',
          body,
          headers: { 'content-type': type },
          ...(typeof body === 'string' ? {} : { duplex: 'half' }),
        })
      assert.equal(await (await post('/api/x', '{"a": 1}')).text(), '8 {"a": 1}')
      assert.equal(await (await post('/api/parsed', '{"a": 1}')).text(), '7 {"a":1}')
      assert.equal(
        await (await post('/api/parsed', 'a=1&b=2', 'application/x-www-form-urlencoded')).text(),
        '7 a=1&b=2',
      )
      assert.equal(await (await post('/api/x', 'x'.repeat(maxBody))).text(), `${maxBody} ${'x'.repeat(30)}`)
      const large = await post('/api/x', 'x'.repeat(maxBody + 1))
      const problem: { code?: string } = JSON.parse(await large.text())
      assert.deepEqual([large.status, problem.code], [413, 'BODY_TOO_LARGE'])
      assert.equal((await post('/api/parsed', JSON.stringify({ a: 'x'.repeat(maxBody) }))).status, 413)
      const chunked = new Blob(['x'.repeat(maxBody), 'y']).stream()
      assert.equal((await post('/api/x', chunked)).status, 413)
    })
  })

  it('writes a stream no faster than it is read, and breaks off when it fails', async () => {
    let made = 0
    let returned = false
    async function* endless() {
      try {
        for (;;) {
          made += 1
          yield Buffer.alloc(65_536)
        }
      } finally {
        returned = true
      }
    }
    await mounted(
      async () => ({ status: 200, headers: {}, body: endless() }),
      async () => {
        const socket = connect(Number(new URL(base).port), '127.0.0.1')
        socket.write('GET /flows/api/x HTTP/1.1\r\nhost: x\r\n\r\n')
        await once(socket, 'readable')
        socket.pause()
        await sleep(300)
        const before = made
        await sleep(300)
        assert.equal(made, before)
        assert.ok(made < 500, String(made))
        socket.destroy()
        for (let look = 0; !returned && look < 200; look += 1) await sleep(20)
        assert.ok(returned)
      },
    )
    async function* failing() {
      yield 'a part'
      await sleep(20)
      throw new PipelineError('STORE_UNAVAILABLE', 'gone')
    }
    await mounted(
      async () => ({ status: 200, headers: {}, body: failing() }),
      async () => {
        await assert.rejects(get('/api/x').then((response) => response.text()))
        assert.match(errors.pop() ?? '', /STORE_UNAVAILABLE/)
      },
    )
    async function* whole() {
      yield 'one,'
      yield Buffer.from('two')
    }
    await mounted(
      async () => ({ status: 200, headers: {}, body: whole() }),
      async () => {
        assert.equal(await (await get('/api/x')).text(), 'one,two')
        assert.equal(await (await get('/api/x', { method: 'HEAD' })).text(), '')
      },
    )
  })

  it('tells the handler that the caller has gone', async () => {
    const gone = Promise.withResolvers<void>()
    const handler: ApiHandler = ({ signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          gone.resolve()
          reject(new Error('stopped'))
        })
      })
    await mounted(handler, async () => {
      const sent = ask(`${base}/api/x`).on('error', () => {})
      sent.end()
      await sleep(100)
      sent.destroy()
      await gone.promise
    })
  })

  it('says what went wrong, but not how the inside is made', async () => {
    const handler: ApiHandler = () => Promise.reject(new Error('select * from secret'))
    await mounted(handler, async () => {
      const response = await get('/api/x')
      assert.equal(response.status, 500)
      assert.doesNotMatch(await response.text(), /secret/)
      assert.match(errors.pop() ?? '', /secret/)
    })
  })

  it('lets the pages of named origins ask, and no others', async () => {
    const handler: ApiHandler = async () => ({ status: 200, headers: { vary: 'accept' }, body: 'x' })
    await mounted(handler, async () => {
      const preflight = (from: string) =>
        get('/api/x', { method: 'OPTIONS', headers: { origin: from, 'access-control-request-method': 'GET' } })
      const good = await preflight(origin)
      assert.deepEqual([good.status, good.headers.get('access-control-allow-origin')], [204, origin])
      assert.match(good.headers.get('access-control-allow-headers') ?? '', /authorization/)
      assert.equal(good.headers.get('access-control-allow-credentials'), null)
      for (const from of ['https://evil.example', `${origin}.evil.example`, 'null', origin.toUpperCase()]) {
        const refused = await preflight(from)
        assert.deepEqual(
          [refused.headers.get('access-control-allow-origin'), refused.headers.get('vary')],
          [null, 'origin'],
        )
      }
      const answer = await get('/api/x', { headers: { origin } })
      assert.deepEqual(
        [answer.headers.get('access-control-allow-origin'), answer.headers.get('vary')],
        [origin, 'accept, origin'],
      )
    })
  })

  it('hands upgrades over that are for it', async () => {
    const got: string[] = []
    const takeBack = service.upgrade('/ws', ({ request, socket }) => {
      got.push(`${request.path} ${request.query} ${request.address}`)
      socket.end('HTTP/1.1 426 Upgrade Required\r\nconnection: close\r\n\r\n')
    })
    const others = (_: unknown, socket: { end(text: string): void; writableEnded: boolean }) => {
      if (!socket.writableEnded) socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n')
    }
    server.on('upgrade', others)
    const upgrade = async (path: string) => {
      const sent = ask(`${base}${path}`, { headers: { connection: 'upgrade', upgrade: 'websocket' } })
      sent.end()
      const [response]: { statusCode?: number }[] = await once(sent, 'response')
      return response?.statusCode
    }
    assert.equal(await upgrade('/api/ws?after=3'), 426)
    assert.equal(await upgrade('/api/wss'), 404)
    takeBack()
    assert.equal(await upgrade('/api/ws'), 404)
    assert.deepEqual(got, ['/ws after=3 127.0.0.1'])
    server.off('upgrade', others)
  })
})
