import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { PipelineError } from '../../lib/errors.ts'
import { listRuns } from '../../lib/runs/display.ts'
import { createEngine, type RunEngine } from '../../lib/runs/engine.ts'
import type { Joined } from '../../lib/runs/fanout.ts'
import { Hand } from '../../lib/runs/hand.ts'
import type { RunRef } from '../../lib/runs/run.ts'
import { Type } from '../../lib/schema.ts'
import { defineStep } from '../../lib/steps/step.ts'
import type { Stores } from '../../lib/stores/stores.ts'
import { SimulatedClock } from '../helpers/simulated-clock.ts'
import { memoryLog, noHttp, openStoresAt, openSurroundings, type Surroundings } from './surroundings.ts'

const Item = Type.Object({ key: Type.String() })

/** A process of the same flow on the same database: trigger -> step -> end, or trigger -> each -> step -> join -> end. */
interface Replica {
  name: string
  engine: RunEngine
  stores: Stores
  log: ReturnType<typeof memoryLog>
  /** Runs and items it has worked on. */
  did: string[]
  /** Most of them at once. */
  peak: number
  joined: Joined[]
  /** Its database goes away under it, as if it had been killed: no good-bye, nothing given back. */
  die(): Promise<void>
}

describe('replicas over one PostgreSQL', { timeout: 120_000 }, () => {
  let surroundings: Surroundings
  let folder: string
  const replicas: Replica[] = []
  let hold: (key: string, name: string) => Promise<void> = async () => {}
  /** Whether a run's message gets as far as its each. */
  let reachesEach = true

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ysh-replicas-'))
    surroundings = await openSurroundings('server')
    const first = await replica('first')
    await first.engine.close()
    await surroundings.stores.postgres.query('create table effect (run uuid, item text, did text)')
  })
  after(async () => {
    await surroundings.close()
    await rm(folder, { recursive: true, force: true })
  })
  beforeEach(async () => {
    await surroundings.stores.postgres.query(
      'truncate pipeline.run, pipeline.step, pipeline.process, pipeline.outbox, pipeline.shared_list, pipeline.shared_item, effect',
    )
    hold = async () => {}
    reachesEach = true
  })
  afterEach(async () => {
    for (const { engine, stores } of replicas.splice(0)) {
      await engine.close()
      await stores.postgres.close()
    }
  })

  async function replica(name: string, { runsAtOnce = 20, window = 2, items = [] as string[] } = {}): Promise<Replica> {
    const stores = await openStoresAt(surroundings.config, join(folder, name))
    const log = memoryLog()
    const engine = await createEngine({ stores, http: noHttp, log, owner: name, runsAtOnce })
    const made: Replica = {
      name,
      engine,
      stores,
      log,
      did: [],
      peak: 0,
      joined: [],
      die: () => stores.postgres.close(),
    }
    const work = defineStep({
      name: 'work',
      version: 1,
      config: Type.Object({}),
      input: Item,
      output: Item,
      async run({ key }, _, context) {
        made.did.push(key)
        await hold(key, name)
        await stores.postgres.transaction(async (tx) => {
          await tx.query('insert into effect values ($1, $2, $3)', [context.run.id, context.run.item, name])
          await context.finish(tx, { key })
        })
        return { key }
      },
    })
    const signal = new AbortController().signal
    let now = 0
    const execute = async (run: RunRef, key: string) => {
      now += 1
      made.peak = Math.max(made.peak, now)
      try {
        return await engine.execute({ step: work, config: {}, node: 'work', input: { key }, run, signal })
      } finally {
        now -= 1
      }
    }
    const quiet = (work: Promise<unknown>): void => {
      work.catch((error: unknown) => log.lines.push(`failed ${PipelineError.from(error).code}`))
    }
    engine.register('runs', {
      send: (run) => {
        quiet(execute(run, run.slot).then(() => engine.end(run, { outcome: 'done' })))
      },
    })
    engine.register('list', {
      send: (run) => {
        if (!reachesEach) return
        quiet(
          engine.fanOut.open({
            run,
            node: 'each',
            items: items.map((key) => ({ key, value: key })),
            window,
            message: { topic: 'all' },
            send: 'shared',
          }),
        )
      },
    })
    engine.fanOut.spread.register('each', {
      window,
      send: ({ key }, run, message) => {
        assert.deepEqual(message, { topic: 'all' })
        quiet(
          execute(run, key).then(({ output }) =>
            engine.fanOut.record(run, 'join', { state: 'done', output: { ...output } }),
          ),
        )
      },
    })
    engine.fanOut.registerJoin('join', (joined) => {
      made.joined.push(joined)
      quiet(engine.end(joined.run, { outcome: 'done', summary: { done: joined.done } }))
    })
    await engine.replay()
    replicas.push(made)
    return made
  }

  /** Resolves when a condition holds; a bound, because a promise that is never kept tells nothing. */
  async function until(what: string, holds: () => Promise<boolean> | boolean, seconds = 30): Promise<void> {
    const end = performance.now() + seconds * 1_000
    while (!(await holds())) {
      if (performance.now() > end) {
        const logs = replicas.map(({ name, log, did }) => `${name}: ${did.length} done\n${log.lines.join('\n')}`)
        assert.fail(`${what}: not within ${seconds} s\n${logs.join('\n')}`)
      }
      await sleep(20)
    }
  }
  const states = async () => (await listRuns(surroundings.stores.postgres, { limit: 500 })).map((run) => run.state)
  const allDone = (count: number) => async () => {
    const all = await states()
    return all.length === count && all.every((state) => state === 'done')
  }
  const effects = async () => {
    const { rows } = await surroundings.stores.postgres.query<{ item: string; did: string }>(
      'select item, did from effect order by item',
    )
    return rows
  }
  const slots = (count: number) => Array.from({ length: count }, (_, n) => `s${n}`)
  const keys = (count: number) => Array.from({ length: count }, (_, n) => `k${String(n).padStart(3, '0')}`)

  it('share the runs that one of them has no room for, each run once', async () => {
    const [a, b] = [await replica('a', { runsAtOnce: 3 }), await replica('b', { runsAtOnce: 3 })]
    hold = () => sleep(20)
    const outcomes = await Promise.all(
      slots(40).map((slot) =>
        a.engine.start({ flow: 'runs', slot, trigger: 'event', input: null, overlap: 'parallel' }),
      ),
    )
    assert.ok(outcomes.some(({ outcome }) => outcome === 'queued'))
    await until('all runs done', allDone(40))
    assert.deepEqual([...a.did, ...b.did].sort(), slots(40).sort(), 'each once')
    assert.ok(a.peak <= 3 && b.peak <= 3, `${a.peak} and ${b.peak} at once`)
    assert.ok(a.did.length >= 5 && b.did.length >= 5, `${a.did.length} and ${b.did.length}`)
  })

  it('take over the runs of one that died, within 12 s, and it commits nothing more', async () => {
    const [a, b] = [await replica('a'), await replica('b')]
    const stuck = Promise.withResolvers<void>()
    hold = (_, name) => (name === 'a' ? stuck.promise : Promise.resolve())
    await a.engine.start({ flow: 'runs', slot: 's', trigger: 'event', input: null, overlap: 'skip' })
    await until('a at work', () => a.did.length === 1)
    // b has seen the database answer for as long as a must be silent.
    await sleep(9_000)
    assert.deepEqual(b.did, [], 'who lives keeps its runs')
    const began = performance.now()
    await a.die()
    await until('taken over', allDone(1), 15)
    const seconds = (performance.now() - began) / 1_000
    assert.ok(seconds <= 12, `${seconds.toFixed(1)} s`)
    stuck.resolve()
    await until('a has noticed', () => a.log.lines.some((line) => line.startsWith('failed')))
    assert.deepEqual(
      (await effects()).map(({ did }) => did),
      ['b'],
    )
    assert.equal((await listRuns(surroundings.stores.postgres))[0]?.epoch, 2)
  })

  it('share the items of an each, and the one that has the run joins them', async () => {
    const items = keys(60)
    const [a, b] = [await replica('a', { items }), await replica('b')]
    hold = () => sleep(10)
    await a.engine.start({ flow: 'list', slot: 's', trigger: 'event', input: null, overlap: 'skip' })
    await until('done', allDone(1))
    assert.deepEqual([...a.did, ...b.did].sort(), items, 'each once')
    assert.ok(a.peak <= 2 && b.peak <= 2, `${a.peak} and ${b.peak} at once`)
    assert.ok(a.did.length >= 10 && b.did.length >= 10, `${a.did.length} and ${b.did.length}`)
    assert.deepEqual([a.joined.length, b.joined.length], [1, 0])
    assert.deepEqual(
      a.joined[0]?.items.map(({ key }) => key),
      items,
    )
    await until(
      'b has forgotten the run',
      () => !b.engine.isCurrent({ ...(a.joined[0]?.run ?? assert.fail()), generation: 1 }),
    )
  })

  it('leave items alone whose run is sent anew and has not reached its each again', async () => {
    const a = await replica('a', { items: keys(20) })
    const { postgres } = surroundings.stores
    const stuck = Promise.withResolvers<void>()
    hold = () => stuck.promise
    await a.engine.start({ flow: 'list', slot: 's', trigger: 'event', input: null, overlap: 'skip' })
    await until('a at work', () => a.did.length === 2)
    const stop = new AbortController()
    let calls = 0
    const connected = Promise.withResolvers<void>()
    const over = postgres.listen(
      'ysh_items',
      (node) => {
        if (node === undefined) connected.resolve()
        else calls += 1
      },
      stop.signal,
    )
    await connected.promise
    reachesEach = false
    await a.engine.replay()
    a.engine.fanOut.spread.look()
    await sleep(1_000)
    stop.abort()
    await over
    assert.ok(calls <= 3, `${calls} calls to take items up`)
    const { rows } = await postgres.query<{ taken: number }>(
      'select count(owner)::int as taken from pipeline.shared_item',
    )
    assert.equal(rows[0]?.taken, 2, 'those at work stay taken')
    stuck.resolve()
  })

  it('do the items that a guest had taken when it died', async () => {
    const items = keys(8)
    const [a, b] = [await replica('a', { items }), await replica('b')]
    const stuck = Promise.withResolvers<void>()
    hold = (_, name) => (name === 'b' ? stuck.promise : sleep(200))
    await sleep(9_000) // long enough that a silent one counts as dead
    await a.engine.start({ flow: 'list', slot: 's', trigger: 'event', input: null, overlap: 'skip' })
    await until('b at work', () => b.did.length === 2)
    await b.die()
    await until('done', allDone(1))
    stuck.resolve()
    assert.deepEqual(
      (await effects()).map(({ item, did }) => [item, did]),
      items.map((key) => [key, 'a']),
    )
    assert.equal(a.joined.length, 1)
  })

  it('go on with the items when the one that has the run dies, each once', async () => {
    const items = keys(30)
    const [a, b] = [await replica('a', { items }), await replica('b', { items })]
    hold = (_, name) => (name === 'a' ? sleep(2_000) : sleep(30))
    await sleep(9_000)
    await a.engine.start({ flow: 'list', slot: 's', trigger: 'event', input: null, overlap: 'skip' })
    await until('b at work', () => b.did.length >= 3)
    await a.die()
    await until('done', allDone(1))
    assert.deepEqual(
      (await effects()).map(({ item }) => item),
      items,
    )
    assert.deepEqual([a.joined.length, b.joined.length], [0, 1])
    assert.equal(b.joined[0]?.done, 30)
  })

  it('a second process of the same name takes nothing up while the first one lives', async () => {
    const first = await replica('twin')
    const second = await replica('twin')
    await until('noticed', () => second.log.lines.some((line) => line.includes('same name')))
    const answer = await second.engine.start({
      flow: 'runs',
      slot: 's',
      trigger: 'event',
      input: null,
      overlap: 'skip',
    })
    assert.equal(answer.outcome, 'queued')
    await until('done by the first', allDone(1))
    assert.deepEqual([first.did, second.did], [['s'], []])
    await first.engine.close()
    await until('free again', () => second.log.lines.some((line) => line.includes('has gone')))
    await second.engine.start({ flow: 'runs', slot: 't', trigger: 'event', input: null, overlap: 'skip' })
    await until('done by the second', allDone(2))
    assert.deepEqual(second.did, ['t'])
  })

  it('nobody is called dead by one that has not seen the database answer for long enough', async () => {
    const clock = new SimulatedClock()
    const hand = new Hand({
      owner: 'a/1',
      store: surroundings.stores.postgres,
      clock,
      log: memoryLog(),
      runsAtOnce: 1,
      silentMs: 8_000,
      closing: new AbortController().signal,
    })
    const patience = () => hand.claimant().silentMs
    assert.equal(patience(), 900_000)
    let aheadMs = 0
    const sign = () => hand.signed({ twin: false, at: clock.monotonic() + aheadMs })
    const signFor = async (ms: number) => {
      for (let passed = 0; passed < ms; passed += 2_000) {
        sign()
        await clock.run(2_000)
      }
    }
    await signFor(10_000)
    assert.equal(patience(), 8_000)
    await clock.run(30_000) // the database is away
    sign()
    assert.equal(patience(), 900_000, 'everybody was silent meanwhile')
    await signFor(10_000)
    assert.equal(patience(), 8_000)
    for (const hours of [6, -6]) {
      aheadMs += hours * 3_600_000
      sign()
      assert.ok(patience() > 24 * 3_600_000, 'every sign is of before the jump')
      await signFor(10_000)
      assert.equal(patience(), 8_000)
    }
  })
})
