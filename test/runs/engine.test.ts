import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, beforeEach, describe, it } from 'node:test'
import { PipelineError } from '../../lib/errors.ts'
import { Governor } from '../../lib/governor/governor.ts'
import { listRuns, listSteps } from '../../lib/runs/display.ts'
import { createEngine, type EngineEvent, type RunEngine } from '../../lib/runs/engine.ts'
import { failStep } from '../../lib/runs/journal.ts'
import { startRun } from '../../lib/runs/lifecycle.ts'
import type { RunRef } from '../../lib/runs/run.ts'
import { type Infer, Type } from '../../lib/schema.ts'
import { defineStep, type StepContext } from '../../lib/steps/step.ts'
import type { Json } from '../../lib/stores/cache/port.ts'
import { SimulatedClock } from '../helpers/simulated-clock.ts'
import { kinds, memoryLog, noHttp, openSurroundings, type Surroundings } from './surroundings.ts'

const Count = Type.Object({ n: Type.Number() }, { additionalProperties: false })
type Work = (input: Infer<typeof Count>, context: StepContext<Infer<typeof Count>>) => Promise<Infer<typeof Count>>
const countStep = (run: Work, version = 1) =>
  defineStep({
    name: 'count',
    version,
    config: Type.Object({}),
    input: Count,
    output: Count,
    run: (input, _, context) => run(input, context),
  })

/** A promise to be settled from outside. */
function gate<T = void>() {
  return Promise.withResolvers<T>()
}

for (const kind of kinds) {
  describe(`engine on ${kind}`, () => {
    let surroundings: Surroundings
    const engines: RunEngine[] = []
    const log = memoryLog()
    before(async () => {
      surroundings = await openSurroundings(kind)
      await engine('first')
      await surroundings.stores.postgres.query('create table effect (key text, epoch int)')
    })
    after(async () => {
      await Promise.all(engines.map((each) => each.close()))
      await surroundings.close()
    })
    beforeEach(async () => {
      await Promise.all(engines.splice(0).map((each) => each.close()))
      await surroundings.stores.postgres.query(
        'truncate pipeline.run, pipeline.step, pipeline.process, pipeline.outbox, effect',
      )
    })

    async function engine(owner = 'a', clock?: SimulatedClock): Promise<RunEngine> {
      const made = await createEngine({
        stores: surroundings.stores,
        http: noHttp,
        log,
        owner,
        ...(clock ? { clock } : {}),
      })
      engines.push(made)
      return made
    }
    /** A flow that does nothing but note what its trigger sends. */
    function watched(on: RunEngine, flow = 'f') {
      const sent: { run: RunRef; input: Json }[] = []
      const withdraw = on.register(flow, { send: (run, input) => sent.push({ run, input }) })
      return { sent, withdraw }
    }
    async function start(on: RunEngine, slot = 's', flow = 'f'): Promise<RunRef> {
      const answer = await on.start({ flow, slot, trigger: 'manual', input: { slot }, overlap: 'queue' })
      assert.ok(answer.outcome === 'started', answer.outcome)
      return answer.run
    }
    const open = new AbortController().signal
    const execute = (
      on: RunEngine,
      run: RunRef | undefined,
      work: Work,
      { node = 'n', n = 1, signal = open, version = 1 } = {},
    ) => on.execute({ step: countStep(work, version), config: {}, node, input: { n }, run, signal })
    /** Lets simulated time pass; each look after the runs ends (and sleeps again) before the next. */
    const pass = (clock: SimulatedClock, ms: number) =>
      clock.run(ms, async () => {
        do await surroundings.stores.postgres.query('select 1')
        while (clock.sleeping === 0)
      })
    const plusOne: Work = async ({ n }) => ({ n: n + 1 })
    const runState = async (id: string) => (await listRuns(surroundings.stores.postgres, { id }))[0]
    const steps = (run: RunRef) => listSteps(surroundings.stores.postgres, run.id)

    it('answers a finished step from the journal, and runs it again for another input, version or setting', async () => {
      const on = await engine()
      watched(on)
      const run = await start(on)
      let ran = 0
      const work: Work = async ({ n }) => {
        ran += 1
        return { n: n * 10 }
      }
      assert.deepEqual(await execute(on, run, work), { output: { n: 10 }, run, replayed: false })
      assert.deepEqual(await execute(on, run, work), { output: { n: 10 }, run, replayed: true })
      assert.equal(ran, 1)
      assert.deepEqual((await execute(on, run, work, { n: 2 })).output, { n: 20 })
      assert.deepEqual((await execute(on, run, work, { n: 2, version: 2 })).replayed, false)
      assert.equal(ran, 3)
      const other = await execute(on, run, work, { node: 'm' })
      assert.equal(other.replayed, false)
      assert.deepEqual(
        (await steps(run)).map(({ node, state, attempts }) => [node, state, attempts]),
        [
          ['n', 'done', 1],
          ['m', 'done', 1],
        ],
      )
    })

    it('lets a step commit its own end, once', async () => {
      const on = await engine()
      watched(on)
      const run = await start(on)
      const { postgres } = surroundings.stores
      const work: Work = async ({ n }, context) => {
        await postgres.transaction(async (tx) => {
          await tx.query('insert into effect values ($1, $2)', [`${context.run.id}`, context.run.epoch])
          await context.finish(tx, { n })
        })
        throw new Error('after the commit')
      }
      // The commit counts, not what came after it.
      assert.deepEqual((await execute(on, run, work)).output, { n: 1 })
      assert.deepEqual(await execute(on, run, work), { output: { n: 1 }, run, replayed: true })
      assert.equal((await postgres.query('select from effect')).rowCount, 1)
    })

    it('joins a step that is at work already', async () => {
      const on = await engine()
      watched(on)
      const run = await start(on)
      const begun = gate()
      const finish = gate()
      let ran = 0
      const work: Work = async ({ n }) => {
        ran += 1
        begun.resolve()
        await finish.promise
        return { n }
      }
      const first = execute(on, run, work)
      await begun.promise
      const second = execute(on, run, work)
      finish.resolve()
      assert.equal((await first).replayed, false)
      assert.equal((await second).replayed, true)
      assert.equal(ran, 1)
    })

    it('counts failed tries, and hands their error on', async () => {
      const on = await engine()
      watched(on)
      const run = await start(on)
      const attempts: number[] = []
      const work: Work = async ({ n }, { attempt }) => {
        attempts.push(attempt)
        if (attempt < 3) throw new PipelineError('HTTP_503', 'down', { retryable: true })
        return { n }
      }
      await assert.rejects(execute(on, run, work), { code: 'HTTP_503', retryable: true })
      await assert.rejects(execute(on, run, work), { code: 'HTTP_503' })
      assert.equal((await steps(run))[0]?.error?.code, 'HTTP_503')
      await execute(on, run, work)
      assert.deepEqual(attempts, [1, 2, 3])
      assert.deepEqual(
        (await steps(run)).map(({ state, attempts: n }) => [state, n]),
        [['done', 3]],
      )
      await assert.rejects(
        on.execute({ step: countStep(plusOne), config: {}, node: 'm', input: { n: 'x' }, run, signal: open }),
        { code: 'INPUT_INVALID' },
      )
      await assert.rejects(
        execute(on, run, async () => JSON.parse('{"n":"x"}'), { node: 'o' }),
        { code: 'OUTPUT_INVALID' },
      )
      assert.deepEqual(
        (await steps(run)).map(({ node, state }) => [node, state]),
        [
          ['n', 'done'],
          ['m', 'failed'],
          ['o', 'failed'],
        ],
      )
    })

    it('waits for the due time of a retry, also in the next process', async () => {
      const on = await engine()
      watched(on)
      const run = await start(on)
      await assert.rejects(
        execute(on, run, async () => Promise.reject(new PipelineError('HTTP_503', 'down', { retryable: true }))),
      )
      const [step] = await steps(run)
      assert.ok(step)
      const nextAt = new Date(Date.now() + 3_600_000)
      const { rows } = await surroundings.stores.postgres.query<{ input_hash: string }>(
        'select input_hash from pipeline.step',
      )
      const ref = {
        run: run.id,
        epoch: 1,
        node: 'n',
        item: '',
        step: step.step,
        inputHash: rows[0]?.input_hash ?? '',
        attempt: 1,
        startedAt: step.startedAt,
      }
      await failStep(surroundings.stores.postgres, ref, { error: new PipelineError('HTTP_503', 'down'), nextAt })
      await on.close()

      const clock = new SimulatedClock(new Date())
      const next = await engine('a', clock)
      const { sent } = watched(next)
      await next.replay()
      const resumed = sent[0]?.run
      assert.ok(resumed)
      let tried: number | undefined
      const answer = execute(next, resumed, async ({ n }, { attempt }) => {
        tried = attempt
        return { n }
      })
      await pass(clock, 3_590_000)
      assert.equal(tried, undefined)
      await pass(clock, 20_000)
      await answer
      assert.equal(tried, 2)
    })

    it('gives a message from outside any run one of its own, which is never replayed', async () => {
      const on = await engine()
      assert.deepEqual(await execute(on, undefined, plusOne), { output: { n: 2 }, run: undefined, replayed: false })
      await execute(on, undefined, plusOne)
      const own = await listRuns(surroundings.stores.postgres)
      assert.deepEqual(
        own.map(({ flow, trigger, state }) => [flow, trigger, state]),
        [
          ['n', 'message', 'done'],
          ['n', 'message', 'done'],
        ],
      )
      await assert.rejects(
        execute(on, undefined, () => Promise.reject(new PipelineError('HTTP_404', 'gone'))),
        { code: 'HTTP_404' },
      )
      const begun = gate<RunRef>()
      const hanging = assert.rejects(
        execute(on, undefined, (_, { run: own, signal }) => {
          begun.resolve(own)
          return once(signal, 'abort').then(() => Promise.reject(new Error('aborted')))
        }),
        { code: 'STOPPED' },
      )
      await begun.promise
      await on.close()
      await hanging
      assert.deepEqual((await listRuns(surroundings.stores.postgres)).map((each) => each.state).sort(), [
        'cancelled',
        'done',
        'done',
        'failed',
      ])

      // What a killed process left behind.
      await surroundings.stores.postgres.query(
        `update pipeline.run set state = 'running', owner = 'a/dead' where state = 'cancelled'`,
      )
      const next = await engine('a')
      const { sent } = watched(next, 'n')
      await next.replay()
      assert.deepEqual(sent, [])
      assert.equal((await runState((await begun.promise).id))?.error?.code, 'MESSAGE_LOST')
    })

    it('calls work off at close without counting a try; the next process goes on with it', async () => {
      const on = await engine()
      watched(on)
      const run = await start(on)
      await execute(on, run, plusOne, { node: 'before' })
      const begun = gate()
      const work = assert.rejects(
        execute(on, run, async (_, { signal }) => {
          begun.resolve()
          await once(signal, 'abort')
          throw new Error('noticed')
        }),
        { code: 'STOPPED' },
      )
      await begun.promise
      await on.close()
      await work
      assert.equal(on.isCurrent(run), false)
      await assert.rejects(execute(on, run, plusOne), { code: 'STOPPED' })

      const next = await engine('b') // given back: anybody may have it
      const { sent } = watched(next)
      await next.replay()
      assert.equal(sent.length, 1)
      assert.deepEqual(sent[0]?.input, { slot: 's' })
      const resumed = sent[0]?.run
      assert.ok(resumed)
      assert.equal(resumed.epoch, 2)
      assert.equal((await execute(next, resumed, plusOne, { node: 'before' })).replayed, true)
      let attempt = 0
      await execute(next, resumed, async ({ n }, context) => {
        attempt = context.attempt
        return { n }
      })
      assert.equal(attempt, 1)
      await next.end(resumed, { outcome: 'done', summary: { rows: 3 } })
      assert.deepEqual((await runState(run.id))?.summary, { rows: 3 })
    })

    it('sends the runs anew after a deploy: older messages are dropped, steps at work are joined', async () => {
      const on = await engine()
      const { sent } = watched(on)
      const run = await start(on)
      const begun = gate()
      const finish = gate()
      const work: Work = async ({ n }) => {
        begun.resolve()
        await finish.promise
        return { n }
      }
      const old = execute(on, run, work)
      await begun.promise
      await on.replay()
      assert.equal(on.isCurrent(run), false)
      const anew = sent[1]?.run
      assert.ok(anew)
      assert.deepEqual([anew.id, anew.epoch, on.isCurrent(anew)], [run.id, run.epoch, true])
      await assert.rejects(execute(on, run, plusOne, { node: 'm' }), { code: 'FENCED' })
      await assert.rejects(on.end(run, { outcome: 'done' }), { code: 'FENCED' })
      const joined = execute(on, anew, work)
      finish.resolve()
      await assert.rejects(old, { code: 'FENCED' }, 'its message ends, the newer one goes on')
      assert.deepEqual(await joined, { output: { n: 1 }, run: anew, replayed: true })
      assert.equal((await steps(run)).length, 1)
    })

    it('takes over a step whose message was closed under it', async () => {
      const on = await engine()
      watched(on)
      const run = await start(on)
      const node = new AbortController()
      const begun = gate()
      let closed = false
      const work: Work = async (_, { signal, attempt }) => {
        begun.resolve()
        if (!closed) await once(signal, 'abort').then(() => Promise.reject(new Error('closed')))
        return { n: attempt }
      }
      const first = execute(on, run, work, { signal: node.signal })
      await begun.promise
      const waiting = execute(on, run, work)
      closed = true
      node.abort()
      await assert.rejects(first, { code: 'STOPPED' })
      assert.deepEqual(await waiting, { output: { n: 1 }, run, replayed: false })
    })

    it('writes down what was done although its message was closed under it', async () => {
      const on = await engine()
      watched(on)
      const run = await start(on)
      const node = new AbortController()
      let ran = 0
      const work: Work = async ({ n }) => {
        ran += 1
        node.abort()
        return { n }
      }
      await execute(on, run, work, { signal: node.signal })
      assert.equal((await execute(on, run, work)).replayed, true)
      assert.equal(ran, 1)
    })

    it('takes a reason of the surroundings for the step’s failure', async () => {
      const on = await engine()
      watched(on)
      const run = await start(on)
      const limit = new AbortController()
      const failing = execute(
        on,
        run,
        (_, { signal }) => once(signal, 'abort').then(() => Promise.reject(new Error('late'))),
        { signal: limit.signal },
      )
      limit.abort(new PipelineError('TIMEOUT', 'took too long', { retryable: true }))
      await assert.rejects(failing, { code: 'TIMEOUT' })
      assert.equal((await steps(run))[0]?.error?.code, 'TIMEOUT')
    })

    it('lets nothing of a run that others took over be committed, and drops it', async () => {
      const on = await engine('a')
      watched(on)
      const run = await start(on)
      const { postgres } = surroundings.stores
      await postgres.query(`update pipeline.process set seen_at = now() - interval '1 hour'`)
      const begun = gate()
      const taken = gate()
      const late = execute(on, run, async ({ n }, context) => {
        begun.resolve()
        await taken.promise
        await postgres.transaction(async (tx) => {
          await tx.query(`insert into effect values ('late', 1)`)
          await context.finish(tx, { n })
        })
        return { n }
      })
      await begun.promise
      const other = await engine('b')
      const { sent } = watched(other)
      await other.replay()
      assert.equal(sent[0]?.run.epoch, 2)
      taken.resolve()
      await assert.rejects(late, { code: 'FENCED' })
      assert.equal((await postgres.query('select from effect')).rowCount, 0)
      assert.equal(on.isCurrent(run), false)
      assert.deepEqual(await steps(run), [])
    })

    it('starts queued runs one after the other, cancels replaced ones, and refuses what it does not know', async () => {
      const on = await engine()
      const { sent, withdraw } = watched(on)
      await on.replay()
      const first = await start(on, '1')
      for (const slot of ['2', '3']) {
        const { outcome } = await on.start({ flow: 'f', slot, trigger: 'event', input: null, overlap: 'queue' })
        assert.equal(outcome, 'queued')
      }
      const events: EngineEvent[] = []
      const started = gate()
      on.subscribe((event) => {
        events.push(event)
        if (event.kind === 'run' && event.state === 'started') started.resolve()
      })
      await on.end(first, { outcome: 'failed', error: new PipelineError('RUN_FAILED', '3 of 4 items failed') })
      await started.promise
      assert.deepEqual(
        sent.map(({ run }) => run.slot),
        ['1', '2'],
      )
      assert.deepEqual(
        events.map((event) => event.kind === 'run' && event.state),
        ['failed', 'started'],
      )
      const second = sent[1]?.run
      assert.ok(second)
      const begun = gate()
      const work = assert.rejects(
        execute(on, second, (_, { signal }) => {
          begun.resolve()
          return once(signal, 'abort').then(() => Promise.reject(new Error('x')))
        }),
        { code: 'STOPPED' },
      )
      await begun.promise
      const last = await on.start({ flow: 'f', slot: '4', trigger: 'event', input: null, overlap: 'replace' })
      await work
      assert.equal(last.outcome, 'started')
      assert.equal(on.isCurrent(second), false)
      assert.deepEqual(
        (await listRuns(surroundings.stores.postgres))
          .sort((a, b) => Number(a.slot) - Number(b.slot))
          .map((run) => run.state),
        ['failed', 'cancelled', 'cancelled', 'running'],
      )
      withdraw()
      await assert.rejects(on.start({ flow: 'f', slot: '5', trigger: 'event', input: null, overlap: 'queue' }), {
        code: 'FLOW_UNKNOWN',
      })
      // Its trigger is gone from the flows: the run is given back.
      await on.replay()
      assert.equal((await runState(last.outcome === 'started' ? last.run.id : ''))?.owner, null)
    })

    it('takes up a run that is its own by the journal alone: taking it had broken off', async () => {
      const clock = new SimulatedClock(new Date())
      const on = await engine('a', clock)
      const { sent } = watched(on)
      await on.replay()
      const { postgres } = surroundings.stores
      const request = { flow: 'f', slot: 's', trigger: 'event', input: null, overlap: 'skip' } as const
      await startRun(postgres, request, on.owner, true)
      await pass(clock, 65_000)
      assert.equal(sent.length, 0, 'it may be about to be taken in hand')
      await postgres.query(`update pipeline.run set claimed_at = now() - interval '2 minutes'`)
      await pass(clock, 65_000)
      assert.deepEqual(
        sent.map(({ run }) => [run.slot, run.epoch]),
        [['s', 2]],
      )
    })

    it('sends a run anew in which nothing moves, then fails it by name', async () => {
      const clock = new SimulatedClock(new Date())
      const on = await engine('a', clock)
      const sent: RunRef[] = []
      on.register('f', { send: (run) => sent.push(run), stallMs: 60_000 })
      const run = await start(on)
      await execute(on, run, plusOne, { node: 'last' })
      const failed = gate<EngineEvent>()
      on.subscribe((event) => {
        if (event.kind === 'run' && event.state === 'failed') failed.resolve(event)
      })
      await pass(clock, 55_000)
      assert.equal(sent.length, 1)
      await pass(clock, 10_000)
      assert.equal(sent.length, 2, 'sent anew')
      await pass(clock, 65_000)
      const event = await failed.promise
      assert.ok('error' in event && event.error.code === 'STALLED' && event.error.message.includes('last'))
      assert.equal((await runState(run.id))?.error?.code, 'STALLED')
    })

    it('fails a run whose step failed and whose error nobody took', async () => {
      const clock = new SimulatedClock(new Date())
      const on = await engine('a', clock)
      on.register('f', { send: () => {}, stallMs: 60_000 })
      const run = await start(on)
      await assert.rejects(execute(on, run, () => Promise.reject(new PipelineError('HTTP_404', 'gone'))))
      const failed = gate<EngineEvent>()
      on.subscribe((event) => {
        if (event.kind === 'run' && event.state === 'failed') failed.resolve(event)
      })
      await pass(clock, 65_000)
      await failed.promise
      assert.equal((await runState(run.id))?.error?.code, 'HTTP_404')
    })

    it('tells that a step waits for memory', async () => {
      const on = await engine()
      watched(on)
      const governor = new Governor(
        { memory: () => ({ limit: 1, free: 0 }), held: () => false, now: () => performance.now() },
        { lookMs: 5 },
      )
      const phases: string[] = []
      on.subscribe((event) => {
        if (event.kind === 'step' && event.state === 'progress') phases.push(event.progress.phase)
      })
      const run = await start(on)
      await execute(on, run, async ({ n }, { signal }) => {
        const leave = await governor.admit('pdf', { signal })
        setTimeout(leave, 30)
        ;(await governor.admit('pdf', { signal }))()
        return { n }
      })
      assert.equal(phases[0], 'wait-memory')
    })

    it('tells what happens, and survives a listener that throws', async () => {
      const on = await engine()
      watched(on)
      const events: string[] = []
      on.subscribe(() => {
        throw new Error('bad listener')
      })
      const stop = on.subscribe((event) => events.push(`${event.kind} ${event.state}`))
      const run = await start(on)
      await execute(on, run, async ({ n }, { progress }) => {
        progress({ phase: 'load', done: 1, unit: 'rows' })
        return { n }
      })
      await on.end(run, { outcome: 'done' })
      stop()
      assert.deepEqual(events, ['run started', 'step running', 'step progress', 'step done', 'run done'])
    })
  })
}
