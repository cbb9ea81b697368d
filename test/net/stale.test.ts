import assert from 'node:assert/strict'
import { createServer, type Socket } from 'node:net'
import { afterEach, describe, it } from 'node:test'
import { createHttpClient } from '../../lib/net/client.ts'
import { loopback } from '../helpers/loopback.ts'
import { rejectsWith } from '../helpers/rejects.ts'

const signal = new AbortController().signal

describe('a connection that the server closes just as it is used again', { timeout: 60_000 }, () => {
  let asked: string[] = []
  const open = new Set<Socket>()
  // Answers the first request of each connection, and resets it at the second.
  const server = createServer((socket) => {
    let requests = 0
    open.add(socket)
    socket.on('error', () => {})
    socket.on('data', (data) => {
      requests += 1
      asked.push(`${data.toString().split(' ')[0]} ${requests}`)
      if (requests > 1) socket.resetAndDestroy()
      else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')
    })
  })
  afterEach(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })

  it('is no failure for what reads, and the end of what writes', async () => {
    const http = createHttpClient({ product: 'test/1', allow: loopback })
    const { promise, resolve } = Promise.withResolvers<void>()
    server.listen(0, '127.0.0.1', resolve)
    await promise
    const address = server.address()
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`
    const get = async () => (await http.bytes({ url, signal, maxBytes: 10 })).bytes.toString()
    assert.equal(await get(), 'ok')
    assert.equal(await get(), 'ok')
    assert.deepEqual(asked, ['GET 1', 'GET 2', 'GET 1'])
    asked = []
    await rejectsWith(http.bytes({ url, signal, maxBytes: 10, method: 'POST', json: {} }), 'NET_CUT')
    assert.deepEqual(asked, ['POST 2'], 'it may have been done')
    http.close()
  })
})
