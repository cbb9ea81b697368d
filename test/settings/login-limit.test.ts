import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, request, type Server } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { loginLimit } from '../../settings/login-limit.ts'

describe('tries to log in', () => {
  let server: Server
  let port: number
  let now = 0
  /** What the login answers; and requests that came through to it. */
  let status = 403
  let through = 0
  before(async () => {
    const limit = loginLimit(() => now)
    server = createServer((incoming, response) =>
      limit(incoming, response, () => {
        through += 1
        response.writeHead(status).end()
      }),
    ).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    port = typeof address === 'object' && address !== null ? address.port : 0
  })
  after(() => server.close())

  const attempt = (from = '127.0.0.1', path = '/auth/token', method = 'POST') =>
    new Promise<number>((resolve, reject) => {
      const sent = request({ port, host: '127.0.0.1', localAddress: from, path, method, agent: false }, (response) => {
        response.resume()
        response.on('end', () => resolve(response.statusCode ?? 0))
      })
      sent.on('error', reject)
      sent.end()
    })

  test('the fifth of an address is turned away, many at once too, whatever way the path is written', async () => {
    const all = await Promise.all(
      ['/auth/token', '/AUTH/token/', '/auth/token?x=1', '/auth/token', '/auth/token'].map((path) =>
        attempt('127.0.0.2', path),
      ),
    )
    assert.deepEqual(all.toSorted(), [403, 403, 403, 403, 429])
    assert.equal(through, 4)
    assert.equal(await attempt('127.0.0.3'), 403) // another address has its own
    assert.equal(await attempt('127.0.0.2', '/flows', 'GET'), 403) // and everything else is none of it
  })

  test('ten minutes later it may again; a success forgets what failed', async () => {
    now += 10 * 60_000
    assert.equal(await attempt('127.0.0.2'), 403)
    status = 200
    assert.equal(await attempt('127.0.0.2'), 200)
    status = 403
    for (let count = 0; count < 4; count += 1) assert.equal(await attempt('127.0.0.2'), 403)
    assert.equal(await attempt('127.0.0.2'), 429)
  })
})
