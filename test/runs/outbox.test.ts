import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { PipelineError } from '../../lib/errors.ts'
import { alertMigrations } from '../../lib/runs/alert-migrations.ts'
import { listRuns } from '../../lib/runs/display.ts'
import { createEngine, type RunEngine } from '../../lib/runs/engine.ts'
import { raiseIncident } from '../../lib/runs/incidents.ts'
import { runMigrations } from '../../lib/runs/migrations.ts'
import { enqueueOutbox, wakeOutbox } from '../../lib/runs/outbox.ts'
import { OutboxDelivery } from '../../lib/runs/outbox-delivery.ts'
import type { OutboxDelivered, OutboxReceiver } from '../../lib/runs/outbox-lane.ts'
import type { RunRef } from '../../lib/runs/run.ts'
import { systemTimer } from '../../lib/runs/time.ts'
import type { Json } from '../../lib/stores/cache/port.ts'
import { migrate } from '../../lib/stores/postgres/migrate.ts'
import type { PostgresStore } from '../../lib/stores/postgres/port.ts'
import { kinds, memoryLog, noHttp, openSurroundings, type Surroundings } from './surroundings.ts'

for (const kind of kinds) {
  describe(`outbox on ${kind}`, { timeout: 60_000 }, () => {
    let surroundings: Surroundings
    let store: PostgresStore
    let closing = new AbortController()
    const started: OutboxDelivery[] = []
    before(async () => {
      surroundings = await openSurroundings(kind)
      store = surroundings.stores.postgres
      await migrate(store, [...runMigrations, ...alertMigrations])
    })
    after(() => surroundings.close())
    beforeEach(async () => {
      closing = new AbortController()
      await store.query(
        'truncate pipeline.outbox, pipeline.incident, pipeline.incident_item, pipeline.run, pipeline.step',
      )
    })
    afterEach(async () => {
      closing.abort()
      await Promise.all(started.splice(0).map((delivery) => delivery.settled()))
    })

    const log = memoryLog()
    function delivery(owner = 'a/1', defaults: Record<string, OutboxReceiver> = {}): OutboxDelivery {
      const made = new OutboxDelivery({
        ...{ owner, store, log, clock: systemTimer, keepDays: 90, signal: closing.signal },
        defaults: new Map(Object.entries(defaults)),
      })
      started.push(made)
      return made
    }
    const put = async (key: string, topic = 't') => {
      await store.transaction((tx) => enqueueOutbox(tx, { key, topic, payload: { key } }))
      wakeOutbox(store)
    }
    async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
      const deadline = Date.now() + 15_000
      while (!(await condition())) {
        assert.ok(Date.now() < deadline, `never: ${what}`)
        await sleep(10)
      }
    }
    type State = { delivered: boolean; failed: boolean; attempts: number; leased: boolean; code: string | null }
    async function state(key: string): Promise<State | undefined> {
      const { rows } = await store.query<State>(
        `select delivered_at is not null as delivered, failed_at is not null as failed, attempts,
           lease_until is not null as leased, error->>'code' as code from pipeline.outbox where key = $1`,
        [key],
      )
      return rows[0]
    }
    const settledAs = (key: string, wanted: Partial<State>) =>
      until(`${key} ${JSON.stringify(wanted)}`, async () => {
        const now = { ...(await state(key)) }
        return Object.entries(wanted).every(
          ([name, value]) => Object.getOwnPropertyDescriptor(now, name)?.value === value,
        )
      })
    const due = (key: string) =>
      store.query('update pipeline.outbox set next_at = clock_timestamp() where key = $1', [key])

    it('delivers what is committed, once, in order, with its key', async () => {
      const got: OutboxDelivered[] = []
      const one = delivery()
      one.register('t', async (entry) => void got.push(entry))
      for (let n = 10; n < 35; n += 1) await put(`k${n}`)
      await put('k10')
      await assert.rejects(
        store.transaction(async (tx) => {
          await enqueueOutbox(tx, { key: 'rolled back', topic: 't', payload: null })
          throw new Error('no')
        }),
      )
      assert.equal(got.length, 0, 'not before it is opened')
      one.open()
      await settledAs('k34', { delivered: true, leased: false, attempts: 1 })
      assert.deepEqual(
        got.map(({ key }) => key),
        Array.from({ length: 25 }, (_, n) => `k${n + 10}`),
      )
      assert.deepEqual(got[0], { key: 'k10', topic: 't', payload: { key: 'k10' }, attempt: 1 })
      await put('later')
      await settledAs('later', { delivered: true })
    })

    it('tries again with a pause, and gives up after days, each said in the log', async () => {
      const one = delivery()
      let fails = true
      one.register('t', async () => {
        if (fails) throw new PipelineError('HTTP_503', 'mail server away', { retryable: true })
      })
      one.open()
      await put('x')
      await settledAs('x', { attempts: 1, leased: false, code: 'HTTP_503' })
      const { rows } = await store.query<{ later: boolean }>(
        `select next_at <= clock_timestamp() + interval '5 seconds' as later from pipeline.outbox`,
      )
      assert.equal(rows[0]?.later, true, 'the first pause is at most the base')
      assert.ok(log.lines.some((line) => /^warn An outbox entry could not be delivered/.test(line)))
      await due('x')
      one.wake()
      await settledAs('x', { attempts: 2, failed: false, leased: false })
      fails = false
      await due('x')
      one.wake()
      await settledAs('x', { delivered: true, attempts: 3, code: null })

      fails = true
      await put('old')
      await settledAs('old', { attempts: 1, leased: false })
      await store.query(
        `update pipeline.outbox set created_at = clock_timestamp() - interval '8 days' where key = 'old'`,
      )
      await due('old')
      one.wake()
      await settledAs('old', { failed: true, delivered: false, code: 'HTTP_503' })
      assert.ok(log.lines.some((line) => /^error An outbox entry could not be delivered and was given up/.test(line)))
      await due('old')
      const { attempts } = { ...(await state('old')) }
      one.wake()
      await one.settled()
      assert.equal((await state('old'))?.attempts, attempts, 'what is given up stays so')
    })

    it('goes to the default only where nobody has registered, and to nobody during a deploy', async () => {
      const got: string[] = []
      const to =
        (name: string): OutboxReceiver =>
        async ({ key }) =>
          void got.push(`${name} ${key}`)
      const one = delivery('a/1', { t: to('default') })
      one.open()
      await put('1')
      await settledAs('1', { delivered: true })
      const withdraw = [one.register('t', to('first')), one.register('t', to('second'))]
      await put('2')
      await settledAs('2', { delivered: true })
      // the deploy takes the nodes away, then they come back
      for (const back of withdraw) back()
      await put('3')
      await one.settled()
      assert.equal((await state('3'))?.attempts, 0)
      one.register('t', to('new'))
      one.open()
      await settledAs('3', { delivered: true })
      await put('4', 'nobody')
      await one.settled()
      assert.equal((await state('4'))?.attempts, 0)
      assert.deepEqual(got, ['default 1', 'first 2', 'second 2', 'new 3'])
    })

    it('two processes share an outbox: each entry is delivered by one', async () => {
      const got: string[] = []
      for (const owner of ['a/1', 'b/1']) {
        const one = delivery(owner)
        one.register('t', async ({ key }) => void got.push(key))
        one.open()
      }
      for (let n = 0; n < 40; n += 1) await put(`n${n}`)
      await until('all', async () => {
        const { rows } = await store.query('select from pipeline.outbox where delivered_at is null')
        return rows.length === 0
      })
      assert.deepEqual([got.length, new Set(got).size], [40, 40])
    })

    it('what a killed process held goes to its successor at once, to others later', async () => {
      const lease = (key: string, owner: string) =>
        store.query(
          `update pipeline.outbox set leased_by = $2, lease_until = clock_timestamp() + interval '2 minutes' where key = $1`,
          [key, owner],
        )
      await put('mine')
      await put('theirs')
      await lease('mine', 'a/dead')
      await lease('theirs', 'b/dead')
      const got: string[] = []
      const one = delivery('a/1')
      one.register('t', async ({ key }) => void got.push(key))
      one.open()
      await settledAs('mine', { delivered: true })
      await one.settled()
      assert.deepEqual(got, ['mine'])
      await store.query(
        `update pipeline.outbox set lease_until = clock_timestamp() - interval '1 second' where key = 'theirs'`,
      )
      one.wake()
      await settledAs('theirs', { delivered: true })
    })

    it('a receiver that hangs at the end is left behind, and the entry is given back uncounted', async () => {
      const one = delivery()
      const begun = Promise.withResolvers<void>()
      one.register('t', () => {
        begun.resolve()
        return new Promise(() => {})
      })
      one.open()
      await put('x')
      await begun.promise
      closing.abort()
      await one.settled()
      const { attempts, leased, failed } = { ...(await state('x')) }
      assert.deepEqual([attempts, leased, failed], [0, false, false])
    })

    describe('through the engine', () => {
      const engines: RunEngine[] = []
      afterEach(() => Promise.all(engines.splice(0).map((engine) => engine.close())))
      async function engine(owner = 'a'): Promise<RunEngine> {
        const made = await createEngine({ stores: surroundings.stores, http: noHttp, log, owner })
        engines.push(made)
        return made
      }
      async function alert(): Promise<string> {
        const { incident } = await store.transaction((tx) =>
          raiseIncident(tx, {
            ...{ key: 'k', kind: 'custom', what: 'something', item: 'x', served: null, flapMinutes: 30 },
            error: { code: 'E', message: 'm' },
            at: new Date(),
          }),
        )
        wakeOutbox(store)
        return `incident/${incident}/opened`
      }

      it('an alert is one line of the log where no flow takes it', async () => {
        const { length } = log.lines
        const one = await engine()
        await one.replay()
        const key = await alert()
        await settledAs(key, { delivered: true })
        const lines = log.lines.slice(length).filter((line) => line.includes('ALERT'))
        assert.deepEqual(lines, ['warn ALERT Incident: something (E) | ALERTA Incidente: something (E)'])
      })

      it('starts one run of the flow that takes it, though two engines look, and again after a duplicate', async () => {
        const sent: { run: RunRef; input: Json }[] = []
        for (const owner of ['a', 'b']) {
          const one = await engine(owner)
          one.register('alerts', { topic: 'alert', send: (run, input) => sent.push({ run, input }) })
          await one.replay()
        }
        const key = await alert()
        await settledAs(key, { delivered: true })
        assert.deepEqual(
          sent.map(({ run }) => [run.flow, run.slot]),
          [['alerts', key]],
        )
        assert.equal(Object(sent[0]?.input).event, 'opened')
        // delivered once more, as after a crash between the run and the mark
        await store.query('update pipeline.outbox set delivered_at = null, next_at = clock_timestamp()')
        wakeOutbox(store)
        await settledAs(key, { delivered: true, attempts: 2 })
        assert.equal((await listRuns(store, { flow: 'alerts' })).length, 1)
        assert.equal(sent.length, 1)
      })
    })
  })
}
