import { createEngine, type RunEngine } from '../../lib/runs/engine.ts'
import type { RunRef } from '../../lib/runs/run.ts'
import { Type } from '../../lib/schema.ts'
import { defineStep } from '../../lib/steps/step.ts'
import {
  createEmbedded,
  openPostgres,
  type PostgresConfig,
  type PostgresStore,
} from '../../lib/stores/postgres/index.ts'
import { memoryLog, noHttp, openStoresAt } from '../../test/runs/surroundings.ts'

/** Milliseconds of each call, a list for each round. */
type Rounds = number[][]

/** What was measured on one store. */
export interface StepFigures {
  single: {
    /** One INSERT of a row. */
    bare: Rounds
    /** A step whose effect is that INSERT, journalled after it. */
    step: Rounds
    /** A step that commits INSERT and journal line in one transaction. */
    transaction: Rounds
    /** A step without an effect. */
    empty: Rounds
    /** A step that is done, answered from the journal. */
    replay: Rounds
  }
  /** A second, 100 at once, for each round. */
  crowd: {
    bare: number[]
    steps: number[]
    /** Processor time of this process for one step, in milliseconds: says something on a busy machine too. */
    cpuMs: number[]
  }
}

const insert = 'insert into bench_effect (run, node) values ($1, $2)'
/** As large as what steps send on. */
const output = { dataset: 'aneel.tarifas', outcome: 'published', rows: 330_000, version: 7, note: 'x'.repeat(400) }
const open = new AbortController().signal

const common = {
  version: 1,
  config: Type.Object({}),
  input: Type.Object({ dataset: Type.String() }),
  output: Type.Object({
    dataset: Type.String(),
    outcome: Type.String(),
    rows: Type.Integer(),
    version: Type.Integer(),
    note: Type.String(),
  }),
}
const steps = {
  step: defineStep({
    name: 'effect',
    ...common,
    async run(_, __, { stores, run }) {
      await stores.postgres.query(insert, [run.id, 'step'])
      return output
    },
  }),
  transaction: defineStep({
    name: 'transaction',
    ...common,
    async run(_, __, { stores, run, finish }) {
      await stores.postgres.transaction(async (tx) => {
        await tx.query(insert, [run.id, 'step'])
        await finish(tx, output)
      })
      return output
    },
  }),
  empty: defineStep({ name: 'empty', ...common, run: async () => output }),
}

/** Measures durable steps on one store, interleaved with the bare INSERT. */
export async function measureSteps(
  config: PostgresConfig,
  folder: string,
  { rounds, block }: { rounds: number; block: number },
): Promise<StepFigures> {
  if (config.kind === 'embedded') await createEmbedded(config.folder)
  await prepare(config)
  const stores = await openStoresAt(config, folder)
  const engine = await createEngine({ stores, http: noHttp, log: memoryLog(), owner: 'bench', runsAtOnce: 1_000 })
  const figures: StepFigures = {
    single: { bare: [], step: [], transaction: [], empty: [], replay: [] },
    crowd: { bare: [], steps: [], cpuMs: [] },
  }
  try {
    const bench = new Bench(engine, stores.postgres)
    await bench.round(Math.min(block, 300), undefined) // warms up: plans, caches, the compiler
    for (let n = 0; n < rounds; n += 1) await bench.round(block, figures)
  } finally {
    await engine.close()
    await stores.cache.close()
    await stores.objects.close()
    await stores.postgres.close()
  }
  return figures
}

async function prepare(config: PostgresConfig): Promise<void> {
  const store = await openPostgres(config)
  await store.query(
    'create table bench_effect (id bigint generated always as identity primary key, run uuid, node text)',
  )
  await store.close()
}

class Bench {
  readonly #engine: RunEngine
  readonly #store: PostgresStore
  #runs = 0

  constructor(engine: RunEngine, store: PostgresStore) {
    this.#engine = engine
    this.#store = store
  }

  /** Every variant once, `block` times each, alternating in slices so that a disturbance hits all alike. */
  async round(block: number, into: StepFigures | undefined): Promise<void> {
    const taken = { bare: [], step: [], transaction: [], empty: [], replay: [] } as Record<string, number[]>
    const slice = 50
    for (let done = 0; done < block; done += slice) {
      await this.#bare(slice, taken.bare ?? [])
      for (const name of ['step', 'transaction', 'empty'] as const) {
        await this.#run(async (run) => {
          for (let n = 0; n < slice; n += 1) await timed(taken[name] ?? [], () => this.#execute(name, run, `n${n}`))
          if (name === 'step') {
            for (let n = 0; n < slice; n += 1) await timed(taken.replay ?? [], () => this.#execute(name, run, `n${n}`))
          }
        })
      }
    }
    const bare = await this.#crowd(block, (n) => this.#store.query(insert, [ids[n % ids.length], 'bare']))
    const steps = await this.#crowdOfRuns(block)
    if (into === undefined) return
    for (const [name, rounds] of Object.entries(into.single)) rounds.push(taken[name] ?? [])
    into.crowd.bare.push(bare)
    into.crowd.steps.push(steps.perSecond)
    into.crowd.cpuMs.push(steps.cpuMs)
  }

  async #bare(count: number, taken: number[]): Promise<void> {
    for (let n = 0; n < count; n += 1) await timed(taken, () => this.#store.query(insert, [ids[0], 'bare']))
  }

  #execute(name: keyof typeof steps, run: RunRef, node: string): Promise<unknown> {
    return this.#engine.execute({
      step: steps[name],
      config: {},
      node,
      input: { dataset: 'aneel.tarifas' },
      run,
      signal: open,
    })
  }

  async #run(work: (run: RunRef) => Promise<void>): Promise<void> {
    this.#runs += 1
    const flow = `flow ${this.#runs}`
    const withdraw = this.#engine.register(flow, { send: () => undefined })
    const started = await this.#engine.start({ flow, slot: 's', trigger: 'event', input: null, overlap: 'queue' })
    if (started.outcome !== 'started') throw new Error(started.outcome)
    await work(started.run)
    await this.#engine.end(started.run, { outcome: 'done' })
    withdraw()
  }

  /** Steps a second of 100 runs that go on at once, each with one step at a time. */
  async #crowdOfRuns(block: number): Promise<{ perSecond: number; cpuMs: number }> {
    const each = Math.max(10, Math.round(block / 25))
    const ready = Promise.withResolvers<void>()
    const over = Promise.withResolvers<void>()
    let waiting = 0
    let ended = 0
    const runs = Array.from({ length: 100 }, () =>
      this.#run(async (run) => {
        waiting += 1
        if (waiting === 100) ready.resolve()
        await ready.promise
        for (let n = 0; n < each; n += 1) await this.#execute('step', run, `n${n}`)
        ended += 1
        if (ended === 100) over.resolve()
        await over.promise
      }),
    )
    await Promise.race([ready.promise, Promise.all(runs)])
    const began = performance.now()
    const before = process.cpuUsage()
    await Promise.race([over.promise, Promise.all(runs)])
    const seconds = (performance.now() - began) / 1_000
    const { user, system } = process.cpuUsage(before)
    await Promise.all(runs)
    return { perSecond: (100 * each) / seconds, cpuMs: (user + system) / 1_000 / (100 * each) }
  }

  async #crowd(block: number, work: (n: number) => Promise<unknown>): Promise<number> {
    const each = Math.max(10, Math.round(block / 25))
    const began = performance.now()
    await Promise.all(
      Array.from({ length: 100 }, async () => {
        for (let n = 0; n < each; n += 1) await work(n)
      }),
    )
    return (100 * each) / ((performance.now() - began) / 1_000)
  }
}

const ids = ['00000000-0000-4000-8000-000000000000']

async function timed(into: number[], work: () => Promise<unknown>): Promise<void> {
  const began = performance.now()
  await work()
  into.push(performance.now() - began)
}
