import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, beforeEach, describe, it } from 'node:test'
import { PipelineError } from '../../lib/errors.ts'
import { listRuns, listSteps } from '../../lib/runs/display.ts'
import { createEngine, type EngineEvent, type RunEngine } from '../../lib/runs/engine.ts'
import { pruneRuns } from '../../lib/runs/leases.ts'
import type { Course } from '../../lib/runs/retries.ts'
import { type RetryPolicy, RetryPolicySchema } from '../../lib/runs/retry.ts'
import type { RunRef } from '../../lib/runs/run.ts'
import { parser, Type } from '../../lib/schema.ts'
import { defineStep } from '../../lib/steps/step.ts'
import { SimulatedClock } from '../helpers/simulated-clock.ts'
import { kinds, memoryLog, noHttp, openSurroundings, type Surroundings } from './surroundings.ts'

const policies = parser(RetryPolicySchema, 'retry policy')
const policyOf = (seconds: number, part: Partial<RetryPolicy> = {}): RetryPolicy =>
  policies.parse({
    backoff: 'fixed',
    jitter: 'none',
    baseMs: seconds * 1_000,
    capMs: seconds * 1_000,
    attempts: 4,
    deadlineMs: 86_400_000,
    ...part,
  })
const down = new PipelineError('HTTP_503', 'down', { retryable: true })
const start = new Date('2026-03-01T12:00:00Z')

for (const kind of kinds) {
  describe(`retries in runs on ${kind}`, { timeout: 120_000 }, () => {
    let surroundings: Surroundings
    const engines: RunEngine[] = []
    const log = memoryLog()
    before(async () => {
      surroundings = await openSurroundings(kind)
      await engine('first', new SimulatedClock(start))
    })
    after(async () => {
      await Promise.all(engines.map((each) => each.close()))
      await surroundings.close()
    })
    beforeEach(async () => {
      await Promise.all(engines.splice(0).map((each) => each.close()))
      await surroundings.stores.postgres.query(
        'truncate pipeline.run, pipeline.step, pipeline.process, pipeline.outbox, pipeline.kept_message',
      )
    })

    async function engine(owner: string, clock: SimulatedClock): Promise<RunEngine> {
      const made = await createEngine({ stores: surroundings.stores, http: noHttp, log, owner, clock })
      engines.push(made)
      return made
    }
    /** A flow that only notes what its trigger sends, on an engine that takes runs up. */
    async function watched(owner: string, clock: SimulatedClock, stallMs = 300_000) {
      const on = await engine(owner, clock)
      const sent: { run: RunRef; at: number }[] = []
      const events: EngineEvent[] = []
      on.subscribe((event) => events.push(event))
      on.register('f', { send: (run) => sent.push({ run, at: clock.now().getTime() }), stallMs })
      await on.replay()
      return { on, sent, events }
    }
    async function begin(on: RunEngine, slot = 's', overlap: 'skip' | 'queue' | 'replace' = 'skip'): Promise<RunRef> {
      const answer = await on.start({ flow: 'f', slot, trigger: 'event', input: null, overlap })
      assert.ok(answer.outcome === 'started', answer.outcome)
      return answer.run
    }
    /** Lets simulated time pass; each look after the runs ends (and sleeps again) before the next. */
    const pass = (clock: SimulatedClock, ms: number, sleepers = 1) =>
      clock.run(ms, async () => {
        do await surroundings.stores.postgres.query('select 1')
        while (clock.sleeping < sleepers)
      })
    /** What follows a wake may take several statements; the test's own time limit bounds it. */
    async function arrived(sent: unknown[], count: number): Promise<void> {
      while (sent.length < count) await surroundings.stores.postgres.query('select 1')
    }
    const rowOf = async (id: string) => {
      const { rows } = await surroundings.stores.postgres.query<{
        state: string
        owner: string | null
        due_at: Date | null
        epoch: number
      }>('select state, owner, due_at, epoch from pipeline.run where id = $1', [id])
      assert.ok(rows[0])
      return rows[0]
    }
    const tries = (run: RunRef, policy: RetryPolicy, payload: unknown = { name: 'a' }) => ({
      run,
      node: 'retry',
      payload,
      policy,
    })
    const failed = (on: RunEngine, run: RunRef, policy: RetryPolicy, error = down) =>
      on.retries.failed({ ...tries(run, policy), error, known: undefined })
    /** Waits as a course says; tells what comes of it. */
    function wait(on: RunEngine, run: RunRef, course: Course, id = 'one') {
      assert.ok(course.act === 'wait', course.act)
      const seen: string[] = []
      const stop = on.retries.wait(
        run,
        { node: 'retry', id, dueAt: course.dueAt },
        { due: () => seen.push('due'), ended: () => seen.push('ended') },
      )
      return { seen, stop, dueAt: course.dueAt }
    }

    it('sends a first try at once, and a failed one at its due time', async () => {
      const clock = new SimulatedClock(start)
      const { on } = await watched('a', clock)
      const run = await begin(on)
      const policy = policyOf(30)
      const first = await on.retries.enter(tries(run, policy))
      assert.deepEqual(first, { act: 'try', attempt: 1, firstAt: start.getTime() })
      assert.deepEqual(await listSteps(surroundings.stores.postgres, run.id), [], 'a first try costs no line')
      await pass(clock, 5_000)
      const course = await on.retries.failed({
        ...tries(run, policy),
        error: down,
        known: { attempt: 1, firstAt: first.firstAt },
      })
      const { seen, dueAt } = wait(on, run, course)
      assert.equal(dueAt, start.getTime() + 35_000)
      await pass(clock, 29_900, 2)
      assert.deepEqual(seen, [])
      await pass(clock, 200)
      assert.deepEqual(seen, ['ended', 'due'])
      const [line] = await listSteps(surroundings.stores.postgres, run.id)
      assert.deepEqual(
        [line?.node, line?.state, line?.attempts, line?.nextAt, line?.startedAt, line?.error?.code],
        ['retry', 'retry', 1, new Date(dueAt).toISOString(), start.toISOString(), 'HTTP_503'],
      )
      await on.end(run, { outcome: 'done' })
      const [ended] = await listSteps(surroundings.stores.postgres, run.id)
      assert.deepEqual([ended?.state, ended?.nextAt], ['done', null])
    })

    it('leaves the line as it was when the run fails', async () => {
      const { on } = await watched('a', new SimulatedClock(start))
      const run = await begin(on)
      await failed(on, run, policyOf(30))
      await on.end(run, { outcome: 'failed', error: down })
      assert.equal((await listSteps(surroundings.stores.postgres, run.id))[0]?.state, 'retry')
    })

    it('drops a waiting message when the run is sent anew; the new one waits for what is left', async () => {
      const clock = new SimulatedClock(start)
      const { on, sent } = await watched('a', clock)
      const run = await begin(on)
      const policy = policyOf(50)
      const old = wait(on, run, await failed(on, run, policy))
      await pass(clock, 20_000, 2)
      await on.replay()
      const anew = sent[1]?.run
      assert.ok(anew)
      const course = await on.retries.enter(tries(anew, policy))
      assert.deepEqual(
        { ...course, error: undefined },
        {
          act: 'wait',
          attempt: 2,
          dueAt: old.dueAt,
          firstAt: start.getTime(),
          error: undefined,
        },
      )
      const fresh = wait(on, anew, course, 'two')
      await pass(clock, 35_000)
      assert.deepEqual([old.seen, fresh.seen], [['ended'], ['ended', 'due']])
      await assert.rejects(on.retries.enter(tries(run, policy)), { code: 'FENCED' })
      await assert.rejects(failed(on, run, policy), { code: 'FENCED' })
    })

    it('goes on in the next process with attempts, due time, deadline and error; what was given up stays so', async () => {
      const clock = new SimulatedClock(start)
      const { on } = await watched('a', clock)
      const run = await begin(on)
      const policy = policyOf(50, { attempts: 2 })
      const old = wait(on, run, await failed(on, run, policy))
      await on.close()
      assert.deepEqual(old.seen, ['ended'])

      const later = new SimulatedClock(new Date(start.getTime() + 10_000))
      const next = await watched('a', later)
      const anew = next.sent[0]?.run
      assert.ok(anew)
      const course = await next.on.retries.enter(tries(anew, policy))
      assert.ok(course.act === 'wait')
      assert.deepEqual([course.attempt, course.dueAt, course.firstAt], [2, old.dueAt, start.getTime()])
      assert.deepEqual([course.error.code, course.error.retryable], ['HTTP_503', true])
      const gone = await next.on.retries.failed({
        ...tries(anew, policy),
        error: down,
        known: { attempt: 2, firstAt: course.firstAt },
        note: { source: 'x' },
      })
      assert.ok(gone.act === 'give-up' && gone.why === 'attempts')
      await next.on.close()

      const third = await watched('a', new SimulatedClock(new Date(start.getTime() + 90_000)))
      const again = await third.on.retries.enter(tries(third.sent[0]?.run ?? anew, policy))
      assert.ok(again.act === 'give-up')
      assert.deepEqual(
        [again.attempts, again.why, again.note, again.error.code],
        [2, 'attempts', { source: 'x' }, 'HTTP_503'],
      )
      // Another payload is another matter.
      const other = await third.on.retries.enter(tries(third.sent[0]?.run ?? anew, policy, { name: 'b' }))
      assert.deepEqual([other.act, 'attempt' in other && other.attempt], ['try', 1])
    })

    it('does not take a waiting message for a stall, nor a run in which one waits', async () => {
      const clock = new SimulatedClock(start)
      const { on, sent } = await watched('a', clock, 20_000)
      const run = await begin(on)
      const { seen } = wait(on, run, await failed(on, run, policyOf(59)))
      await pass(clock, 58_000, 2)
      assert.equal(sent.length, 1)
      await pass(clock, 2_000)
      assert.deepEqual(seen, ['ended', 'due'])
      assert.equal(on.isCurrent(run), true)
      await pass(clock, 26_000)
      assert.equal(sent.length, 2, 'but its loss after the wait is one')
    })

    it('parks a run in which everything waits long, and takes it up at its due time', async () => {
      const clock = new SimulatedClock(start)
      const { on, sent, events } = await watched('a', clock)
      const run = await begin(on)
      const policy = policyOf(300)
      const { seen, dueAt } = wait(on, run, await failed(on, run, policy))
      await pass(clock, 20_000, 2)
      const parked = await rowOf(run.id)
      assert.deepEqual([parked.state, parked.owner, parked.due_at?.getTime()], ['waiting', null, dueAt])
      assert.equal(on.isCurrent(run), false)
      assert.deepEqual(seen, ['ended'], 'nothing of it is left in memory that could fire')
      assert.deepEqual(events.at(-1), {
        kind: 'run',
        state: 'parked',
        run: { ...run, generation: 1 },
        dueAt: new Date(dueAt).toISOString(),
      })
      const another = await on.start({ flow: 'f', slot: 't', trigger: 'event', input: null, overlap: 'skip' })
      assert.equal(another.outcome, 'skipped', 'a parked run is unfinished')
      await pass(clock, dueAt - clock.now().getTime() - 1_000, 2)
      assert.equal(sent.length, 1, 'not before')
      await pass(clock, 4_000)
      await arrived(sent, 2)
      const resumed = sent[1]
      assert.ok(resumed && resumed.at >= dueAt && resumed.at <= dueAt + 3_000, `${(resumed?.at ?? 0) - dueAt} ms late`)
      const row = await rowOf(run.id)
      assert.deepEqual([row.state, row.due_at, row.epoch], ['running', null, 2])
      const course = await on.retries.enter(tries(resumed.run, policy))
      assert.deepEqual(course, { act: 'try', attempt: 2, firstAt: start.getTime() })
      await on.end(resumed.run, { outcome: 'done' })
      assert.equal((await listRuns(surroundings.stores.postgres, { id: run.id }))[0]?.state, 'done')
    })

    it('replaces a parked run', async () => {
      const clock = new SimulatedClock(start)
      const { on, sent } = await watched('a', clock)
      const run = await begin(on)
      const { dueAt } = wait(on, run, await failed(on, run, policyOf(600)))
      await pass(clock, 20_000, 2)
      assert.equal((await rowOf(run.id)).state, 'waiting')
      await begin(on, 't', 'replace')
      assert.equal((await rowOf(run.id)).state, 'cancelled')
      await pass(clock, dueAt - clock.now().getTime() + 5_000)
      assert.deepEqual(
        sent.map(({ run: { slot } }) => slot),
        ['s', 't', ...sent.slice(2).map(() => 't')],
      )
    })

    it('is taken up by another process, in time and by one only', async () => {
      const clock = new SimulatedClock(start)
      const first = await watched('a', clock)
      const run = await begin(first.on)
      const policy = policyOf(600)
      const { dueAt } = wait(first.on, run, await failed(first.on, run, policy))
      await pass(clock, 20_000, 2)
      assert.equal((await rowOf(run.id)).state, 'waiting')
      await first.on.close()

      const later = new SimulatedClock(new Date(dueAt - 120_000))
      const [second, third] = [await watched('b', later), await watched('c', later)]
      assert.deepEqual([second.sent, third.sent], [[], []], 'not before its time')
      await pass(later, 119_000, 2)
      assert.deepEqual([second.sent, third.sent], [[], []])
      await pass(later, 4_000, 2)
      while (second.sent.length + third.sent.length === 0) await surroundings.stores.postgres.query('select 1')
      const sent = [...second.sent, ...third.sent]
      assert.equal(sent.length, 1)
      const at = sent[0]?.at ?? 0
      assert.ok(at >= dueAt && at <= dueAt + 3_000, `${at - dueAt} ms late`)
      const on = second.sent.length === 1 ? second.on : third.on
      assert.equal((await on.retries.enter(tries(sent[0]?.run ?? run, policy))).act, 'try')
    })

    it('is not parked while anything is at work, on its way, or due soon', async () => {
      const clock = new SimulatedClock(start)
      const { on, sent } = await watched('a', clock, 3_600_000)
      const long = policyOf(7_200)

      const soon = await begin(on, 'soon')
      wait(on, soon, await failed(on, soon, policyOf(60)))
      await pass(clock, 50_000, 2)
      assert.equal((await rowOf(soon.id)).state, 'running')
      await on.end(soon, { outcome: 'done' })

      const busy = await begin(on, 'busy')
      const stop = new AbortController()
      const begun = Promise.withResolvers<void>()
      const working = on.execute({
        step: defineStep({
          name: 'slow',
          version: 1,
          config: Type.Object({}),
          input: Type.Object({}),
          output: Type.Object({}),
          run: async (_input, _config, { signal }) => {
            begun.resolve()
            await once(signal, 'abort')
            throw new Error('stopped')
          },
        }),
        config: {},
        node: 'slow',
        input: {},
        run: busy,
        signal: stop.signal,
      })
      const ended = assert.rejects(working)
      await begun.promise
      wait(on, busy, await failed(on, busy, long))
      await pass(clock, 60_000, 2)
      assert.equal((await rowOf(busy.id)).state, 'running')
      stop.abort()
      await ended
      await pass(clock, 30_000, 2)
      assert.equal((await rowOf(busy.id)).state, 'waiting')
      assert.equal(sent.length, 2)
    })

    it('is parked when all items of a list that are out wait, and not before', async () => {
      const clock = new SimulatedClock(start)
      const { on, sent } = await watched('a', clock, 3_600_000)
      const run = await begin(on)
      const out: RunRef[] = []
      const items = ['x', 'y', 'z'].map((key) => ({ key, value: key }))
      const open = (top: RunRef) =>
        on.fanOut.open({ run: top, node: 'each', items, window: 2, message: {}, send: (_, its) => out.push(its) })
      await open(run)
      const policy = policyOf(7_200)
      const [x, y] = out
      assert.ok(x && y && out.length === 2)
      wait(on, x, await failed(on, x, policy), 'x')
      await pass(clock, 60_000, 2)
      assert.equal((await rowOf(run.id)).state, 'running', 'y is on its way')
      const { dueAt } = wait(on, y, await failed(on, y, policyOf(900)), 'y')
      // A look after the runs may be under way while others sleep: a few more of them are sure to have ended.
      for (let look = 0; look < 10 && (await rowOf(run.id)).state === 'running'; look += 1) await pass(clock, 5_000, 2)
      const parked = await rowOf(run.id)
      assert.deepEqual([parked.state, parked.due_at?.getTime()], ['waiting', dueAt], 'until the first is due')

      await pass(clock, dueAt - clock.now().getTime() + 3_000, 1)
      await arrived(sent, 2)
      out.length = 0
      await open(sent[1]?.run ?? run)
      const [again, due] = out
      assert.ok(again && due)
      assert.equal((await on.retries.enter(tries(again, policy))).act, 'wait')
      assert.equal((await on.retries.enter(tries(due, policy))).act, 'try')
    })

    it('is not forgotten while it waits: it is abandoned only long after its due time', async () => {
      const { on } = await watched('a', new SimulatedClock(start))
      const run = await begin(on)
      const { postgres } = surroundings.stores
      const set = (due: string) =>
        postgres.query(
          `update pipeline.run set state = 'waiting', owner = null, updated_at = now() - interval '5 days',
             due_at = now() + $1::interval`,
          [due],
        )
      await set('1 day')
      await pruneRuns(postgres, 2)
      assert.equal((await rowOf(run.id)).state, 'waiting')
      await set('-3 days')
      await pruneRuns(postgres, 2)
      assert.equal((await rowOf(run.id)).state, 'failed')
    })
  })
}
