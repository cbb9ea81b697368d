import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { after, afterEach, describe, it } from 'node:test'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { createHttpClient } from '../../lib/net/client.ts'
import type { HttpRequest } from '../../lib/net/http.ts'
import { HttpServers } from '../helpers/http-servers.ts'
import { loopback } from '../helpers/loopback.ts'
import { rejectsWith } from '../helpers/rejects.ts'

const never = new AbortController().signal
const packers = {
  gzip: gzipSync,
  'x-gzip': gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
}
const table = Buffer.from('SigAgente;VlrTUSD\nCEMIG-D;0,41\n'.repeat(500))

/** Sends bytes in pieces of odd sizes. */
const sending =
  (encoding: string, bytes: Buffer): RequestListener =>
  (_, response) => {
    response.writeHead(200, { 'content-encoding': encoding })
    for (let at = 0, size = 1; at < bytes.length; at += size, size = size * 3 + 1)
      response.write(bytes.subarray(at, at + size))
    response.end()
  }

describe('content encodings', { timeout: 20_000 }, () => {
  const servers = new HttpServers()
  const http = createHttpClient({ product: 'test/1', allow: loopback })
  afterEach(() => servers.close())
  after(() => http.close())
  const ask = async (listener: RequestListener, more: Partial<HttpRequest> = {}) =>
    http.bytes({ url: await servers.serve(listener), signal: never, maxBytes: 50_000_000, ...more })

  for (const [encoding, pack] of Object.entries(packers)) {
    it(`${encoding}: whole, in capitals, damaged, cut`, async () => {
      const packed = pack(table)
      const answer = await ask(sending(encoding.toUpperCase(), packed))
      assert.ok(answer.bytes.equals(table))
      assert.equal(answer.headers['content-encoding'], undefined)
      const damaged = Buffer.from(packed)
      damaged.fill(0xff, 0, 12)
      assert.equal((await rejectsWith(ask(sending(encoding, damaged)), 'NET_ENCODING')).retryable, true)
      await rejectsWith(ask(sending(encoding, packed.subarray(0, packed.length - 20))), 'NET_ENCODING')
    })

    it(`${encoding}: a bomb is not unpacked`, async () => {
      const bomb = pack(Buffer.alloc(40_000_000))
      assert.ok(bomb.length < 50_000)
      const error = await rejectsWith(ask(sending(encoding, bomb)), 'NET_INFLATES')
      assert.equal(error.retryable, false)
      await rejectsWith(ask(sending(encoding, bomb), { maxBytes: 1_000_000 }), 'NET_TOO_LARGE')
    })
  }

  it('one upon the other, and a bomb in the middle of them', async () => {
    const nested = zstdCompressSync(brotliCompressSync(gzipSync(table)))
    assert.ok((await ask(sending('gzip, br , identity, zstd', nested))).bytes.equals(table))
    const twice = gzipSync(gzipSync(Buffer.alloc(40_000_000)))
    await rejectsWith(ask(sending('gzip, gzip', twice)), 'NET_INFLATES')
    await rejectsWith(ask(sending('gzip,gzip,gzip,gzip', table)), 'NET_ENCODING')
  })

  it('deflate without a header, gzip in members; several frames of zstd and bytes behind the end are refused, not lost', async () => {
    assert.ok((await ask(sending('deflate', deflateRawSync(table)))).bytes.equals(table))
    assert.ok(
      (await ask(sending('gzip', Buffer.concat([gzipSync('a'), gzipSync('b')])))).bytes.equals(Buffer.from('ab')),
    )
    const frames = Buffer.concat([zstdCompressSync('a'), zstdCompressSync('b')])
    await rejectsWith(ask(sending('zstd', frames)), 'NET_ENCODING')
    await rejectsWith(ask(sending('br', Buffer.concat([brotliCompressSync('a'), table]))), 'NET_ENCODING')
  })

  it('that are not known are an error and not passed on', async () => {
    for (const encoding of ['compress', 'aws-chunked', 'gzip, rot13', 'utf-8'])
      assert.match((await rejectsWith(ask(sending(encoding, table)), 'NET_ENCODING')).message, /content encoding is "/)
    const { body } = await http.request({ url: await servers.serve(sending('identity', table)), signal: never })
    assert.ok(Buffer.concat(await body.toArray()).equals(table))
  })

  it('do not matter where there is no body', async () => {
    for (const [status, method, headers] of [
      [200, 'HEAD', {}],
      [204, 'GET', {}],
      [304, 'GET', {}],
      [200, 'GET', { 'content-length': '0' }],
    ] as const) {
      const answer = await ask(
        (_, response) => response.writeHead(status, { 'content-encoding': 'gzip', ...headers }).end(),
        {
          method,
          accept: [304],
        },
      )
      assert.equal(answer.bytes.length, 0)
    }
  })

  it('a reader that stops lets go of everything', async () => {
    let closed = false
    const url = await servers.serve((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).write(gzipSync(table).subarray(0, 100))
      response.once('close', () => {
        closed = true
      })
    })
    const { body } = await http.request({ url, signal: never })
    body.destroy()
    while (!closed) await new Promise((resolve) => setImmediate(resolve))
    // silence inside an encoded body is noticed like any other
    await rejectsWith(http.bytes({ url, signal: never, maxBytes: 100_000, idleTimeoutMs: 80 }), 'NET_TIMEOUT')
  })
})

describe('limits', { timeout: 20_000 }, () => {
  const servers = new HttpServers()
  const http = createHttpClient({ product: 'test/1', allow: loopback })
  afterEach(() => servers.close())
  after(() => http.close())

  it('what is announced too large is not read; what turns out so is not read further', async () => {
    let sent = 0
    const announcing = await servers.serve((_, response) =>
      response.writeHead(200, { 'content-length': '5000' }).end('x'.repeat(5_000)),
    )
    const asked = { signal: never, maxBytes: 4_999 }
    const announced = await rejectsWith(http.bytes({ ...asked, url: announcing }), 'NET_TOO_LARGE')
    assert.deepEqual([announced.details?.limit, announced.details?.announced], [4_999, 5_000])
    assert.equal((await http.bytes({ ...asked, url: announcing, maxBytes: 5_000 })).bytes.length, 5_000)
    assert.equal((await http.bytes({ ...asked, url: announcing, method: 'HEAD' })).bytes.length, 0)
    const endless = await servers.serve((_, response) => {
      const timer = setInterval(() => {
        sent += 1_000
        response.write('x'.repeat(1_000))
      }, 1)
      response.once('close', () => clearInterval(timer))
    })
    const seen = await rejectsWith(http.bytes({ ...asked, url: endless }), 'NET_TOO_LARGE')
    assert.ok(Number(seen.details?.seen) >= 5_000 && sent < 200_000)
    // the host is well: nothing of this counts against it
    for (let n = 0; n < 6; n += 1) await rejectsWith(http.bytes({ ...asked, url: endless }), 'NET_TOO_LARGE')
  })

  it('headers have a bound', async () => {
    const url = await servers.serve((_, response) => response.writeHead(200, { 'x-large': 'x'.repeat(20_000) }).end())
    const error = await rejectsWith(http.bytes({ url, signal: never, maxBytes: 10 }), 'NET_TOO_LARGE')
    assert.match(error.message, /headers/)
  })
})
