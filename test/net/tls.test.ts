import assert from 'node:assert/strict'
import { createServer, get } from 'node:https'
import { after, test } from 'node:test'
import { createHttpClient } from '../../lib/net/client.ts'
import { HttpServers } from '../helpers/http-servers.ts'
import { loopback } from '../helpers/loopback.ts'
import { rejectsWith } from '../helpers/rejects.ts'
import { selfSigned } from './self-signed.ts'

const servers = new HttpServers()
after(() => servers.close())

test('a certificate nobody vouches for is refused, also where the process was told not to look', async () => {
  const port = await servers.listen(createServer(selfSigned, (_, response) => response.end('hello')))
  const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
  try {
    // this is what the variable does to others
    const status = await new Promise((resolve, reject) =>
      get(`https://127.0.0.1:${port}/`, { agent: false }, (response) => resolve(response.resume().statusCode)).once(
        'error',
        reject,
      ),
    )
    assert.equal(status, 200)
    const http = createHttpClient({ product: 'test/1', allow: loopback })
    for (const host of ['127.0.0.1', 'localhost']) {
      const asked = http.request({ url: `https://${host}:${port}/?key=hidden1`, signal: new AbortController().signal })
      const error = await rejectsWith(asked, 'NET_CERTIFICATE')
      assert.equal(error.retryable, false)
    }
    http.close()
  } finally {
    if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
    else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before
  }
})
