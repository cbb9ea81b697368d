import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { afterEach, describe, it } from 'node:test'
import { PipelineError } from '../../lib/errors.ts'
import { createHttpClient } from '../../lib/net/client.ts'
import type { HostsOptions } from '../../lib/net/hosts.ts'
import { RetryPolicySchema, retry } from '../../lib/runs/retry.ts'
import { parser } from '../../lib/schema.ts'
import { loopback } from '../helpers/loopback.ts'
import { rejectsWith } from '../helpers/rejects.ts'
import { SimulatedClock } from '../helpers/simulated-clock.ts'

const policies = parser(RetryPolicySchema, 'retry policy')
const never = new AbortController().signal
const limit = { timeout: 20_000 }

/** A server whose answers can be switched, and which counts the requests it gets. */
interface Switchable {
  url: string
  asked: number
  answer: RequestListener
}
const fine: RequestListener = (_, response) => response.end('{"fine":true}')
const failing =
  (status: number, headers: Record<string, string> = {}): RequestListener =>
  (_, response) =>
    response.writeHead(status, headers).end('no')
const cut: RequestListener = (_, response) => {
  response.writeHead(200, { 'content-length': '100' })
  response.write('{"half":', () => response.destroy())
}

const servers: Server[] = []
const clients: { close(): void }[] = []
afterEach(async () => {
  for (const client of clients.splice(0)) client.close()
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

async function serve(answer: RequestListener = fine): Promise<Switchable> {
  const server = createServer((request, response) => {
    host.asked += 1
    host.answer(request, response)
  })
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const host: Switchable = {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`,
    asked: 0,
    answer,
  }
  return host
}

function client(hosts: HostsOptions = {}, more: { connectionsPerHost?: number; idleTimeoutMs?: number } = {}) {
  const clock = new SimulatedClock()
  const changes: string[] = []
  const http = createHttpClient({
    product: 'test/1',
    allow: loopback,
    ...more,
    hosts: {
      breaker: { failures: 3, coolDownMs: 10_000, coolDownCapMs: 15_000 },
      ...hosts,
      clock,
      onChange: (_, { state }) => changes.push(state),
    },
  })
  clients.push(http)
  const ask = (host: Switchable, signal = never) => http.json({ url: host.url, signal })
  const open = async (host: Switchable, code = 'HTTP_500') => {
    for (let n = 0; n < 3; n += 1) await rejectsWith(ask(host), code)
  }
  return { http, clock, ask, open, changes }
}

describe('a host behind the client', limit, () => {
  it('is left alone after failures in a row, each host by itself, and asked once when the time is over', async () => {
    const [ill, well] = [await serve(failing(500)), await serve()]
    const { clock, ask, open, changes } = client()
    await open(ill)
    for (let n = 0; n < 20; n += 1) assert.equal((await rejectsWith(ask(ill), 'HOST_OPEN')).retryAfterMs, 10_000)
    assert.equal(ill.asked, 3)
    assert.deepEqual(await ask(well), { fine: true })

    await clock.run(10_000)
    // The probe is held until all others have been refused.
    const release = Promise.withResolvers<void>()
    ill.answer = (...args) => void release.promise.then(() => fine(...args))
    let refused = 0
    const crowd = Array.from({ length: 30 }, () =>
      ask(ill).then(
        () => 'fine',
        (error: unknown) => {
          refused += 1
          if (refused === 29) release.resolve()
          return PipelineError.from(error).code
        },
      ),
    )
    const answers = await Promise.all(crowd)
    assert.equal(ill.asked, 4)
    assert.equal(answers.filter((answer) => answer === 'fine').length, 1)
    assert.equal(answers.filter((answer) => answer === 'HOST_OPEN').length, 29)
    ill.answer = fine
    assert.deepEqual(await Promise.all([ask(ill), ask(ill)]), [{ fine: true }, { fine: true }])
    assert.deepEqual(changes, ['open', 'closed'])
  })

  it('stays away for longer while it does not come back', async () => {
    const host = await serve(failing(503))
    const { clock, ask, open } = client()
    await open(host, 'HTTP_503')
    for (const waits of [15_000, 15_000]) {
      await clock.run(15_000)
      await rejectsWith(ask(host), 'HTTP_503')
      assert.equal((await rejectsWith(ask(host), 'HOST_OPEN')).retryAfterMs, waits)
    }
  })

  it('counts refused and silent connections, and bodies that break off', async () => {
    const hung = await serve(() => undefined)
    const broken = await serve(cut)
    const gone = { url: 'http://127.0.0.1:1/', asked: 0, answer: fine }
    const { ask, open } = client({}, { idleTimeoutMs: 100 })
    for (const [host, code] of [
      [gone, 'NET_UNREACHABLE'],
      [hung, 'NET_TIMEOUT'],
      [broken, 'NET_CUT'],
    ] as const) {
      await open(host, code)
      assert.equal((await rejectsWith(ask(host), 'HOST_OPEN')).details?.lastCode, code)
    }
    assert.equal(broken.asked, 3)
  })

  it('does not blame the host for refusals of a request, nor for what the caller called off', async () => {
    const host = await serve(failing(404))
    const { ask } = client()
    for (let n = 0; n < 6; n += 1) await rejectsWith(ask(host), 'HTTP_404')
    host.answer = () => undefined
    for (let n = 0; n < 6; n += 1) {
      const stop = new AbortController()
      const asked = host.asked
      const stopped = rejectsWith(ask(host, stop.signal), 'STOPPED')
      while (host.asked === asked) await new Promise((resolve) => setImmediate(resolve))
      stop.abort()
      await stopped
    }
    host.answer = fine
    assert.deepEqual(await ask(host), { fine: true })
    assert.equal(host.asked, 13)
  })

  it('does not blame the host for a reader that holds it up', async () => {
    const host = await serve((_, response) => response.end('x'.repeat(1_000_000)))
    const { http } = client({}, { idleTimeoutMs: 300 })
    for (let n = 0; n < 5; n += 1) {
      const { body } = await http.request({ url: host.url, signal: never })
      await new Promise((resolve) => body.once('close', resolve))
      await rejectsWith(body.toArray(), 'NET_TIMEOUT')
    }
    assert.equal(host.asked, 5)
  })

  it('lets go of a connection whose body nobody reads', async () => {
    const host = await serve((_, response) => {
      response.write('x'.repeat(100_000))
    })
    const { http } = client({}, { connectionsPerHost: 1 })
    for (let n = 0; n < 5; n += 1) {
      const { body } = await http.request({ url: host.url, signal: never })
      body.destroy()
    }
    assert.equal(host.asked, 5)
    // An error in the body before anybody reads waits for the reader.
    host.answer = cut
    const { body } = await http.request({ url: host.url, signal: never })
    await new Promise((resolve) => body.once('close', resolve))
    await rejectsWith(body.toArray(), 'NET_CUT')
  })

  it('does not take waiting behind our own downloads for silence', async () => {
    const held: (() => void)[] = []
    const host = await serve((_, response) => {
      response.write('[')
      const beat = setInterval(() => response.write(' '), 20)
      held.push(() => {
        clearInterval(beat)
        response.end(']')
      })
    })
    const { ask } = client({}, { connectionsPerHost: 1, idleTimeoutMs: 300 })
    const first = ask(host)
    const second = ask(host)
    const stop = new AbortController()
    const third = ask(host, stop.signal)
    // Longer than a silent host is waited for.
    await new Promise((resolve) => setTimeout(resolve, 450))
    assert.equal(held.length, 1)
    stop.abort()
    await rejectsWith(third, 'STOPPED')
    held[0]?.()
    assert.deepEqual(await first, [])
    while (held.length < 2) await new Promise((resolve) => setImmediate(resolve))
    held[1]?.()
    assert.deepEqual(await second, [])
  })
})

describe('Retry-After', limit, () => {
  const policy = policies.parse({ attempts: 2, baseMs: 10, capMs: 120_000, jitter: 'none' })

  for (const status of [429, 503]) {
    for (const [how, headers] of [
      ['seconds', () => ({ 'retry-after': '90' })],
      ['a date', () => ({ 'retry-after': new Date(Date.now() + 90_000).toUTCString() })],
      [
        'a date, from a server whose clock is a day behind',
        () => ({
          date: new Date(Date.now() - 86_400_000).toUTCString(),
          'retry-after': new Date(Date.now() - 86_400_000 + 90_000).toUTCString(),
        }),
      ],
    ] as const) {
      it(`on ${status} as ${how} is the least that a retry waits`, async () => {
        const host = await serve((request, response) => failing(status, headers())(request, response))
        const { http, clock } = client()
        const waits: number[] = []
        const answer = retry(policy, ({ signal }) => http.json({ url: host.url, signal }), {
          signal: never,
          clock,
          budget: http.retryBudget(host.url),
          onRetry: ({ delayMs }) => waits.push(delayMs),
        })
        while (waits.length === 0) await new Promise((resolve) => setImmediate(resolve))
        const [wait = 0] = waits
        assert.ok(wait > 87_000 && wait <= 90_000, `${wait} ms`)
        host.answer = fine
        await clock.run(wait - 1)
        assert.equal(host.asked, 1)
        await clock.run(1)
        assert.deepEqual(await answer, { fine: true })
        assert.equal(host.asked, 2)
      })
    }
  }

  it('keeps the host closed to all for that long, once it has failed often enough', async () => {
    const host = await serve(failing(429, { 'retry-after': '12' }))
    const { ask, open } = client()
    await open(host, 'HTTP_429')
    assert.equal((await rejectsWith(ask(host), 'HOST_OPEN')).retryAfterMs, 12_000)
  })
})
