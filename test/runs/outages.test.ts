import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { PipelineError } from '../../lib/errors.ts'
import { type Alert, AlertSchema } from '../../lib/runs/alert.ts'
import { alertMigrations } from '../../lib/runs/alert-migrations.ts'
import { RunEngine } from '../../lib/runs/engine.ts'
import { fallback } from '../../lib/runs/fallback.ts'
import { listIncidents, raiseIncident, recoverItem } from '../../lib/runs/incidents.ts'
import { runMigrations } from '../../lib/runs/migrations.ts'
import { wakeOutbox } from '../../lib/runs/outbox.ts'
import { type RetryPolicy, retry } from '../../lib/runs/retry.ts'
import type { RunRef } from '../../lib/runs/run.ts'
import { calendar } from '../../lib/runs/schedule.ts'
import { parser, Type } from '../../lib/schema.ts'
import { defineStep, type StepContext } from '../../lib/steps/step.ts'
import { migrate } from '../../lib/stores/postgres/migrate.ts'
import type { PostgresStore } from '../../lib/stores/postgres/port.ts'
import { immediate, SimulatedClock } from '../helpers/simulated-clock.ts'
import { memoryLog, noHttp, openSurroundings, type Surroundings } from './surroundings.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const start = Date.UTC(2026, 9, 1, 0, 30)

/** When the source is down, in hours from the start; each line is one incident, whatever flaps in it. */
const outages: readonly (readonly [from: number, hours: number])[][] = [
  [[20.2, 1.2]],
  [[50, 30]],
  // on and off for seven hours: one incident
  [
    [120.1, 1.1],
    [122.4, 1.1],
    [124.7, 1.1],
    [127, 1.1],
  ],
  [[200.4, 3]],
  [[239.5, 1.6]],
  [[330, 60]],
  [[450.3, 2.5]],
  [[520.2, 12]],
  [[600.6, 1.1]],
  [[690, 4]],
]
/** When its backup is down too: then the last good copy serves. */
const backupOutages = [
  [55, 10],
  [340, 20],
  [600, 3],
] as const
/** When it answers so slowly that a run takes longer than the hour it has. */
const slow = [
  [160, 6],
  [400, 10],
  [525, 4],
] as const
const within = (spans: readonly (readonly [number, number])[], at: Date) => {
  const hours = (at.getTime() - start) / hour
  return spans.some(([from, length]) => hours >= from && hours < from + length)
}

const alerts = parser(AlertSchema, 'An alert')
const datasets = ['a', 'b']
const tries: RetryPolicy = {
  ...{ backoff: 'fixed', baseMs: minute, capMs: minute, jitter: 'none' },
  ...{ attempts: 4, deadlineMs: hour },
}

describe('30 simulated days of outages', () => {
  let surroundings: Surroundings
  let store: PostgresStore
  let pending = 0
  const waiting: (() => void)[] = []
  before(async () => {
    surroundings = await openSurroundings('server')
    store = counted(surroundings.stores.postgres)
    await migrate(store, [...runMigrations, ...alertMigrations])
    await store.query('create table ledger (slot text, dataset text, tier text, primary key (slot, dataset))')
  })
  after(() => surroundings.close())

  /** The store, with a count of the calls under way: time passes only while there are none. */
  function counted(inner: PostgresStore): PostgresStore {
    async function call<T>(work: () => Promise<T>): Promise<T> {
      pending += 1
      try {
        return await work()
      } finally {
        pending -= 1
        if (pending === 0) for (const go of waiting.splice(0)) go()
      }
    }
    return {
      kind: inner.kind,
      target: inner.target,
      query: (...args) => call(() => inner.query(...args)),
      transaction: (work) => call(() => inner.transaction(work)),
      connect: () => inner.connect(),
      listen: (...args) => inner.listen(...args),
      close: () => inner.close(),
    }
  }
  async function settle(): Promise<void> {
    for (let calm = 0; calm < 2; calm += 1) {
      await immediate()
      if (pending === 0) continue
      await new Promise<void>((resolve) => waiting.push(resolve))
      calm = -1
    }
  }

  /** Fetches a dataset from the simulated source, its backup or the last good copy, and keeps the incident. */
  function fetchStep(clock: SimulatedClock) {
    const work = (ms: number, { signal }: StepContext) => clock.sleep(ms, signal)
    const down = (what: string) => new PipelineError('HTTP_503', `${what} is down`, { retryable: true })
    return defineStep({
      name: 'sim-fetch',
      version: 1,
      config: Type.Object({}),
      input: Type.Object({ dataset: Type.String() }),
      output: Type.Object({ tier: Type.String() }),
      async run({ dataset }, _, context) {
        const { tier, why, ageSeconds } = await fallback<null>(
          [
            {
              ...{ tier: 'primary', source: 'sim' },
              serve: () =>
                retry(
                  tries,
                  async () => {
                    await work(within(slow, clock.now()) ? 25 * minute : 2 * minute, context)
                    if (within(outages.flat(), clock.now())) throw down('the source')
                    return { value: null, ageSeconds: 0 }
                  },
                  { signal: context.signal, clock },
                ),
            },
            {
              ...{ tier: 'backup', source: 'mirror' },
              async serve() {
                await work(minute, context)
                if (within(backupOutages, clock.now())) throw down('the backup')
                return { value: null, ageSeconds: 60 }
              },
            },
            { tier: 'cache', source: 'copy', serve: async () => ({ value: null, ageSeconds: 3_600 }) },
          ],
          (error) => /^(HTTP_|RETRY_DEADLINE)/.test(error.code),
        )
        const [first] = why
        await store.transaction(async (tx) => {
          const at = clock.now()
          if (first === undefined) await recoverItem(tx, { key: 'sim', item: dataset, at, difference: null })
          else {
            await raiseIncident(tx, {
              ...{ key: 'sim', kind: 'source', what: 'sim', item: dataset, error: first, at, flapMinutes: 180 },
              served: { tier, ageSeconds, versions: {} },
            })
          }
          await tx.query('insert into ledger values ($1, $2, $3)', [context.run.slot, dataset, tier])
          await context.finish(tx, { tier })
        })
        wakeOutbox(store)
        return { tier }
      },
    })
  }

  it('processes each slot once, never two at a time, with one alert per incident', { timeout: 240_000 }, async () => {
    const clock = new SimulatedClock(new Date(start))
    const step = fetchStep(clock)
    const running = new Set<string>()
    let most = 0
    const told: Alert[] = []
    const problems: unknown[] = []
    const log = memoryLog()
    const open = new AbortController()
    const alive = new AbortController().signal
    const scheduled: Promise<void>[] = []

    /** One replica: keeps the schedule, executes runs, takes alerts. Without the upkeep: nobody dies here unseen. */
    function replica(owner: string): RunEngine {
      const engine = new RunEngine({
        ...{ stores: { ...surroundings.stores, postgres: store }, http: noHttp, log, owner, clock },
      })
      engine.subscribe((event) => {
        if (event.kind !== 'run' || event.run.flow !== 'hourly') return
        if (event.state === 'started' || event.state === 'resumed') running.add(event.run.id)
        else running.delete(event.run.id)
        most = Math.max(most, running.size)
      })
      const execute = async (run: RunRef) => {
        for (const dataset of datasets) {
          await engine.execute({ step, config: {}, node: dataset, input: { dataset }, run, signal: alive })
        }
        await engine.end(run, { outcome: 'done' })
      }
      const quietly = (work: Promise<unknown>) =>
        void work.catch((error: unknown) => {
          if (!['STOPPED', 'FENCED'].includes(PipelineError.from(error).code)) problems.push(error)
        })
      engine.register('hourly', { send: (run) => quietly(execute(run)) })
      engine.register('alerts', {
        topic: 'alert',
        send(run, input) {
          told.push(alerts.parse(input))
          quietly(engine.end(run, { outcome: 'done' }))
        },
      })
      scheduled.push(
        engine.keepSchedule({
          ...{ flow: 'hourly', overlap: 'queue', input: null, signal: open.signal },
          schedule: { expression: '0 * * * *', timeZone: 'America/Sao_Paulo', catchUp: 'all' },
        }),
      )
      return engine
    }

    let first = replica('first')
    const second = replica('second')
    for (const engine of [first, second]) await engine.replay()
    await clock.run(10 * day, settle)
    // in the middle of a run one replica goes; the other takes its run over, and later it comes back
    await first.close()
    await second.replay()
    await clock.run(2 * day, settle)
    first = replica('first')
    await first.replay()
    await clock.run(5 * day, settle)
    // the machine sleeps for five hours: all of them are made up
    clock.jump(5 * hour)
    await clock.run(13 * day - 5 * hour, settle)
    open.abort()
    await Promise.all(scheduled)
    const until = clock.now()
    const slots = calendar('0 * * * *', 'America/Sao_Paulo')
      .due(new Date(start), until)
      .slots.map((slot) => slot.toISOString())
    assert.equal(slots.length, 720)
    // what is queued or under way is finished
    await clock.run(3 * hour, settle)

    assert.deepEqual(problems, [])
    const { rows: ledger } = await store.query<{ slot: string; dataset: string; tier: string }>(
      'select slot, dataset, tier from ledger order by slot, dataset',
    )
    const { rows: unfinished } = await store.query<{ slot: string; state: string }>(
      `select slot, state from pipeline.run where flow = 'hourly' and state <> 'done' order by slot`,
    )
    assert.deepEqual(unfinished, [])
    assert.deepEqual(
      ledger.map(({ slot, dataset }) => `${slot} ${dataset}`),
      slots.flatMap((slot) => datasets.map((dataset) => `${slot} ${dataset}`)),
    )
    assert.equal(most, 1, 'never two runs at a time')
    const tiers = new Set(ledger.map(({ tier }) => tier))
    assert.deepEqual([...tiers].sort(), ['backup', 'cache', 'primary'])

    const count = (event: Alert['event']) => told.filter((alert) => alert.event === event).length
    assert.deepEqual([count('opened'), count('reopened'), count('closed')], [outages.length, 0, outages.length])
    const incidents = await listIncidents(store, { limit: 100 })
    assert.deepEqual([incidents.length, incidents.every(({ state }) => state === 'closed')], [outages.length, true])
    assert.ok(incidents.some(({ flaps }) => flaps > 0))
    const { rows: undelivered } = await store.query('select from pipeline.outbox where delivered_at is null')
    assert.equal(undelivered.length, 0)
    for (const engine of [first, second]) await engine.close()
  })
})
