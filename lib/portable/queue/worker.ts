import { PipelineError } from '../../errors.ts'
import { createHttpClient } from '../../net/client.ts'
import { keepSchedule } from '../../runs/scheduler.ts'
import { systemTimer } from '../../runs/time.ts'
import type { Logger } from '../../steps/step.ts'
import type { PostgresStore } from '../../stores/postgres/port.ts'
import type { Stores } from '../../stores/stores.ts'
import type { Pipeline, Plan } from '../plan/schema.ts'
import { openDelivery } from '../runtime/deliver.ts'
import type { Entries } from '../runtime/entries.ts'
import { type RuntimeOptions, StepRuntime } from '../runtime/runtime.ts'
import { type Env, PlanSettings } from '../runtime/settings.ts'
import { openQueueStores } from './place.ts'
import { type QueuedPlan, type QueueOptions, QueueWorker } from './queue.ts'
import { strandedRuns } from './stranded.ts'

/** How often the outbox is looked through. */
const deliverMs = 2_000
/** How often runs are looked for that nobody goes on with. */
const strandedMs = 600_000
/** Pause between two looks whether anything is left. */
const lookMs = 500

/** What {@link openWorker} wants. */
export interface WorkerOptions extends Pick<QueueOptions, 'concurrency' | 'graceMs' | 'pace'> {
  /** Flows as they are now: their schedules are kept, their alerts and late work start runs. */
  plans: readonly Plan[]
  /** Of earlier versions: only runs that these have begun are worked on. */
  earlier?: readonly Plan[]
  env: Env
  log: Logger
  product: string
  entries?: Entries
  onStep?: RuntimeOptions['onStep']
}

/** A process that works on the queue. */
export interface Worker {
  /** Closed with it. */
  stores: Stores
  /** Works, keeps the schedules and delivers until the signal aborts. */
  run(signal: AbortSignal): Promise<void>
  /** Works and delivers until nothing is due any more, or the signal aborts. Keeps no schedules. */
  once(signal: AbortSignal): Promise<void>
  /** Lets jobs at work end, gives back the others, and closes all. */
  close(): Promise<void>
}

/** Opens a worker for some plans. From now on it takes jobs. Throws CONFIG, QUEUE_EMBEDDED, STORE_*, SCHEDULE_INVALID. */
export async function openWorker(options: WorkerOptions): Promise<Worker> {
  const { plans, earlier = [], env, log, product, entries, onStep, ...pace } = options
  const { stores, allow } = await openQueueStores([...plans, ...earlier], env)
  const http = createHttpClient({ product, allow })
  const ending = new AbortController()
  let worker: QueueWorker | undefined
  const close = async () => {
    ending.abort()
    await worker?.close()
    http.close()
    await stores.close()
  }
  try {
    const queued = [...plans, ...earlier].map((plan): QueuedPlan => {
      const settings = new PlanSettings(plan, env)
      const runtimes = plan.pipelines.map((pipeline) => {
        const own = { ...(entries === undefined ? {} : { entries }), ...(onStep === undefined ? {} : { onStep }) }
        return [
          pipeline.id,
          new StepRuntime({ plan, pipeline, settings, stores, http, log, turns: true, ...own }),
        ] as const
      })
      return { plan, runtimes: new Map(runtimes) }
    })
    const opened = await QueueWorker.open({ plans: queued, store: stores.postgres, log, ...pace })
    worker = opened
    for (const { queue, jobs } of await opened.others())
      log.warn('Jobs wait that this worker does not do: of another flow, or of another version', { queue, jobs })
    const delivery = await openDelivery({
      plans: plans.map((plan) => ({ plan, settings: new PlanSettings(plan, env) })),
      ...{ env, stores, http, log, signal: ending.signal },
      async start(id, payload, slot) {
        const plan = plans.find(({ pipelines }) => pipelines.some((one) => one.id === id))
        if (plan === undefined) return
        const kind = plan.pipelines.find((one) => one.id === id)?.trigger.kind
        await opened.start(plan, { pipeline: id, slot, trigger: kind === 'late' ? 'late' : 'alert', payload })
      },
    })
    return {
      stores,
      close,
      async run(signal) {
        const until = AbortSignal.any([signal, ending.signal])
        tellUnstarted(plans, log)
        const schedules = plans.flatMap((plan) =>
          plan.pipelines.map((pipeline) => keepOf(opened, plan, pipeline, { store: stores.postgres, log }, until)),
        )
        await Promise.all([
          ...schedules,
          each(deliverMs, until, () => delivery.once()),
          each(strandedMs, until, () => begunAgain(opened, plans, { store: stores.postgres, log })),
        ])
      },
      async once(signal) {
        const until = AbortSignal.any([signal, ending.signal])
        const over = new AbortController()
        await each(lookMs, AbortSignal.any([until, over.signal]), async () => {
          await delivery.once()
          if ((await opened.left()) === 0) over.abort()
        })
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** The schedule of a pipeline, by the law and in the table of Node-RED: each slot is dealt with once, whichever worker is first. */
async function keepOf(
  worker: QueueWorker,
  plan: Plan,
  { id, trigger, catchUp }: Pipeline,
  { store, log }: { store: PostgresStore; log: Logger },
  signal: AbortSignal,
): Promise<void> {
  if (trigger.kind !== 'schedule') return
  await keepSchedule({
    ...{ flow: id, store, clock: systemTimer, log, signal },
    schedule: { expression: trigger.cron, timeZone: trigger.timeZone, catchUp },
    fire: (slot) => worker.start(plan, { pipeline: id, slot, trigger: 'schedule' }),
  })
}

/** Begins runs again whose jobs are gone; the journal answers for what they have done. */
async function begunAgain(
  worker: QueueWorker,
  plans: readonly Plan[],
  { store, log }: { store: PostgresStore; log: Logger },
): Promise<void> {
  try {
    for (const plan of plans) {
      const ids = plan.pipelines.map(({ id }) => id)
      for (const { pipeline, slot, epoch } of await strandedRuns(store, ids)) {
        log.warn('A run without a job is begun again', { pipeline, slot })
        // Once a day, whichever worker is first.
        const again = `stranded ${epoch} ${new Date().toISOString().slice(0, 10)}`
        await worker.start(plan, { pipeline, slot, trigger: 'manual', again })
      }
    }
  } catch (thrown) {
    log.warn('Runs that nobody goes on with could not be looked for', { error: PipelineError.from(thrown) })
  }
}

/** What somebody else has to start. */
function tellUnstarted(plans: readonly Plan[], log: Logger): void {
  for (const { id, name, trigger } of plans.flatMap(({ pipelines }) => pipelines)) {
    if (trigger.kind === 'object')
      log.warn('A worker takes no events of buckets: start these runs with ysh-pipeline run --queue', { id, name })
    if (trigger.kind === 'webhook')
      log.warn('A worker answers no requests: start these runs with ysh-pipeline run --queue', { id, name })
  }
}

/** Does something again and again until the signal aborts; the pause is between. */
async function each(ms: number, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  // The timer of runs lets the process end while it waits; here it is what the process is for.
  const held = setInterval(() => undefined, 60_000)
  try {
    while (!signal.aborted) {
      await work()
      await systemTimer.sleep(ms, signal).catch(() => undefined)
    }
  } finally {
    clearInterval(held)
  }
}
