import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { PipelineError } from '../../lib/errors.ts'
import { listRuns, listSteps } from '../../lib/runs/display.ts'
import { createEngine, type RunEngine } from '../../lib/runs/engine.ts'
import { itemPath } from '../../lib/runs/identity.ts'
import { putItem } from '../../lib/runs/items.ts'
import { journalError } from '../../lib/runs/journal.ts'
import { pruneRuns } from '../../lib/runs/leases.ts'
import { letterId } from '../../lib/runs/letter.ts'
import { discardLetters } from '../../lib/runs/letter-settle.ts'
import type { RunRef } from '../../lib/runs/run.ts'
import { cancelRun, replayRun } from '../../lib/runs/run-actions.ts'
import { Type } from '../../lib/schema.ts'
import { defineStep } from '../../lib/steps/step.ts'
import type { PostgresStore } from '../../lib/stores/postgres/port.ts'
import { rejectsWith } from '../helpers/rejects.ts'
import { kinds, memoryLog, noHttp, openSurroundings, type Surroundings } from './surroundings.ts'

const N = Type.Object({ n: Type.Number() })
const never = new AbortController().signal
const by = { by: 'ana' }

for (const kind of kinds) {
  describe(`what people do to runs on ${kind}`, { timeout: 90_000 }, () => {
    let surroundings: Surroundings
    let store: PostgresStore
    let engine: RunEngine
    /** Numbers for which the step `second` fails. */
    let broken = new Set<number>()
    let ran: string[] = []
    let news = Promise.withResolvers<RunRef>()

    before(async () => {
      surroundings = await openSurroundings(kind)
      store = surroundings.stores.postgres
      const opened = await createEngine({ stores: surroundings.stores, http: noHttp, log: memoryLog(), owner: 'a' })
      await opened.close()
    })
    after(async () => {
      await engine?.close()
      await surroundings.close()
    })
    beforeEach(async () => {
      await engine?.close()
      news = Promise.withResolvers() // a run of the test before may have ended since
      await store.query('truncate pipeline.run, pipeline.step, pipeline.process, pipeline.outbox, pipeline.dead_letter')
      await store.query('truncate pipeline.step_attempt, pipeline.run_action')
      engine = await createEngine({ stores: surroundings.stores, http: noHttp, log: memoryLog(), owner: 'a' })
      broken = new Set()
      ran = []
      engine.register('f', { send: (run, input) => news.resolve(act(run, Number(Object(input).n))) })
      await engine.replay()
    })

    const step = (node: string) =>
      defineStep({
        name: node,
        version: 1,
        config: Type.Object({}),
        input: N,
        output: N,
        async run({ n }) {
          ran.push(node)
          if (node === 'second' && broken.has(n)) throw new PipelineError('HTTP_500', `<b>${n}</b> is broken`)
          return { n: n + 1 }
        },
      })
    /** first -> second, and the end of the run. */
    async function act(run: RunRef, n: number): Promise<RunRef> {
      try {
        const { output } = await execute(run, 'first', n)
        await execute(run, 'second', output.n)
        await engine.end(run, { outcome: 'done' })
      } catch (thrown) {
        const error = PipelineError.from(thrown)
        if (error.code !== 'FENCED' && error.code !== 'STOPPED') await engine.end(run, { outcome: 'failed', error })
      }
      return run
    }
    const execute = (run: RunRef, node: string, n: number) =>
      engine.execute({ step: step(node), config: {}, node, input: { n }, run, signal: never })
    /** The next run that comes to its end. */
    async function next(): Promise<RunRef> {
      const run = await news.promise
      news = Promise.withResolvers()
      return run
    }
    async function start(n: number): Promise<RunRef> {
      await engine.start({ flow: 'f', slot: `s${n}`, trigger: 'event', input: { n }, overlap: 'queue' })
      return next()
    }
    const row = async (id: string) => {
      const [found] = await listRuns(store, { id })
      assert.ok(found)
      return found
    }
    const letters = async () => (await store.query('select kind, state from pipeline.dead_letter')).rows
    const actions = async () =>
      (await store.query('select action, by, reason from pipeline.run_action order by at')).rows

    it('resumes a failed run from its first unfinished step, and its dead letter is withdrawn', async () => {
      broken.add(2)
      const run = await start(1)
      assert.deepEqual([(await row(run.id)).state, await letters()], ['failed', [{ kind: 'run', state: 'open' }]])
      await engine.resume(run.id, by)
      await next()
      // Still broken: a second failure, and the letter is back.
      assert.deepEqual([(await row(run.id)).state, await letters()], ['failed', [{ kind: 'run', state: 'open' }]])
      const tries = await store.query(
        `select attempt, error ->> 'message' as said from pipeline.step_attempt order by attempt`,
      )
      assert.deepEqual(tries.rows, [
        { attempt: 1, said: '<b>2</b> is broken' },
        { attempt: 2, said: '<b>2</b> is broken' },
      ])
      broken.clear()
      await engine.resume(run.id, { by: 'ana', reason: 'the source is back' })
      await next()
      assert.deepEqual([(await row(run.id)).state, (await row(run.id)).error, await letters()], ['done', null, []])
      assert.deepEqual(ran, ['first', 'second', 'second', 'second'], 'the first step is not done again')
      assert.equal((await listSteps(store, run.id)).find(({ node }) => node === 'second')?.attempts, 3)
      assert.deepEqual((await actions()).at(-1), { action: 'resume', by: 'ana', reason: 'the source is back' })
      await rejectsWith(engine.resume(run.id, by), 'RUN_STATE')
      await rejectsWith(engine.resume(letterId('', '', ''), by), 'RUN_UNKNOWN')
    })

    it('resumes a parked run at once, and the wait of its step is over', async () => {
      const run = await start(1)
      await store.query(
        `update pipeline.run set state = 'waiting', due_at = clock_timestamp() + interval '1 day', owner = null, finished_at = null`,
      )
      await store.query(
        `update pipeline.step set state = 'retry', next_at = clock_timestamp() + interval '1 day' where node = 'second'`,
      )
      await engine.resume(run.id, by)
      assert.equal((await next()).id, run.id)
      assert.equal((await row(run.id)).state, 'done')
      assert.deepEqual(ran, ['first', 'second', 'second'])
    })

    it('sends failed items again, but none whose letter was settled', async () => {
      const failure = journalError(new PipelineError('HTTP_404', 'gone'))
      engine.register('g', { send: () => undefined })
      const answer = await engine.start({ flow: 'g', slot: 's', trigger: 'manual', input: null, overlap: 'queue' })
      assert.ok(answer.outcome === 'started')
      for (const key of ['good', 'open', 'settled']) {
        const run = { ...answer.run, item: itemPath('', key), each: ['each'] }
        const id = letterId(run.id, 'each', run.item)
        const letter = { id, input: null, note: null, error: failure, attempts: 1 }
        const failed = key !== 'good'
        await putItem(
          store,
          { run, node: 'each', join: 'join', startedAt: new Date(), ...(failed ? { letter } : {}) },
          failed ? { state: 'failed', error: failure } : { state: 'done', output: 1 },
        )
        if (key === 'settled') await discardLetters(store, { ids: [id] }, { by: 'ana', reason: 'x' })
      }
      await engine.end(answer.run, { outcome: 'failed', error: new PipelineError('RUN_FAILED', 'x') })
      await engine.resume(answer.run.id, by)
      const items = (await listSteps(store, answer.run.id)).map(({ item, state }) => `${item} ${state}`)
      assert.deepEqual(items.toSorted(), ['good done', 'settled failed'])
      assert.deepEqual(await letters(), [{ kind: 'item', state: 'discarded' }])
    })

    it('cancels a run that is at work, and what it still does commits nothing', async () => {
      const waiting = Promise.withResolvers<void>()
      const begun = Promise.withResolvers<RunRef>()
      const outcome = Promise.withResolvers<string>()
      engine.register('f', {
        send: (run) => {
          const slow = defineStep({
            ...{ name: 'slow', version: 1, config: Type.Object({}), input: N, output: N },
            async run() {
              begun.resolve(run)
              await waiting.promise
              return { n: 1 }
            },
          })
          engine.execute({ step: slow, config: {}, node: 'slow', input: { n: 1 }, run, signal: never }).then(
            () => outcome.resolve('done'),
            (thrown: unknown) => outcome.resolve(PipelineError.from(thrown).code),
          )
        },
      })
      await engine.start({ flow: 'f', slot: 's', trigger: 'event', input: { n: 1 }, overlap: 'queue' })
      const run = await begun.promise
      await engine.cancel(run.id, { by: 'ana', reason: 'wrong month' })
      waiting.resolve()
      assert.match(await outcome.promise, /FENCED|STOPPED/)
      const { state, error } = await row(run.id)
      assert.deepEqual(
        [state, error?.code, error?.message],
        ['cancelled', 'CANCELLED', 'Cancelled by ana: wrong month'],
      )
      assert.deepEqual(
        (await listSteps(store, run.id)).filter((line) => line.state === 'done'),
        [],
      )
      await rejectsWith(engine.cancel(run.id, by), 'RUN_STATE')
      // The next of the flow is not held up by it.
      engine.register('f', { send: (ref, input) => news.resolve(act(ref, Number(Object(input).n))) })
      await engine.resume(run.id, by)
      await next()
      assert.equal((await row(run.id)).state, 'done')
    })

    it('calls off a run that another process has', async () => {
      const run = await start(1)
      // It lives: this process may not take the run from it.
      await store.query(`insert into pipeline.process (owner, seen_at) values ('other/1', clock_timestamp())`)
      await store.query(`update pipeline.run set state = 'running', owner = 'other/1', finished_at = null`)
      await cancelRun(store, run.id, by)
      const { state, owner, epoch } = await row(run.id)
      assert.deepEqual([state, owner, epoch], ['cancelled', null, run.epoch + 1])
    })

    it('replays a run with its recorded input as a new one, whole or from a step on', async () => {
      const run = await start(1)
      const whole = await engine.rerun(run.id, { ...by, reason: 'look again' })
      assert.deepEqual([whole.slot, whole.kept], ['replay 1 of s1', 0])
      assert.equal((await next()).id, whole.id)
      assert.deepEqual(ran, ['first', 'second', 'first', 'second'])
      assert.deepEqual([(await row(whole.id)).state, (await row(whole.id)).input], ['done', { n: 1 }])
      const part = await engine.rerun(whole.id, { ...by, from: 'second' })
      assert.deepEqual([part.slot, part.kept], ['replay 2 of s1', 1])
      assert.equal((await next()).id, part.id)
      assert.deepEqual(ran.slice(4), ['second'], 'the first step answers with what it had given')
      const { rows } = await store.query('select replay_of from pipeline.run where id = $1', [part.id])
      assert.deepEqual(rows, [{ replay_of: whole.id }])
      await rejectsWith(engine.rerun(run.id, { ...by, from: 'nobody' }), 'STEP_UNKNOWN')
      const twice = await Promise.all([replayRun(store, run.id, by), replayRun(store, run.id, by)])
      assert.notEqual(twice[0].id, twice[1].id)
    })

    it('does nothing to single messages, and forgets attempts and actions with their runs', async () => {
      broken.add(5)
      await assert.rejects(
        engine.execute({
          step: step('second'),
          config: {},
          node: 'second',
          input: { n: 5 },
          run: undefined,
          signal: never,
        }),
      )
      const [alone] = await listRuns(store, { flow: 'second' })
      assert.ok(alone)
      await rejectsWith(engine.resume(alone.id, by), 'RUN_STATE')
      await rejectsWith(engine.cancel(alone.id, by), 'RUN_STATE')
      await rejectsWith(engine.rerun(alone.id, by), 'RUN_STATE')
      const run = await start(1)
      await engine.rerun(run.id, by)
      await next()
      await store.query(`update pipeline.run set finished_at = finished_at - interval '200 days'`)
      assert.equal(await pruneRuns(store, 90), 3)
      for (const table of ['step_attempt', 'run_action'])
        assert.deepEqual((await store.query(`select from pipeline.${table}`)).rows, [], table)
    })
  })
}
