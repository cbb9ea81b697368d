import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PipelineError } from '../../lib/errors.ts'
import { type RetryPolicy, RetryPolicySchema } from '../../lib/runs/retry.ts'
import { decide, dueUnder, isListed } from '../../lib/runs/retry-decision.ts'
import { parser } from '../../lib/schema.ts'

const policies = parser(RetryPolicySchema, 'retry policy')
const policy = (part: Partial<RetryPolicy> = {}): RetryPolicy =>
  policies.parse({ backoff: 'fixed', baseMs: 60_000, capMs: 60_000, jitter: 'none', attempts: 4, ...part })
const down = (retryAfterMs?: number) =>
  new PipelineError('HTTP_503', 'down', { retryable: true, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) })

describe('the decision about the next try', () => {
  it('is the brief’s pattern with the node’s defaults: three retries, a minute apart, then no more', () => {
    const use = policy()
    let now = 1_000_000
    const firstAt = now
    for (const attempt of [1, 2, 3]) {
      const decision = decide(use, { attempt, firstAt, now, error: down() })
      assert.deepEqual(decision, { act: 'try', attempt: attempt + 1, dueAt: now + 60_000 })
      now += 60_000
    }
    assert.deepEqual(decide(use, { attempt: 4, firstAt, now, error: down() }), { act: 'give-up', why: 'attempts' })
  })

  it('refuses an error that is not to be tried again, whatever is left of the tries', () => {
    const error = new PipelineError('HTTP_404', 'gone')
    assert.deepEqual(decide(policy(), { attempt: 1, firstAt: 0, now: 0, error }), { act: 'give-up', why: 'refused' })
  })

  it('begins no wait that would end at the deadline or later', () => {
    const use = policy({ deadlineMs: 60_000 })
    assert.equal(decide(policy({ deadlineMs: 60_001 }), { attempt: 1, firstAt: 0, now: 0, error: down() }).act, 'try')
    assert.deepEqual(decide(use, { attempt: 1, firstAt: 0, now: 0, error: down() }), {
      act: 'give-up',
      why: 'deadline',
    })
  })

  it('waits what the other side asked for, up to the cap', () => {
    const use = policy({ baseMs: 100, capMs: 10_000 })
    const at = (error: PipelineError) => decide(use, { attempt: 1, firstAt: 0, now: 0, error })
    assert.deepEqual(at(down(7_000)), { act: 'try', attempt: 2, dueAt: 7_000 })
    assert.deepEqual(at(down(50)), { act: 'try', attempt: 2, dueAt: 100 })
    assert.deepEqual(at(down(10_001)), { act: 'give-up', why: 'retry-after' })
  })

  it('draws a wait by chance where the policy says so', () => {
    const use = policy({ jitter: 'full', baseMs: 1_000 })
    const decision = decide(use, { attempt: 1, firstAt: 0, now: 0, error: down() }, () => 0.25)
    assert.deepEqual(decision, { act: 'try', attempt: 2, dueAt: 250 })
  })

  it('shortens a wait of an earlier policy, and never makes one longer', () => {
    const use = policy({ capMs: 5_000, baseMs: 5_000 })
    assert.equal(dueUnder(use, 100_000, 1_000), 6_000)
    assert.equal(dueUnder(use, 4_000, 1_000), 4_000)
  })
})

describe('a list of error codes', () => {
  it('holds codes and beginnings of codes', () => {
    assert.equal(isListed(['HTTP_5*', 'ECONNRESET'], 'HTTP_503'), true)
    assert.equal(isListed(['HTTP_5*', 'ECONNRESET'], 'ECONNRESET'), true)
    assert.equal(isListed(['HTTP_5*', 'ECONN'], 'ECONNRESET'), false)
    assert.equal(isListed(['HTTP_5*'], 'HTTP_404'), false)
    assert.equal(isListed([], 'HTTP_404'), false)
  })
})
