import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PipelineError } from '../../lib/errors.ts'
import { Breaker, type BreakerChange, type Permit, speaksOfHost } from '../../lib/net/breaker.ts'
import { SimulatedClock } from '../helpers/simulated-clock.ts'

const options = { failures: 3, coolDownMs: 1_000, coolDownCapMs: 5_000 }
const down = (code = 'HTTP_503', retryAfterMs?: number) =>
  new PipelineError(code, 'down', { retryable: true, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) })

function make() {
  const clock = new SimulatedClock()
  const changes: BreakerChange[] = []
  const breaker = new Breaker('example.org', options, clock, (change) => changes.push(change))
  const fail = (error = down()) => breaker.enter().failed(error)
  /** Brings it to open. */
  const open = (error = down()) => {
    for (let n = 0; n < options.failures; n += 1) fail(error)
    assert.equal(breaker.state, 'open')
  }
  const refused = (): PipelineError => {
    try {
      breaker.enter()
    } catch (error) {
      assert.ok(error instanceof PipelineError)
      assert.equal(error.code, 'HOST_OPEN')
      assert.equal(error.retryable, true)
      return error
    }
    return assert.fail('a request was let through')
  }
  return { clock, changes, breaker, fail, open, refused }
}

describe('breaker', () => {
  it('opens after failures in a row, and says how long it stays open and why', async () => {
    const { clock, breaker, fail, refused, changes } = make()
    fail()
    fail()
    assert.equal(breaker.state, 'closed')
    fail(down('NET_TIMEOUT'))
    assert.equal(breaker.state, 'open')
    const error = refused()
    assert.equal(error.retryAfterMs, 1_000)
    assert.match(error.message, /example\.org failed 3 times in a row .* 1 s .*NET_TIMEOUT: down/)
    assert.deepEqual(error.details, { host: 'example.org', state: 'open', failures: 3, lastCode: 'NET_TIMEOUT' })
    await clock.run(400)
    assert.equal(refused().retryAfterMs, 600)
    await clock.run(599)
    assert.equal(refused().retryAfterMs, 1)
    await clock.run(1)
    assert.equal(breaker.waitMs, 0)
    breaker.enter()
    assert.equal(breaker.state, 'half-open')
    assert.deepEqual(
      changes.map(({ state, waitMs }) => [state, waitMs]),
      [['open', 1_000]],
    )
  })

  it('counts what speaks of the host, and nothing else', () => {
    const speaking = ['NET_UNREACHABLE', 'NET_CUT', 'NET_TIMEOUT', 'HTTP_429', 'HTTP_500', 'HTTP_502', 'HTTP_504']
    for (const code of speaking) assert.equal(speaksOfHost(down(code)), true, code)
    for (const code of [
      'HTTP_400',
      'HTTP_404',
      'HTTP_408',
      'STOPPED',
      'URL_INVALID',
      'NET_CERTIFICATE',
      'NET_BUSY',
      'HTTP_NOT_JSON',
    ]) {
      assert.equal(speaksOfHost(down(code)), false, code)
    }
    const { breaker, fail } = make()
    for (let n = 0; n < 20; n += 1) for (const code of ['STOPPED', 'HTTP_404', 'NET_CERTIFICATE']) fail(down(code))
    assert.equal(breaker.state, 'closed')
  })

  it('begins to count anew after a whole answer or a refusal of the request, not after a request that was called off', () => {
    for (const [end, opens] of [
      [(permit: Permit) => permit.succeeded(), false],
      [(permit: Permit) => permit.failed(down('HTTP_404')), false],
      [(permit: Permit) => permit.answered(), true],
      [(permit: Permit) => permit.withdrawn(), true],
      [(permit: Permit) => permit.failed(down('STOPPED')), true],
    ] as const) {
      const { breaker, fail } = make()
      fail()
      fail()
      end(breaker.enter())
      fail()
      assert.equal(breaker.state, opens ? 'open' : 'closed', String(end))
    }
  })

  it('lets exactly one request through when the cool-down is over', async () => {
    const { clock, breaker, open, refused } = make()
    open()
    await clock.run(1_000)
    const probe = breaker.enter()
    for (let n = 0; n < 50; n += 1) assert.equal(refused().retryAfterMs, 1_000)
    await clock.run(60_000)
    refused()
    probe.succeeded()
    assert.equal(breaker.state, 'closed')
    for (let n = 0; n < 50; n += 1) breaker.enter()
  })

  it('doubles the cool-down up to the cap while the host stays down, and forgets that after a whole answer', async () => {
    const { clock, breaker, open, fail, changes } = make()
    open()
    for (const waitMs of [1_000, 2_000, 4_000, 5_000, 5_000]) {
      assert.equal(breaker.waitMs, waitMs)
      await clock.run(waitMs)
      fail()
      assert.equal(breaker.state, 'open')
    }
    await clock.run(5_000)
    breaker.enter().succeeded()
    assert.deepEqual(changes.at(-1), { state: 'closed', waitMs: 0, error: undefined })
    fail()
    fail()
    assert.equal(breaker.state, 'closed')
    fail()
    assert.equal(breaker.waitMs, 1_000)
  })

  it('lets others pass once the probe is answered; the next failure opens it for longer', async () => {
    const { clock, breaker, open } = make()
    open()
    await clock.run(1_000)
    const probe = breaker.enter()
    probe.answered()
    assert.equal(breaker.state, 'closed')
    const other = breaker.enter()
    probe.failed(down('NET_CUT'))
    assert.equal(breaker.state, 'open')
    assert.equal(breaker.waitMs, 2_000)
    other.succeeded()
    assert.equal(breaker.state, 'open', 'it began before')
    await clock.run(2_000)
    const again = breaker.enter()
    again.answered()
    again.succeeded()
    breaker.enter().failed(down())
    assert.equal(breaker.state, 'closed', 'counts from nothing')
  })

  it('gives the place of a probe that was called off to the next request', async () => {
    const { clock, breaker, open, refused } = make()
    open()
    await clock.run(1_000)
    breaker.enter().failed(down('STOPPED'))
    assert.equal(breaker.state, 'open')
    const next = breaker.enter()
    refused()
    next.failed(down())
    assert.equal(breaker.waitMs, 2_000, 'the one called off did not count as an opening')
  })

  it('does not listen to requests that began before it opened or closed, nor twice to one', async () => {
    const { clock, breaker, open } = make()
    const slow = [breaker.enter(), breaker.enter(), breaker.enter()]
    const fine = breaker.enter()
    open()
    for (const permit of slow) permit.failed(down())
    assert.equal(breaker.waitMs, 1_000)
    fine.succeeded()
    assert.equal(breaker.state, 'open')
    await clock.run(1_000)
    breaker.enter().succeeded()
    const twice = breaker.enter()
    for (let n = 0; n < 3; n += 1) twice.failed(down())
    assert.equal(breaker.state, 'closed')
  })

  it('stays open for as long as the host asked (Retry-After), up to the cap', () => {
    for (const [asked, waits] of [
      [200, 1_000],
      [3_500, 3_500],
      [86_400_000, 5_000],
    ] as const) {
      const { breaker, open } = make()
      open(down('HTTP_429', asked))
      assert.equal(breaker.waitMs, waits)
    }
  })
})
