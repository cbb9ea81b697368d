import { PipelineError } from '../../errors.ts'
import { runId } from '../../runs/identity.ts'
import type { Logger } from '../../steps/step.ts'
import { stoppedBy } from '../../stopped.ts'
import type { PostgresStore } from '../../stores/postgres/port.ts'
import type { JobInsert, PgBoss } from '../../vendor/pg-boss.ts'
import type { Plan } from '../plan/schema.ts'
import { type BossPace, bossSchema, inTransaction, makeQueue, openBoss, settle } from './boss.ts'
import { deadOf, type Job, jobs, queueOf, type StartJob, startId } from './job.ts'
import { Line, type LineOptions, type Runtime } from './line.ts'

/** A plan, and what does the calls of its pipelines. */
export interface QueuedPlan {
  plan: Plan
  /** By the pipeline's id. */
  runtimes: ReadonlyMap<string, Runtime>
}

/** What a {@link QueueWorker} works with. */
export interface QueueOptions extends Pick<LineOptions, 'random' | 'inTruth'> {
  plans: readonly QueuedPlan[]
  store: PostgresStore
  log: Logger
  /** Jobs at once, for each plan. */
  concurrency: number
  pace?: BossPace
  /** How long jobs may go on after {@link QueueWorker.close}, in milliseconds, before they are given back. */
  graceMs: number
}

/** A run that is to begin. */
export interface Start extends Omit<StartJob, 'do'> {
  /** A run that has failed is begun again. Else its slot stays as it is. */
  again?: boolean
}

/** How long jobs get to put themselves down when they are called off. */
const downMs = 10_000

/**
 * Works on the queues of plans, beside any number of others. A job is one call; in the transaction that ends it those which follow are added, so a
 * worker that dies leaves a job to others and nothing twice: what the call had done by then is answered from the journal.
 */
export class QueueWorker {
  readonly #options: QueueOptions
  readonly #boss: PgBoss
  readonly #busy = new Set<Promise<unknown>>()
  readonly #called = new AbortController()
  readonly #queues: string[] = []
  #closing = false

  private constructor(options: QueueOptions, boss: PgBoss) {
    this.#options = options
    this.#boss = boss
  }

  /** Throws QUEUE_EMBEDDED, STORE_*. */
  static async open(options: QueueOptions): Promise<QueueWorker> {
    const { store, log, pace, plans } = options
    const boss = await openBoss(store, { log, worker: true, pace })
    const worker = new QueueWorker(options, boss)
    try {
      for (const one of plans) await worker.#serve(one)
      return worker
    } catch (error) {
      await worker.close()
      throw error
    }
  }

  /** Adds a run, once: the same slot is the same run. */
  start(plan: Plan, start: Start): Promise<void> {
    return startOnQueue(this.#boss, this.#options.store, plan, start)
  }

  /** Jobs of these plans that are due or at work, here and elsewhere. */
  async left(): Promise<number> {
    const { rows } = await this.#options.store.query<{ count: number }>(
      `select count(*)::int as count from ${bossSchema}.job where name = any($1::text[])
         and (state = 'active' or state in ('created', 'retry') and start_after <= now())`,
      [this.#queues],
    )
    return rows[0]?.count ?? 0
  }

  /** Queues with jobs that this worker does not serve: of other flows, or of earlier versions of these. */
  async others(): Promise<{ queue: string; jobs: number }[]> {
    const { rows } = await this.#options.store.query<{ queue: string; jobs: number }>(
      `select name as queue, count(*)::int as jobs from ${bossSchema}.job
       where name like 'ysh/%' and name <> all($1::text[]) and state in ('created', 'retry') group by name order by name`,
      [this.#queues],
    )
    return rows
  }

  /** Takes no further job, lets those at work end for a while, and gives back the others. */
  async close(): Promise<void> {
    if (this.#closing) return
    this.#closing = true
    await Promise.all(this.#queues.map((queue) => this.#boss.offWork(queue, { wait: false })))
    await this.#quiet(this.#options.graceMs)
    this.#called.abort()
    await this.#quiet(downMs)
    await this.#boss.stop({ graceful: false })
  }

  async #serve({ plan, runtimes }: QueuedPlan): Promise<void> {
    const { store, log, concurrency, pace, random, inTruth } = this.#options
    const lines = new Map<string, Line>()
    for (const pipeline of plan.pipelines) {
      const runtime = runtimes.get(pipeline.id)
      if (runtime === undefined) continue
      const how = { ...(random === undefined ? {} : { random }), ...(inTruth === undefined ? {} : { inTruth }) }
      lines.set(pipeline.id, new Line({ pipeline, runtime, store, log, ...how }))
    }
    const queue = queueOf(plan)
    if (this.#queues.includes(queue)) return // the same file twice
    await makeQueue(this.#boss, queue, pace)
    const options = {
      ...({ includeMetadata: true, batchSize: 1, localConcurrency: concurrency } as const),
      // Jobs that become due are called out by nobody.
      ...{ pollingIntervalSeconds: pace?.pollSeconds ?? 1, notifyPollingIntervalSeconds: pace?.pollSeconds ?? 1 },
    }
    for (const [name, isLost] of [
      [queue, false],
      [deadOf(queue), true],
    ] as const) {
      this.#queues.push(name)
      await this.#boss.work<unknown>(name, isLost ? { ...options, localConcurrency: 1 } : options, async (taken) => {
        for (const { id, retryCount, data, signal } of taken) {
          const until = AbortSignal.any([signal, this.#called.signal])
          await this.#counted(this.#do({ name, queue, isLost, id, retryCount, data, until }, lines))
        }
      })
    }
  }

  async #do(taken: Taken, lines: ReadonlyMap<string, Line>): Promise<void> {
    const { name, queue, isLost, id, data, until } = taken
    const { store } = this.#options
    if (until.aborted) throw stoppedBy(until)
    const job = jobs.parse(data)
    const line = lines.get(job.pipeline)
    if (line === undefined) throw new PipelineError('QUEUE_JOB', `No plan here has the pipeline ${job.pipeline}`)
    const follow = isLost ? await line.lost(job) : await line.does(id, job, until)
    await store.transaction(async (tx) => {
      await settle(this.#boss, name, taken, tx)
      const next = await follow(tx)
      if (next.length > 0) await this.#boss.insert(queue, next, inTransaction(tx))
    })
  }

  async #counted(work: Promise<void>): Promise<void> {
    this.#busy.add(work)
    try {
      await work
    } finally {
      this.#busy.delete(work)
    }
  }

  async #quiet(ms: number): Promise<void> {
    if (this.#busy.size === 0) return
    const late = Promise.withResolvers<void>()
    const timer = setTimeout(late.resolve, ms)
    await Promise.race([Promise.allSettled([...this.#busy]), late.promise])
    clearTimeout(timer)
  }
}

/** A job as a worker has taken it. */
interface Taken {
  name: string
  queue: string
  isLost: boolean
  id: string
  retryCount: number
  data: unknown
  until: AbortSignal
}

/** Adds a run to a plan's queue; for one who is no worker, too. The queue must be there. */
export async function startOnQueue(
  boss: PgBoss,
  store: PostgresStore,
  plan: Plan,
  { again = false, ...start }: Start,
): Promise<void> {
  const { rows } = again
    ? await store.query<{ epoch: number }>(`select epoch from pipeline.run where id = $1 and state = 'failed'`, [
        runId(start.pipeline, start.slot),
      ])
    : { rows: [] }
  const job: JobInsert<Job> = {
    id: startId(start.pipeline, start.slot, rows[0]?.epoch),
    data: { do: 'start', ...start },
  }
  await boss.insert(queueOf(plan), [job])
}
