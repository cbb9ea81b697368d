import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PipelineError } from '../../lib/errors.ts'
import { TokenBudget } from '../../lib/net/budget.ts'
import { Hosts } from '../../lib/net/hosts.ts'
import { type RetryPolicy, RetryPolicySchema, retry } from '../../lib/runs/retry.ts'
import { parser } from '../../lib/schema.ts'
import { SimulatedClock } from '../helpers/simulated-clock.ts'

const policies = parser(RetryPolicySchema, 'retry policy')
const policy = (part: Partial<RetryPolicy> = {}): RetryPolicy => policies.parse({ jitter: 'none', ...part })
const down = () => new PipelineError('HTTP_503', 'down', { retryable: true, details: { status: 503 } })
const open = () => new PipelineError('HOST_OPEN', 'left alone', { retryable: true, retryAfterMs: 10 })
const signal = new AbortController().signal

describe('retry budget', () => {
  it('begins full, is filled by first tries and by time, never above the reserve', async () => {
    const clock = new SimulatedClock()
    const budget = new TokenBudget({ share: 0.25, reserve: 2, perSecond: 0.5 }, clock)
    assert.deepEqual([budget.allows(down()), budget.allows(down()), budget.allows(down())], [true, true, false])
    for (let n = 0; n < 3; n += 1) budget.began()
    assert.equal(budget.allows(down()), false)
    budget.began()
    assert.equal(budget.allows(down()), true)
    await clock.run(1_999)
    assert.equal(budget.allows(down()), false)
    await clock.run(1)
    assert.equal(budget.allows(down()), true)
    await clock.run(3_600_000)
    for (let n = 0; n < 100; n += 1) budget.began()
    assert.equal(budget.tokens, 2)
  })

  it('takes nothing for a try that the breaker refused: it cost the host nothing', () => {
    const budget = new TokenBudget({ share: 0, reserve: 1, perSecond: 0 }, new SimulatedClock())
    for (let n = 0; n < 10; n += 1) assert.equal(budget.allows(open()), true)
    assert.equal(budget.tokens, 1)
  })

  it('keeps retries a share of the first tries while the host is down', async () => {
    const clock = new SimulatedClock()
    const budget = new TokenBudget({ share: 0.2, reserve: 20, perSecond: 0 }, clock)
    const works = 1_000
    let tries = 0
    const codes = new Map<string, number>()
    const all = Array.from({ length: works }, async (_, n) => {
      await clock.sleep(n * 10)
      await retry(
        policy({ attempts: 2 }),
        () => {
          tries += 1
          return Promise.reject(down())
        },
        { signal, clock, budget },
      ).catch((thrown: unknown) => {
        const { code, details } = PipelineError.from(thrown)
        const key = `${code} ${details?.retryBudget ?? 'all tries'} ${details?.status}`
        codes.set(key, (codes.get(key) ?? 0) + 1)
      })
    })
    await clock.run(3_600_000)
    await Promise.all(all)
    const retries = tries - works
    assert.ok(retries > 0.2 * works && retries <= 0.2 * works + 20, `${retries} retries of ${works}`)
    // The last error as it came, but for the note why it was the last.
    assert.deepEqual([...codes.keys()].sort(), ['HTTP_503 all tries 503', 'HTTP_503 used up 503'])
    assert.ok((codes.get('HTTP_503 used up 503') ?? 0) > 0.7 * works)
  })

  it('is not asked when the work is not to be tried again anyway', async () => {
    const budget = new TokenBudget({ share: 0, reserve: 5, perSecond: 0 }, new SimulatedClock())
    const tried = (use: RetryPolicy, error: PipelineError) =>
      assert.rejects(
        retry(use, () => Promise.reject(error), { signal, budget, clock: new SimulatedClock() }),
        error,
      )
    await tried(policy({ attempts: 1 }), down())
    await tried(policy(), new PipelineError('HTTP_404', 'gone'))
    await tried(policy({ deadlineMs: 500 }), down())
    assert.equal(budget.tokens, 5)
  })
})

describe('hosts', () => {
  it('remembers a bounded number, those used last, each with a state of its own', () => {
    const hosts = new Hosts({ most: 3 })
    const a = hosts.of('a')
    for (const name of ['b', 'c']) hosts.of(name)
    assert.equal(hosts.of('a'), a)
    hosts.of('d')
    assert.equal(hosts.size, 3)
    assert.equal(hosts.of('a'), a, 'b was not used for longest')
    const b = hosts.of('b')
    assert.notEqual(b.breaker, a.breaker)
    assert.notEqual(b.budget, a.budget)
    for (let n = 0; n < 1_000; n += 1) hosts.of(`host ${n}`)
    assert.equal(hosts.size, 3)
  })
})
