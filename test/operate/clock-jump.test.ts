import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { RunEngine } from '../../lib/runs/engine.ts'
import { hasDied, keepAlive } from '../../lib/runs/leases.ts'
import { runMigrations } from '../../lib/runs/migrations.ts'
import { calendar } from '../../lib/runs/schedule.ts'
import { sleepUntil } from '../../lib/runs/time.ts'
import { migrate } from '../../lib/stores/postgres/migrate.ts'
import type { PostgresStore } from '../../lib/stores/postgres/port.ts'
import { immediate, SimulatedClock } from '../helpers/simulated-clock.ts'
import { memoryLog, noHttp, openSurroundings, type Surroundings } from '../runs/surroundings.ts'

const minute = 60_000
const hour = 60 * minute
const start = new Date('2026-10-01T00:30:00Z')

describe('a clock that jumps, in one process', { timeout: 120_000 }, () => {
  let surroundings: Surroundings
  let store: PostgresStore
  let pending = 0
  before(async () => {
    surroundings = await openSurroundings('embedded')
    const inner = surroundings.stores.postgres
    const call = async <T>(work: () => Promise<T>): Promise<T> => {
      pending += 1
      try {
        return await work()
      } finally {
        pending -= 1
      }
    }
    store = {
      kind: inner.kind,
      target: inner.target,
      query: (...args) => call(() => inner.query(...args)),
      transaction: (work) => call(() => inner.transaction(work)),
      connect: () => inner.connect(),
      listen: (...args) => inner.listen(...args),
      close: () => inner.close(),
    }
    await migrate(store, runMigrations)
  })
  after(() => surroundings.close())
  /** Time passes only while nothing is asked of the store. */
  const settle = async () => {
    for (let calm = 0; calm < 3; calm += 1) {
      await immediate()
      if (pending > 0) calm = -1
    }
  }

  for (const catchUp of ['all', 'last'] as const) {
    test(`6 h forwards, 6 h back, another zone of the process: each slot has its run once (missed slots: ${catchUp})`, async () => {
      const clock = new SimulatedClock(start)
      const log = memoryLog()
      const engine = new RunEngine({
        ...{ stores: { ...surroundings.stores, postgres: store }, http: noHttp, log, owner: catchUp, clock },
      })
      const off = new AbortController()
      const did: string[] = []
      const zone = process.env.TZ
      try {
        engine.register(catchUp, {
          send(run) {
            did.push(run.slot)
            void engine.end(run, { outcome: 'done' })
          },
        })
        await engine.replay()
        const kept = engine.keepSchedule({
          ...{ flow: catchUp, overlap: 'queue', input: null, signal: off.signal },
          schedule: { expression: '0 * * * *', timeZone: 'America/Sao_Paulo', catchUp },
        })
        await clock.run(2 * hour, settle) // 02:30
        assert.equal(did.length, 2)
        clock.jump(6 * hour) // 08:30
        await clock.run(2 * minute, settle)
        assert.equal(did.length, catchUp === 'all' ? 8 : 3)
        clock.jump(-6 * hour) // 02:32
        await clock.run(4 * hour, settle)
        process.env.TZ = 'Asia/Tokyo'
        await clock.run(6 * hour, settle) // 12:32
        off.abort()
        await kept
        const { slots } = calendar('0 * * * *', 'UTC').due(start, clock.now())
        assert.deepEqual(
          [...did].sort(),
          slots.map((slot) => slot.toISOString()),
        )
        assert.equal(log.lines.filter((line) => JSON.stringify(line).includes('clock was set back')).length, 1)
      } finally {
        if (zone === undefined) delete process.env.TZ
        else process.env.TZ = zone
        off.abort()
        await engine.close()
      }
    })
  }

  test('a wait ends after its length when the clock is set back, and at once when it is set forwards', async () => {
    for (const [jump, after] of [
      [-6 * hour, 10 * minute],
      [6 * hour, minute],
    ] as const) {
      const clock = new SimulatedClock(start)
      let over = false
      const waiting = sleepUntil(clock, clock.now().getTime() + 10 * minute).then(() => {
        over = true
      })
      clock.jump(jump)
      await clock.run(after)
      assert.equal(over, true)
      await waiting
    }
  })

  test('a sign of life of before the jump calls nobody dead, one from the future does', async () => {
    const dead = async () =>
      (
        await store.query<{ dead: boolean }>(`select ${hasDied('$1::text', '$2', '$3')} as dead`, [
          'other/1',
          'me/1',
          8_000,
        ])
      ).rows[0]?.dead
    const shift = (owner: string, hours: number) =>
      store.query(`update pipeline.process set seen_at = seen_at + $2 * interval '1 hour' where owner = $1`, [
        owner,
        hours,
      ])
    const both = async () => {
      await keepAlive(store, 'other/1')
      await keepAlive(store, 'me/1')
    }
    for (const hours of [-6, 6]) {
      await both()
      assert.equal(await dead(), false)
      await shift('other/1', hours)
      await shift('me/1', hours)
      assert.equal(await dead(), false, 'my own sign is as old')
      await keepAlive(store, 'me/1')
      assert.equal(await dead(), true, 'it never gave another')
    }
  })
})
