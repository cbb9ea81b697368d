import { statfs } from 'node:fs/promises'
import { PipelineError } from '../../errors.ts'
import { alertMigrations } from '../../runs/alert-migrations.ts'
import type { RunEngine } from '../../runs/engine.ts'
import { keptMigrations } from '../../runs/kept.ts'
import { runMigrations } from '../../runs/migrations.ts'
import { calendar } from '../../runs/schedule.ts'
import { type Infer, parser, Type } from '../../schema.ts'
import { datasetMigrations } from '../../steps/dataset/load/migrations.ts'
import type { Logger } from '../../steps/step.ts'
import { endAfter } from '../../stopped.ts'
import { preparing } from '../../stores/postgres/prepare.ts'
import type { Stores } from '../../stores/stores.ts'
import { type Reading, reading } from '../reading.ts'
import { expectFlows } from './engine.ts'
import { fleetSql } from './fleet-sql.ts'

/** Scrapes within this time share one look at the stores. */
const keptMs = 5_000
/** A scrape waits no longer for the stores; Prometheus gives up after 10 s. */
const patienceMs = 4_000
const statementMs = 3_000

const Time = Type.Union([Type.Number(), Type.Null()])
const FactsSchema = Type.Object({
  now: Type.Number(),
  size: Type.Number(),
  queues: Type.Array(Type.Object({ queue: Type.String(), entries: Type.Integer(), since: Time })),
  datasets: Type.Union([
    Type.Array(
      Type.Object({
        dataset: Type.String(),
        rows: Time,
        cadence: Type.Union([Type.String(), Type.Null()]),
        published: Time,
        checked: Time,
        tier: Type.Enum(['a', 'b', 'c', 'n']),
      }),
    ),
    Type.Null(),
  ]),
  schedules: Type.Union([
    Type.Array(
      Type.Object({ flow: Type.String(), expression: Type.String(), timeZone: Type.String(), last: Type.Number() }),
    ),
    Type.Null(),
  ]),
})
type Facts = Infer<typeof FactsSchema>
const facts = parser(FactsSchema, 'The facts of the stores')
const prepared = preparing([...runMigrations, ...keptMigrations, ...alertMigrations, ...datasetMigrations])

const day = 86_400
/** How old the last publication may be, in seconds: twice its cadence and the days that portals are usually late. */
const limits: Readonly<Record<string, number>> = {
  daily: 3 * day,
  weekly: 17 * day,
  monthly: 75 * day,
  yearly: 550 * day,
}
const tiers = [
  ['a', 'primary'],
  ['b', 'backup'],
  ['c', 'cache'],
  ['n', 'none'],
] as const

/** What of an engine is looked at. */
type Looked = Pick<RunEngine, 'stores'> & { flows: readonly string[] }

/** Surroundings of {@link FleetSource}. */
export interface FleetOptions {
  /** The engine whose stores are looked at; rejects while they cannot be opened. */
  engine(signal: AbortSignal): Promise<Looked>
  /** Name of a flow, for people. */
  nameOf(flow: string): string
  log: Logger
  keptMs?: number
}

/** What was found, and when (monotonic milliseconds). */
interface Found {
  facts: Facts
  at: number
}

/**
 * What the stores of an engine know: queues, age of the data, tiers, schedules, sizes. Asked for at each scrape, looked up at most once in a
 * few seconds and by one statement. While the stores are down the last figures stay, their ages grow on, and `ysh_up` is 0.
 */
export class FleetSource {
  readonly #options: FleetOptions
  #found: Found | undefined
  #readings: Promise<Reading[]> | undefined
  #asked = Number.NEGATIVE_INFINITY
  #up: boolean | undefined

  constructor(options: FleetOptions) {
    this.#options = options
  }

  /** Whether the database answered the last question; undefined before the first. */
  get up(): boolean | undefined {
    return this.#up
  }

  readings(): Promise<Reading[]> {
    const now = performance.now()
    if (this.#readings === undefined || now - this.#asked >= (this.#options.keptMs ?? keptMs)) {
      this.#asked = now
      this.#readings = this.#read()
    }
    return this.#readings
  }

  async #read(): Promise<Reading[]> {
    const signal = endAfter(patienceMs)
    const engine = await within(signal, this.#options.engine(signal)).catch(() => undefined)
    if (engine === undefined) {
      this.#up = false
      return [reading('store.up', { store: 'postgres' }, 0), ...this.#shown()]
    }
    expectFlows(engine, this.#options.nameOf)
    const [up, redis, disk] = await Promise.all([
      within(signal, this.#look(engine)).then(
        () => true,
        (error: unknown) => this.#down(error),
      ),
      redisReadings(engine.stores, signal),
      diskReadings(engine.stores),
    ])
    this.#up = up
    return [reading('store.up', { store: 'postgres' }, up ? 1 : 0), ...redis, ...disk, ...this.#shown()]
  }

  async #look(engine: Looked): Promise<void> {
    const { postgres } = engine.stores
    await prepared(postgres)
    const { rows } = await postgres.query(fleetSql, [engine.flows], { timeoutMs: statementMs })
    this.#found = { facts: facts.parse(rows[0]), at: performance.now() }
  }

  #down(thrown: unknown): false {
    // once for each outage: the scrapes go on
    if (this.#up !== false) {
      this.#options.log.warn('The metrics of the stores could not be read; the last ones stay', {
        error: PipelineError.from(thrown),
      })
    }
    return false
  }

  #shown(): Reading[] {
    const found = this.#found
    if (found === undefined) return []
    const { queues, datasets, schedules, size } = found.facts
    const elapsed = (performance.now() - found.at) / 1_000
    const now = found.facts.now + elapsed
    const age = (since: number | null) => Math.max(0, now - (since ?? now))
    return [
      ...queues.map(({ queue, entries }) => reading('pipeline.queue.depth', { queue }, entries)),
      ...queues.flatMap(({ queue, since }) =>
        ages.has(queue) ? [reading('pipeline.queue.oldest', { queue }, age(since))] : [],
      ),
      ...(schedules ?? []).map((schedule) =>
        reading('pipeline.schedule.lateness', { flow: this.#options.nameOf(schedule.flow) }, lateness(schedule, now)),
      ),
      ...(datasets ?? []).flatMap((dataset) => ofDataset(dataset, age)),
      reading('database.size', {}, size),
      reading('metrics.facts.age', {}, elapsed),
    ]
  }
}

/** Queues that have an oldest entry worth knowing. */
const ages = new Set(['runs_queued', 'runs_parked', 'outbox_waiting', 'letters_open', 'incidents_open'])

function ofDataset(
  { dataset, rows, cadence, published, checked, tier }: NonNullable<Facts['datasets']>[number],
  age: (since: number | null) => number,
): Reading[] {
  const limit = limits[cadence ?? '']
  return [
    ...(published === null ? [] : [reading('dataset.publication.age', { dataset }, age(published))]),
    ...(checked === null ? [] : [reading('dataset.check.age', { dataset }, age(checked))]),
    ...(limit === undefined ? [] : [reading('dataset.age.limit', { dataset }, limit)]),
    ...(rows === null ? [] : [reading('dataset.rows', { dataset }, rows)]),
    ...tiers.map(([letter, name]) => reading('dataset.tier', { dataset, tier: name }, letter === tier ? 1 : 0)),
  ]
}

/** Seconds since the first slot after the last one dealt with; 0 while that is to come. */
function lateness(schedule: NonNullable<Facts['schedules']>[number], now: number): number {
  try {
    const next = calendar(schedule.expression, schedule.timeZone).next(new Date(schedule.last * 1_000))
    return next === undefined ? 0 : Math.max(0, now - next.getTime() / 1_000)
  } catch {
    return 0 // a schedule that never happens again is not late
  }
}

async function redisReadings({ cache }: Stores, signal: AbortSignal): Promise<Reading[]> {
  const { redis } = cache
  if (redis === undefined) return []
  const up = await within(
    signal,
    redis.run((client) => client.ping()),
  ).then(
    () => 1,
    () => 0,
  )
  return [reading('store.up', { store: 'redis' }, up)]
}

async function diskReadings({ scratch }: Stores): Promise<Reading[]> {
  try {
    const { bavail, blocks, bsize } = await statfs(scratch)
    return [reading('disk.free', {}, bavail * bsize), reading('disk.size', {}, blocks * bsize)]
  } catch {
    return []
  }
}

/** What the work gives; rejects when the signal aborts before. */
async function within<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  work.catch(() => undefined)
  signal.throwIfAborted()
  const waiting = new AbortController()
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true, signal: waiting.signal })
  })
  try {
    return await Promise.race([work, late])
  } finally {
    waiting.abort()
  }
}
