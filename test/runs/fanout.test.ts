import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { PipelineError } from '../../lib/errors.ts'
import { listSteps } from '../../lib/runs/display.ts'
import { createEngine, type RunEngine } from '../../lib/runs/engine.ts'
import type { Joined } from '../../lib/runs/fanout.ts'
import { journalError } from '../../lib/runs/journal.ts'
import type { RunRef } from '../../lib/runs/run.ts'
import type { SentItem } from '../../lib/runs/window.ts'
import { Type } from '../../lib/schema.ts'
import { defineStep } from '../../lib/steps/step.ts'
import type { Json } from '../../lib/stores/cache/port.ts'
import { immediate, SimulatedClock } from '../helpers/simulated-clock.ts'
import { kinds, memoryLog, noHttp, openSurroundings, type Surroundings } from './surroundings.ts'

const items = (n: number) => Array.from({ length: n }, (_, at) => ({ key: `item/${at}`, value: at }))
const gone = journalError(new PipelineError('HTTP_404', 'gone'))

for (const kind of kinds) {
  describe(`each and join on ${kind}`, () => {
    let surroundings: Surroundings
    const engines: RunEngine[] = []
    before(async () => {
      surroundings = await openSurroundings(kind)
      await engine()
    })
    after(async () => {
      await closeAll()
      await surroundings.close()
    })
    beforeEach(async () => {
      await closeAll()
      await surroundings.stores.postgres.query(
        'truncate pipeline.run, pipeline.step, pipeline.process, pipeline.outbox',
      )
    })
    async function closeAll() {
      await Promise.all(engines.splice(0).map((each) => each.close()))
    }
    async function engine(clock?: SimulatedClock): Promise<RunEngine> {
      const made = await createEngine({
        stores: surroundings.stores,
        http: noHttp,
        log: memoryLog(),
        owner: 'a',
        ...(clock ? { clock } : {}),
      })
      engines.push(made)
      return made
    }
    async function start(on: RunEngine): Promise<RunRef> {
      const answer = await on.start({ flow: 'f', slot: 's', trigger: 'manual', input: null, overlap: 'queue' })
      assert.ok(answer.outcome === 'started')
      return answer.run
    }
    const code = (expected: string) => (error: unknown) => PipelineError.from(error).code === expected

    const many = 10_000
    it(`takes ${many} items through a window of 16, with a restart in the middle, each once`, {
      timeout: 120_000,
    }, async () => {
      const list = items(many)
      const sent = new Map<string, number>()
      const results: Joined[] = []
      let peak = 0
      /** One process, closed after it has recorded `most`. Resolves with how many items it found done. */
      const live = async (most: number): Promise<number> => {
        const on = await engine()
        const over = Promise.withResolvers<void>()
        const opened = Promise.withResolvers<number>()
        let out = 0
        let recorded = 0
        const travel = async ({ key, value }: SentItem, run: RunRef) => {
          out += 1
          peak = Math.max(peak, out)
          sent.set(key, (sent.get(key) ?? 0) + 1)
          await immediate() // as on a wire
          out -= 1
          await on.fanOut.record(
            run,
            'join',
            Number(value) % 100 === 7 ? { state: 'failed', error: gone } : { state: 'done', output: value },
          )
          recorded += 1
          if (recorded === most) over.resolve()
        }
        on.fanOut.registerJoin('join', (joined) => {
          results.push(joined)
          over.resolve()
        })
        on.register('f', {
          send: (run) => {
            const send = (item: SentItem, itsRun: RunRef) => {
              travel(item, itsRun).catch((error: unknown) => {
                if (!code('FENCED')(error)) over.reject(error)
              })
            }
            on.fanOut
              .open({ run, node: 'each', items: list, window: 16, message: { topic: 't' }, send })
              .then(({ seen }) => opened.resolve(seen), over.reject)
          },
        })
        await on.replay()
        if (results.length === 0 && sent.size === 0) await start(on)
        await over.promise
        await on.close()
        return opened.promise
      }
      const restart = many * 0.3
      assert.equal(await live(restart), 0)
      assert.equal(results.length, 0)
      const seen = await live(many)
      assert.ok(seen >= restart && seen <= restart + 16, `${seen} were there`)
      assert.ok(peak <= 16, `${peak} at once`)
      assert.equal(sent.size, many)
      assert.ok([...sent.values()].filter((times) => times > 1).length <= 16, 'only what was on its way is sent again')
      assert.equal(results.length, 1, 'the join sends once')
      const [joined] = results
      assert.deepEqual([joined?.items.length, joined?.done, joined?.failed], [many, many * 0.99, many * 0.01])
      assert.deepEqual(joined?.items.slice(6, 8), [
        { key: 'item/6', state: 'done', output: 6 },
        { key: 'item/7', state: 'failed', error: gone },
      ])
      assert.deepEqual(
        joined?.items.map(({ key }) => key),
        list.map(({ key }) => key),
      )
      assert.deepEqual([joined?.message, joined?.run.item], [{ topic: 't' }, ''])
    })

    it('sends the result again when the run is sent anew after its last item', async () => {
      const on = await engine()
      const results: Joined[] = []
      let sentItems = 0
      on.fanOut.registerJoin('join', (joined) => results.push(joined))
      const runs: RunRef[] = []
      on.register('f', { send: (run) => runs.push(run) })
      const open = (run: RunRef) =>
        on.fanOut.open({
          run,
          node: 'each',
          items: items(3),
          window: 2,
          message: null,
          send: ({ value }, itsRun) => {
            sentItems += 1
            void on.fanOut.record(itsRun, 'join', { state: 'done', output: value })
          },
        })
      await start(on)
      assert.ok(runs[0])
      const finished = Promise.withResolvers<void>()
      on.fanOut.registerJoin('join', (joined) => {
        results.push(joined)
        finished.resolve()
      })
      await open(runs[0])
      await finished.promise
      await on.replay()
      assert.ok(runs[1])
      assert.deepEqual(await open(runs[1]), { total: 3, seen: 3 })
      assert.equal(sentItems, 3)
      assert.equal(results.length, 2)
      assert.deepEqual(results[0]?.items, results[1]?.items)
      assert.equal(results[1]?.run.generation, 2)
      const lines = await listSteps(surroundings.stores.postgres, runs[0].id)
      assert.deepEqual(lines.map(({ node, step }) => `${node} ${step}`).sort(), [
        'each each',
        'each item',
        'each item',
        'each item',
        'join join',
      ])
    })

    it('keeps an each inside an each apart', async () => {
      const on = await engine()
      on.register('f', { send: () => {} })
      const inner: Joined[] = []
      const outer = Promise.withResolvers<Joined>()
      on.fanOut.registerJoin('inner join', (joined) => {
        inner.push(joined)
        void on.fanOut.record(joined.run, 'outer join', { state: 'done', output: joined.items.map(({ key }) => key) })
      })
      on.fanOut.registerJoin('outer join', outer.resolve)
      const run = await start(on)
      const opening: Promise<unknown>[] = []
      await on.fanOut.open({
        run,
        node: 'outer',
        items: ['a/b', 'ç'].map((key) => ({ key, value: key })),
        window: 2,
        message: null,
        send: ({ key }, outerRun) => {
          const list = ['1', '2'].map((n) => ({ key: `${key}${n}`, value: n }))
          opening.push(
            on.fanOut.open({
              run: outerRun,
              node: 'inner',
              items: list,
              window: 1,
              message: null,
              send: ({ value }, innerRun) =>
                void on.fanOut.record(innerRun, 'inner join', { state: 'done', output: value }),
            }),
          )
        },
      })
      const joined = await outer.promise
      await Promise.all(opening)
      assert.deepEqual(joined.items, [
        { key: 'a/b', state: 'done', output: ['a/b1', 'a/b2'] },
        { key: 'ç', state: 'done', output: ['ç1', 'ç2'] },
      ])
      assert.deepEqual(joined.run, run)
      assert.deepEqual(
        inner.map((each) => each.run.each),
        [['outer'], ['outer']],
      )
    })

    it('refuses keys that do not tell items apart, and messages that are no item', async () => {
      const on = await engine()
      on.register('f', { send: () => {} })
      on.fanOut.registerJoin('join', () => {})
      const run = await start(on)
      const open = (list: { key: string; value: Json }[]) =>
        on.fanOut.open({ run, node: 'each', items: list, window: 1, message: null, send: () => {} })
      await assert.rejects(
        open([
          { key: 'a', value: 1 },
          { key: 'a', value: 2 },
        ]),
        code('EACH_KEY'),
      )
      await assert.rejects(open([{ key: '', value: 1 }]), code('EACH_KEY'))
      await assert.rejects(open([{ key: 'x'.repeat(301), value: 1 }]), code('EACH_KEY'))
      await assert.rejects(open(items(100_001)), code('EACH_TOO_MANY'))
      assert.deepEqual(await open([]), { total: 0, seen: 0 })
      const done = { state: 'done', output: null } as const
      await assert.rejects(on.fanOut.record(run, 'join', done), code('JOIN_WITHOUT_EACH'))
      await open([
        { key: 'a', value: 1 },
        { key: 'b', value: 1 },
      ])
      const item = (key: string): RunRef => ({ ...run, item: key, each: ['each'] })
      await assert.rejects(on.fanOut.record(item('other'), 'join', done), code('JOIN_WITHOUT_EACH'))
      await assert.rejects(
        on.fanOut.record(item('a'), 'join', { state: 'done', output: 'x'.repeat(70_000) }),
        code('OUTPUT_TOO_LARGE'),
      )
      assert.deepEqual(await on.fanOut.record(item('a'), 'join', done), { double: false, seen: 1, total: 2 })
      assert.equal((await on.fanOut.record(item('a'), 'join', { state: 'failed', error: gone })).double, true)
      await assert.rejects(on.fanOut.record(item('b'), 'another', done), code('JOIN_TWICE'))
      await assert.rejects(on.fanOut.record({ ...item('b'), generation: 9 }, 'join', done), code('FENCED'))
      await assert.rejects(on.end(item('b'), { outcome: 'done' }), code('END_INSIDE_EACH'))
    })

    it('tells the join of items whose step failed and whose error no Catch took', async () => {
      const clock = new SimulatedClock(new Date())
      const on = await engine(clock)
      on.register('f', { send: () => {}, stallMs: 60_000 })
      const step = defineStep({
        name: 'odd',
        version: 1,
        config: Type.Object({}),
        input: Type.Integer(),
        output: Type.Integer(),
        run: async (n) => {
          if (n % 2 === 1) throw new PipelineError('HTTP_404', 'gone')
          return n
        },
      })
      const result = Promise.withResolvers<Joined>()
      on.fanOut.registerJoin('join', result.resolve)
      const run = await start(on)
      const settled: Promise<unknown>[] = []
      await on.fanOut.open({
        run,
        node: 'each',
        items: items(6),
        window: 2,
        message: null,
        send: ({ value }, itsRun) => {
          settled.push(
            on
              .execute({ step, config: {}, node: 'n', input: value, run: itsRun, signal: new AbortController().signal })
              .then(({ output }) => on.fanOut.record(itsRun, 'join', { state: 'done', output }))
              .catch(() => undefined), // lost: no Catch node
          )
        },
      })
      const join = result.promise
      let over = false
      void join.then(() => {
        over = true
      })
      for (let minutes = 0; minutes < 10 && !over; minutes += 1) {
        await clock.run(60_000, async () => {
          do await surroundings.stores.postgres.query('select 1')
          while (clock.sleeping === 0)
        })
      }
      const { done, failed, items: ends } = await join
      await Promise.all(settled)
      assert.deepEqual([done, failed], [3, 3])
      assert.deepEqual(ends[1], { key: 'item/1', state: 'failed', error: gone })
    })
  })
}
