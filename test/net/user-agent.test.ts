import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, test } from 'node:test'
import { createHttpClient } from '../../lib/net/client.ts'
import { productToken, userAgent } from '../../lib/net/user-agent.ts'
import { HttpServers } from '../helpers/http-servers.ts'
import { loopback } from '../helpers/loopback.ts'

const servers = new HttpServers()
after(() => servers.close())

test('a contact goes out whatever is in it, and as nothing but a contact', async () => {
  const seen: unknown[] = []
  const port = await servers.listen(
    createServer((request, response) => {
      seen.push([request.headers['user-agent'], request.headers['x-evil']])
      response.end()
    }),
  )
  const http = createHttpClient({ product: 'ysh/1', allow: loopback })
  for (const [contact, sent] of [
    ['data@example.org', 'ysh/1 (+data@example.org)'],
    [' https://example.org/bot?x=1 ', 'ysh/1 (+https://example.org/bot?x=1)'],
    ['joão@exemplo.com.br', 'ysh/1 (+jo%C3%A3o@exemplo.com.br)'],
    ['a@b.c\r\nX-Evil: 1', 'ysh/1 (+a@b.c X-Evil: 1)'],
    ['a) Mozilla/5.0 (b\\', 'ysh/1 (+a%29 Mozilla/5.0 %28b%5C)'],
    ['\u0000\u0085\u2028\ud800', 'ysh/1 (+%EF%BF%BD)'],
    ['😀', 'ysh/1 (+%F0%9F%98%80)'],
    ['   ', 'ysh/1'],
    ['', 'ysh/1'],
  ] as const) {
    const headers = { 'User-Agent': 'Mozilla/5.0' }
    await http.bytes({
      url: `http://127.0.0.1:${port}/`,
      signal: new AbortController().signal,
      maxBytes: 1,
      contact,
      headers,
    })
    assert.deepEqual(seen.pop(), [sent, undefined])
  }
  http.close()
  assert.ok(userAgent('ysh/1', 'x'.repeat(10_000)).length < 300)
  assert.equal(productToken('ysh-node-red-data-pipeline/0.1.0'), 'ysh-node-red-data-pipeline')
})
