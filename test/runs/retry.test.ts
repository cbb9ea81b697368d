import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PipelineError } from '../../lib/errors.ts'
import {
  backoff,
  delayBefore,
  type RetryNotice,
  type RetryPolicy,
  RetryPolicySchema,
  retry,
} from '../../lib/runs/retry.ts'
import { systemTimer } from '../../lib/runs/time.ts'
import { parser } from '../../lib/schema.ts'
import { seeded } from '../helpers/seeded.ts'
import { SimulatedClock } from '../helpers/simulated-clock.ts'

const policies = parser(RetryPolicySchema, 'retry policy')
const policy = (part: Partial<RetryPolicy> = {}): RetryPolicy => policies.parse({ jitter: 'none', ...part })
const down = (retryAfterMs?: number) =>
  new PipelineError('HTTP_503', 'down', { retryable: true, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) })

/** Runs work under a policy on a simulated clock that passes `passMs`; tells when each try began and how it ended. */
async function simulate(
  use: RetryPolicy,
  work: (attempt: number, signal: AbortSignal, clock: SimulatedClock) => Promise<string>,
  {
    passMs = 10 ** 10,
    random,
    signal = new AbortController().signal,
  }: { passMs?: number; random?: () => number; signal?: AbortSignal } = {},
) {
  const clock = new SimulatedClock()
  const began: number[] = []
  const notices: RetryNotice[] = []
  const ended = retry(
    use,
    (attempt) => {
      began.push(clock.monotonic())
      assert.equal(attempt.attempt, began.length)
      return work(attempt.attempt, attempt.signal, clock)
    },
    { signal, clock, onRetry: (notice) => notices.push(notice), ...(random ? { random } : {}) },
  ).then(
    (value) => ({ value, error: undefined }),
    (error: unknown) => ({ value: undefined, error: PipelineError.from(error) }),
  )
  await clock.run(passMs)
  return { ...(await ended), began, notices, clock }
}

describe('retry', () => {
  it('follows the exponential, linear and fixed law up to the cap', () => {
    const five = [1, 2, 3, 4, 5]
    const law = (kind: RetryPolicy['backoff']) =>
      five.map((n) => backoff(policy({ backoff: kind, baseMs: 100, capMs: 450 }), n))
    assert.deepEqual(law('exponential'), [100, 200, 400, 450, 450])
    assert.deepEqual(law('linear'), [100, 200, 300, 400, 450])
    assert.deepEqual(law('fixed'), [100, 100, 100, 100, 100])
    assert.equal(backoff(policy({ capMs: 5_000 }), 5_000), 5_000, 'no overflow')
  })

  it('waits as the law says, counts tries and throws the last error as it came', async () => {
    const errors = [1, 2, 3, 4].map((n) => new PipelineError(`HTTP_50${n}`, 'down', { retryable: true }))
    const { began, notices, error } = await simulate(policy({ attempts: 4, baseMs: 1_000 }), (attempt) =>
      Promise.reject(errors[attempt - 1]),
    )
    assert.deepEqual(began, [0, 1_000, 3_000, 7_000])
    assert.deepEqual(
      notices.map(({ attempt, delayMs }) => [attempt, delayMs]),
      [
        [1, 1_000],
        [2, 2_000],
        [3, 4_000],
      ],
    )
    assert.deepEqual(
      notices.map((notice) => notice.error),
      errors.slice(0, 3),
    )
    assert.equal(error, errors[3])
  })

  it('ends with the first success', async () => {
    const { began, value } = await simulate(policy({ attempts: 9 }), (attempt) =>
      attempt < 3 ? Promise.reject(down()) : Promise.resolve(`try ${attempt}`),
    )
    assert.equal(value, 'try 3')
    assert.equal(began.length, 3)
  })

  it('never retries what is not a retryable PipelineError', async () => {
    for (const thrown of [new PipelineError('HTTP_404', 'gone'), new TypeError('a bug'), 'a string']) {
      const { began, error } = await simulate(policy(), () => Promise.reject(thrown))
      assert.equal(began.length, 1)
      assert.equal(error?.code, thrown instanceof PipelineError ? 'HTTP_404' : 'UNEXPECTED')
    }
  })

  it('with full jitter waits uniformly between 0 and the law', async () => {
    const random = seeded(20_260_101)
    const use = policy({ jitter: 'full', backoff: 'exponential', baseMs: 1_000, capMs: 5_000 })
    for (const n of [1, 3, 6]) {
      const law = backoff(use, n)
      const shares = Array.from({ length: 20_000 }, () => (delayBefore(use, n, down(), random) ?? Number.NaN) / law)
      assert.ok(shares.every((share) => share >= 0 && share < 1))
      // Kolmogorov-Smirnov against the uniform law; 1.95 / √n is the bound at 0.1 %.
      const sorted = shares.sort((a, b) => a - b)
      const distance = Math.max(
        ...sorted.map((share, index) =>
          Math.max(Math.abs(share - index / 20_000), Math.abs(share - (index + 1) / 20_000)),
        ),
      )
      assert.ok(distance < 1.95 / Math.sqrt(20_000), `n=${n}: distance ${distance}`)
    }
  })

  it('waits at least what the other side asked for, and gives up when that is above the cap', async () => {
    const use = policy({ attempts: 3, baseMs: 100, capMs: 10_000 })
    const asked = await simulate(use, () => Promise.reject(down(7_000)))
    assert.deepEqual(asked.began, [0, 7_000, 14_000])
    const less = await simulate(use, () => Promise.reject(down(50)))
    assert.deepEqual(less.began, [0, 100, 300])
    const jittered = await simulate(policy({ ...use, jitter: 'full' }), () => Promise.reject(down(7_000)), {
      random: () => 0.5,
    })
    assert.deepEqual(jittered.began, [0, 7_000, 14_000])
    const tooLong = await simulate(use, () => Promise.reject(down(10_001)))
    assert.deepEqual(tooLong.began, [0])
    assert.equal(tooLong.error?.retryAfterMs, 10_001)
  })

  it('never begins a wait that would end at or after the deadline', async () => {
    const use = policy({ attempts: 100, backoff: 'fixed', baseMs: 1_000, deadlineMs: 3_000 })
    const { began, error } = await simulate(use, () => Promise.reject(down()))
    assert.deepEqual(began, [0, 1_000, 2_000])
    assert.equal(error?.code, 'HTTP_503')
  })

  it('cuts work off at the deadline', async () => {
    const { began, error, clock } = await simulate(
      policy({ deadlineMs: 5_000 }),
      (_, signal) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted inside')))),
    )
    assert.deepEqual(began, [0])
    assert.equal(error?.code, 'RETRY_DEADLINE')
    assert.equal(error?.retryable, true)
    assert.equal(clock.sleeping, 0)
  })

  it('stops at once when the caller aborts: before, in work, in a wait; and leaves no timer', async () => {
    const before = await simulate(policy(), () => Promise.resolve('never'), { signal: AbortSignal.abort() })
    assert.equal(before.error?.code, 'STOPPED')
    assert.equal(before.began.length, 0)

    const inWork = new AbortController()
    const cut = await simulate(
      policy(),
      (_, signal) => {
        setImmediate(() => inWork.abort())
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      },
      { signal: inWork.signal, passMs: 0 },
    )
    assert.equal(cut.error?.code, 'STOPPED')
    assert.equal(cut.began.length, 1)
    assert.equal(cut.clock.sleeping, 0)

    const inWait = new AbortController()
    const clock = new SimulatedClock()
    const ended = assert.rejects(
      retry(policy(), () => Promise.reject(down()), { signal: inWait.signal, clock }),
      { code: 'STOPPED' },
    )
    await clock.run(500)
    assert.equal(clock.sleeping, 1)
    inWait.abort()
    await ended
    assert.equal(clock.sleeping, 0)
  })

  it('waits longer than setTimeout can', async () => {
    const month = 30 * 86_400_000
    const { began } = await simulate(
      policy({ attempts: 2, baseMs: 86_400_000 * 6, capMs: 604_800_000, deadlineMs: month }),
      () => Promise.reject(down()),
    )
    assert.deepEqual(began, [0, 6 * 86_400_000])
    // The real timer must not fire at once for more than 2³¹ ms.
    const stop = new AbortController()
    const slept = systemTimer.sleep(2 ** 31 + 1_000, stop.signal).then(
      () => 'fired',
      (error: unknown) => PipelineError.from(error).code,
    )
    await systemTimer.sleep(20)
    stop.abort()
    assert.equal(await slept, 'STOPPED')
  })

  it('refuses a policy that makes no sense', () => {
    for (const bad of [{ attempts: 0 }, { backoff: 'random' }, { baseMs: -1 }, { deadlineMs: 0 }, { tries: 3 }]) {
      assert.throws(() => policies.parse(bad), { code: 'SCHEMA' })
    }
  })
})
