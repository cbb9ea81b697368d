import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { PipelineError } from '../../lib/errors.ts'
import { listRuns } from '../../lib/runs/display.ts'
import { startRun } from '../../lib/runs/lifecycle.ts'
import { runMigrations } from '../../lib/runs/migrations.ts'
import { calendar, type Schedule } from '../../lib/runs/schedule.ts'
import { keepSchedule } from '../../lib/runs/scheduler.ts'
import { migrate } from '../../lib/stores/postgres/migrate.ts'
import type { PostgresStore } from '../../lib/stores/postgres/port.ts'
import { immediate, SimulatedClock } from '../helpers/simulated-clock.ts'
import { memoryLog, openSurroundings, type Surroundings } from './surroundings.ts'

const hour = 3_600_000
const zone = 'America/Sao_Paulo'

describe('scheduler', () => {
  let surroundings: Surroundings
  let store: PostgresStore
  before(async () => {
    surroundings = await openSurroundings('server')
    store = surroundings.stores.postgres
    await migrate(store, runMigrations)
  })
  after(() => surroundings.close())
  beforeEach(() => store.query('truncate pipeline.schedule, pipeline.run, pipeline.step, pipeline.outbox'))

  const schedule = (expression: string, catchUp: Schedule['catchUp'] = 'all', timeZone = zone): Schedule => ({
    expression,
    timeZone,
    catchUp,
  })

  /** A process that keeps a schedule on a simulated clock, until it is stopped. */
  function keep(clock: SimulatedClock, what: Schedule, fire: (slot: string) => Promise<void>, flow = 'f') {
    const stop = new AbortController()
    const log = memoryLog()
    let next: Date | undefined
    const onNext = (at: Date | undefined) => {
      next = at
    }
    const ended = keepSchedule({ flow, schedule: what, store, clock, log, fire, onNext, signal: stop.signal })
    return {
      log,
      next: () => next,
      stop: async () => {
        stop.abort()
        await ended
      },
    }
  }
  /** Lets time pass; what a look at the clock sets off ends before the next. */
  const pass = (clock: SimulatedClock, ms: number, loops = 1) =>
    clock.run(ms, async () => {
      await immediate()
      while (clock.sleeping < loops) await immediate()
    })
  const wanted = (expression: string, from: string, until: string) =>
    calendar(expression, zone)
      .due(new Date(from), new Date(until))
      .slots.map((slot) => slot.toISOString())

  it('fires each slot at its time, over both daylight-saving changes', async () => {
    for (const [expression, from, days] of [
      ['15 * * * *', '2019-02-16T00:00:00Z', 3],
      ['*/30 23,0 * * *', '2018-11-03T00:00:00Z', 3],
      ['0 2 * * *', '2018-10-20T12:00:00Z', 30],
    ] as const) {
      const clock = new SimulatedClock(from)
      const fired: string[] = []
      const process = keep(
        clock,
        schedule(expression),
        async (slot) => {
          assert.equal(clock.now().toISOString(), slot, 'on time')
          fired.push(slot)
        },
        expression,
      )
      await pass(clock, days * 24 * hour)
      await process.stop()
      assert.deepEqual(fired, wanted(expression, from, clock.now().toISOString()))
      assert.deepEqual(process.next(), calendar(expression, zone).next(clock.now()))
    }
  })

  it('begins a new schedule now, and a changed one too', async () => {
    const clock = new SimulatedClock('2026-03-01T12:30:00Z')
    const fired: string[] = []
    const fire = async (slot: string) => void fired.push(slot)
    const first = keep(clock, schedule('0 * * * *'), fire)
    await pass(clock, hour)
    await first.stop()
    clock.jump(10 * hour)
    const second = keep(clock, schedule('30 * * * *'), fire)
    await pass(clock, hour)
    await second.stop()
    assert.deepEqual(fired, ['2026-03-01T13:00:00.000Z', '2026-03-02T00:30:00.000Z'])
  })

  it('makes up what passed while nothing ran: all, the last, or none', async () => {
    for (const [catchUp, made] of [
      ['all', ['03:00', '04:00', '05:00', '06:00', '07:00']],
      ['last', ['06:00', '07:00']],
      ['skip', ['07:00']],
    ] as const) {
      const clock = new SimulatedClock('2026-03-01T02:30:00Z')
      const fired: string[] = []
      const fire = async (slot: string) => void fired.push(slot.slice(11, 16))
      const before = keep(clock, schedule('0 * * * *', catchUp), fire, catchUp)
      await pass(clock, 60_000)
      await before.stop()
      clock.jump(4 * hour)
      const after = keep(clock, schedule('0 * * * *', catchUp), fire, catchUp)
      await pass(clock, hour)
      await after.stop()
      assert.deepEqual(fired, made)
      assert.equal(
        after.log.lines.some((line) => line.includes('not made up')),
        catchUp !== 'all',
      )
    }
  })

  it('makes up at most 1,000 slots, the newest', async () => {
    const clock = new SimulatedClock('2026-03-01T00:00:30Z')
    const fired: string[] = []
    const fire = async (slot: string) => void fired.push(slot)
    const before = keep(clock, schedule('* * * * *'), fire)
    await pass(clock, 10_000)
    await before.stop()
    clock.jump(24 * hour)
    const after = keep(clock, schedule('* * * * *'), fire)
    await pass(clock, 1)
    await after.stop()
    assert.equal(fired.length, 1_000)
    assert.equal(fired.at(-1), '2026-03-02T00:00:00.000Z')
  })

  it('notices a suspended machine within a minute, and fires nothing twice when the clock is set back', async () => {
    const clock = new SimulatedClock('2026-03-01T04:00:30Z')
    const fired: string[] = []
    const process = keep(
      clock,
      schedule('0 5 * * *', 'last', 'UTC'),
      async (slot) => void fired.push(`${slot} at ${clock.now().toISOString()}`),
    )
    await pass(clock, 1_000)
    clock.jump(6 * hour)
    await pass(clock, 60_000)
    assert.equal(fired.length, 1)
    assert.match(fired[0] ?? '', /^2026-03-01T05:00:00.000Z at 2026-03-01T10:0/)
    clock.jump(-6 * hour)
    await pass(clock, 12 * hour)
    assert.equal(fired.length, 1)
    await process.stop()
  })

  it('keeps a slot due that could not be started, and a slot whose start was not noted', async () => {
    const clock = new SimulatedClock('2026-03-01T04:59:00Z')
    const tries: string[] = []
    const process = keep(clock, schedule('0 5 * * *', 'last', 'UTC'), async (slot) => {
      tries.push(clock.now().toISOString())
      if (tries.length < 3) throw new PipelineError('STORE_UNAVAILABLE', `no store for ${slot}`, { retryable: true })
    })
    await pass(clock, 3 * 60_000)
    await process.stop()
    assert.deepEqual(tries, ['2026-03-01T05:00:00.000Z', '2026-03-01T05:00:05.000Z', '2026-03-01T05:00:10.000Z'])
    assert.equal(process.log.lines.filter((line) => line.startsWith('error')).length, 2)
  })

  it('fires every slot exactly once through 30 days of outages, with two processes', async () => {
    const clock = new SimulatedClock('2019-02-01T00:00:00Z')
    const expression = '0 */2 * * *'
    const start = (owner: string) => async (slot: string) => {
      await startRun(store, { flow: 'f', slot, trigger: 'schedule', input: null, overlap: 'queue' }, owner, true)
    }
    let seed = 7
    const random = () => {
      seed = (seed * 48_271) % 2_147_483_647
      return seed / 2_147_483_647
    }
    const first = keep(clock, schedule(expression), start('a/0'))
    await pass(clock, 1_000)
    await first.stop()
    while (clock.now() < new Date('2019-03-03T00:00:00Z')) {
      clock.jump(Math.floor(random() * 20) * hour) // nothing runs
      const up = Math.ceil(random() * 20) * hour
      const processes = ['a/1', 'b/1'].map((owner) => keep(clock, schedule(expression), start(owner)))
      await pass(clock, up, 2)
      await Promise.all(processes.map((process) => process.stop()))
    }
    const last = keep(clock, schedule(expression), start('a/2'))
    await pass(clock, 1_000)
    await last.stop()
    const runs = await listRuns(store, { limit: 500 })
    assert.deepEqual(
      runs.map((run) => run.slot).sort(),
      wanted(expression, '2019-02-01T00:00:00Z', clock.now().toISOString()),
    )
  })

  it('refuses a schedule that cannot be read', async () => {
    const process = keepSchedule({
      flow: 'f',
      schedule: schedule('61 * * * *'),
      store,
      clock: new SimulatedClock(),
      log: memoryLog(),
      fire: async () => {},
      signal: new AbortController().signal,
    })
    await assert.rejects(process, { code: 'SCHEDULE_INVALID' })
  })
})
