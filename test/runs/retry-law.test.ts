import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { describe, it } from 'node:test'
import { PipelineError } from '../../lib/errors.ts'
import { backoff, type RetryNotice, type RetryPolicy, RetryPolicySchema, retry } from '../../lib/runs/retry.ts'
import { parser } from '../../lib/schema.ts'
import { seeded } from '../helpers/seeded.ts'
import { SimulatedClock } from '../helpers/simulated-clock.ts'

/** Waits measured for each law; RETRY_SEED=n repeats a run. */
const samples = 10_000
/** Random policies for what must hold of each of them. */
const cases = 2_000
const seed = Number(process.env.RETRY_SEED ?? randomInt(2 ** 31))
/**
 * Kolmogorov and Smirnov: uniform samples are further from the uniform law than this once in a million times (1.95 / √n would be
 * once in a thousand, too often for a seed that changes). A law that is off by 3 % is further in nearly all cases.
 */
const furthest = Math.sqrt(-Math.log(1e-6 / 2) / 2) / Math.sqrt(samples)

const policies = parser(RetryPolicySchema, 'retry policy')
const never = new AbortController().signal
const down = () => new PipelineError('HTTP_503', 'down', { retryable: true })

/** Greatest distance of the samples' distribution from the uniform one on [0, 1]. */
function distance(shares: readonly number[]): number {
  const sorted = [...shares].sort((a, b) => a - b)
  const n = sorted.length
  return Math.max(...sorted.map((share, i) => Math.max(share - i / n, (i + 1) / n - share)))
}

/** What a work that always fails went through: when its tries began, on the clock. */
async function failing(
  policy: RetryPolicy,
  clock: SimulatedClock,
  random: () => number,
  error: () => PipelineError = down,
): Promise<{ began: number[]; ended: number; notices: RetryNotice[]; error: PipelineError }> {
  const began: number[] = []
  const notices: RetryNotice[] = []
  const ended = await retry(
    policy,
    () => {
      began.push(clock.monotonic())
      return Promise.reject(error())
    },
    { signal: never, clock, random, onRetry: (notice) => notices.push(notice) },
  ).then(
    () => assert.fail('it should have failed'),
    (thrown: unknown) => PipelineError.from(thrown),
  )
  return { began, notices, error: ended, ended: clock.monotonic() }
}

describe('the law of retries', { timeout: 120_000 }, () => {
  console.log(`RETRY_SEED=${seed}, ${samples} samples a law, furthest ${furthest.toFixed(4)}`)

  for (const [offset, law] of (['exponential', 'linear', 'fixed'] as const).entries()) {
    it(`${law}: with full jitter each wait is uniform between 0 and the capped law`, async () => {
      const policy = policies.parse({
        backoff: law,
        baseMs: 1_000,
        capMs: 6_500,
        attempts: 6,
        deadlineMs: 600_000,
      })
      const random = seeded(seed + offset)
      const clock = new SimulatedClock()
      const runs = samples / 5
      const shares: number[][] = [[], [], [], [], []]
      let highest = 0
      // One after the other on the same clock: each wait is what passed between two tries.
      for (let n = 0; n < runs; n += 1) {
        const done = failing(policy, clock, random)
        await clock.run(60_000)
        const { began, error } = await done
        assert.equal(began.length, 6, 'tries are exact')
        assert.equal(error.code, 'HTTP_503')
        for (const [index, waits] of shares.entries()) {
          const wait = (began[index + 1] ?? Number.NaN) - (began[index] ?? Number.NaN)
          highest = Math.max(highest, wait)
          waits.push(wait / backoff(policy, index + 1))
        }
      }
      const all = shares.flat()
      assert.equal(all.length, samples)
      assert.ok(
        all.every((share) => share >= 0 && share < 1 + 1e-9),
        'none above the law',
      )
      assert.ok(highest <= policy.capMs, `${highest} ms is above the cap`)
      const far = distance(all)
      assert.ok(far < furthest, `distance ${far} with RETRY_SEED=${seed}`)
      // Each wait for itself too, so that one that is too short does not hide behind one that is too long.
      for (const [index, waits] of shares.entries()) {
        const own = distance(waits)
        assert.ok(own < furthest * Math.sqrt(5), `wait ${index + 1}: distance ${own} with RETRY_SEED=${seed}`)
      }
      console.log(`  ${law}: distance ${far.toFixed(4)}, longest wait ${highest.toFixed(0)} of ${policy.capMs} ms`)
    })
  }

  it('would notice a law that is off by 3 %, or a jitter that is not full', () => {
    const random = seeded(seed)
    const uniform = Array.from({ length: samples }, random)
    assert.ok(distance(uniform) < furthest)
    assert.ok(distance(uniform.map((share) => share * 0.97)) > furthest)
    assert.ok(distance(uniform.map((share) => 0.5 + share / 2)) > furthest)
    assert.ok(distance(uniform.map((share) => share ** 1.1)) > furthest)
  })

  it('never begins a wait or a try at or past the deadline, and tries as often as it may before', async () => {
    const random = seeded(seed)
    const clock = new SimulatedClock()
    let cutShort = 0
    for (let n = 0; n < cases; n += 1) {
      const policy: RetryPolicy = {
        backoff: (['exponential', 'linear', 'fixed'] as const)[Math.floor(random() * 3)] ?? 'fixed',
        baseMs: 1 + Math.floor(random() * 5_000),
        capMs: 1 + Math.floor(random() * 20_000),
        jitter: random() < 0.5 ? 'full' : 'none',
        attempts: 1 + Math.floor(random() * 8),
        deadlineMs: 1 + Math.floor(random() * 30_000),
      }
      const start = clock.monotonic()
      const done = failing(policy, clock, random)
      await clock.run(200_000)
      const { began, notices, ended } = await done
      const context = `RETRY_SEED=${seed}, policy ${n} ${JSON.stringify(policy)}`
      assert.ok(began.length <= policy.attempts && began.length === notices.length + 1, context)
      assert.ok((began.at(-1) ?? 0) - start < policy.deadlineMs, context)
      assert.ok(
        notices.every(({ delayMs }) => delayMs <= policy.capMs),
        context,
      )
      assert.ok(ended >= start, context)
      if (began.length < policy.attempts) cutShort += 1
      // Without jitter it is known how many fit: with it at least as many.
      let at = 0
      let fit = 1
      while (fit < policy.attempts && at + backoff(policy, fit) < policy.deadlineMs) at += backoff(policy, fit++)
      if (policy.jitter === 'none') assert.equal(began.length, fit, context)
      else assert.ok(began.length >= Math.min(fit, policy.attempts), context)
    }
    assert.ok(cutShort > cases / 20, `${cutShort} were cut short: the samples test nothing`)
  })

  it('never tries a terminal error again, whatever the policy', async () => {
    const random = seeded(seed)
    const clock = new SimulatedClock()
    for (let n = 0; n < cases; n += 1) {
      const attempts = 1 + Math.floor(random() * 20)
      const fatal = 1 + Math.floor(random() * attempts)
      let tries = 0
      const policy = policies.parse({ attempts, baseMs: 1, capMs: 10 })
      const done = failing(policy, clock, random, () => {
        tries += 1
        return tries === fatal ? new PipelineError('HTTP_404', 'gone') : down()
      })
      await clock.run(1_000)
      const { began, error } = await done
      assert.equal(began.length, fatal)
      assert.equal(error.code, 'HTTP_404')
    }
  })

  it('ends at once when it is called off in a wait, at any moment of it', async () => {
    const random = seeded(seed)
    for (let n = 0; n < 1_000; n += 1) {
      const clock = new SimulatedClock()
      const stop = new AbortController()
      const policy = policies.parse({ jitter: 'none', baseMs: 10_000, attempts: 5, backoff: 'fixed' })
      let tries = 0
      const done = assert.rejects(
        retry(
          policy,
          () => {
            tries += 1
            return Promise.reject(down())
          },
          { signal: stop.signal, clock },
        ),
        { code: 'STOPPED' },
      )
      const moment = random() * 30_000
      await clock.run(moment)
      stop.abort()
      await done
      assert.equal(clock.monotonic(), moment, 'no time passes')
      assert.equal(tries, 1 + Math.floor(moment / 10_000))
      assert.equal(clock.sleeping, 0)
    }
  })
})
