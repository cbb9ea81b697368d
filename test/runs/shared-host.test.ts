import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { PipelineError } from '../../lib/errors.ts'
import { createHttpClient } from '../../lib/net/client.ts'
import { createEngine, type RunEngine } from '../../lib/runs/engine.ts'
import { RetryPolicySchema, retry } from '../../lib/runs/retry.ts'
import { systemTimer } from '../../lib/runs/time.ts'
import { parser, Type } from '../../lib/schema.ts'
import { defineStep } from '../../lib/steps/step.ts'
import { loopback } from '../helpers/loopback.ts'
import { SimulatedClock } from '../helpers/simulated-clock.ts'
import { memoryLog, openSurroundings, type Surroundings } from './surroundings.ts'

const policy = parser(RetryPolicySchema, 'retry policy').parse({ attempts: 4, baseMs: 1, jitter: 'none' })
const open = new AbortController().signal

/** Asks a host with retries, as the steps of this package do. */
const asking = defineStep({
  name: 'asking',
  version: 1,
  config: Type.Object({}),
  input: Type.Object({ url: Type.String() }),
  output: Type.Object({ body: Type.Unknown() }),
  run: async ({ url }, _, { http, signal }) => ({
    body: await retry(policy, (attempt) => http.json({ url, signal: attempt.signal }), {
      signal,
      budget: http.retryBudget(url),
    }),
  }),
})

describe('steps of two nodes that ask one host', { timeout: 60_000 }, () => {
  let surroundings: Surroundings
  let engine: RunEngine
  let url = ''
  let asked = 0
  let status = 500
  const clock = new SimulatedClock()
  const server = createServer((_, response) => {
    asked += 1
    response.writeHead(status).end('{}')
  })
  const http = createHttpClient({
    product: 'test/1',
    allow: loopback,
    hosts: { clock, breaker: { failures: 6, coolDownMs: 300_000, coolDownCapMs: 300_000 } },
  })
  before(async () => {
    surroundings = await openSurroundings('server')
    engine = await createEngine({ stores: surroundings.stores, http, log: memoryLog(), owner: 'a' })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`
  })
  after(async () => {
    await engine.close()
    http.close()
    server.closeAllConnections()
    server.close()
    await surroundings.close()
  })
  const execute = (node: string) => engine.execute({ step: asking, config: {}, node, input: { url }, signal: open })
  const errorOf = async (node: string) =>
    execute(node).then(
      () => assert.fail('it should have failed'),
      (error: unknown) => PipelineError.from(error),
    )

  it('share what is known of it: what one has found out the other need not, and both go on when it is back', async () => {
    assert.equal((await errorOf('one')).code, 'HTTP_500')
    assert.equal(asked, 4)
    // Two more failures of the other node open it; what the host asks for is above the cap, so that the step gives up at once.
    const began = systemTimer.monotonic()
    assert.equal((await errorOf('two')).code, 'HOST_OPEN')
    assert.equal(asked, 6)
    for (const node of ['one', 'two', 'three']) {
      const error = await errorOf(node)
      assert.deepEqual([error.code, error.retryable, error.retryAfterMs], ['HOST_OPEN', true, 300_000])
    }
    assert.equal(asked, 6)
    assert.ok(systemTimer.monotonic() - began < 10_000)
    status = 200
    await clock.run(300_000)
    assert.deepEqual((await execute('two')).output, { body: {} })
    assert.deepEqual((await execute('one')).output, { body: {} })
    assert.equal(asked, 8)
  })
})
