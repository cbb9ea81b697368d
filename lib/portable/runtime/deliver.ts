import { randomUUID } from 'node:crypto'
import { PipelineError } from '../../errors.ts'
import type { HttpClient } from '../../net/http.ts'
import { alertTopic } from '../../runs/alert.ts'
import { logAlert } from '../../runs/alert-log.ts'
import type { RunEngine } from '../../runs/engine.ts'
import { wakeOutbox } from '../../runs/outbox.ts'
import { OutboxDelivery } from '../../runs/outbox-delivery.ts'
import { systemTimer } from '../../runs/time.ts'
import type { Logger } from '../../steps/step.ts'
import { endAfter } from '../../stopped.ts'
import type { Json } from '../../stores/cache/port.ts'
import type { Stores } from '../../stores/stores.ts'
import type { Pipeline, Plan, StepNode } from '../plan/schema.ts'
import { channelsOf } from './channels.ts'
import type { Env, PlanSettings } from './settings.ts'

/** What {@link openDelivery} works with. */
export interface DeliverOptions {
  /** All plans whose runs keep their data in these stores. */
  plans: readonly { plan: Plan; settings: PlanSettings }[]
  env: Env
  stores: Stores
  http: HttpClient
  log: Logger
  /**
   * Starts a run on the engine. Called again for a slot that it was called for before: that must be the same run. `slot` is the entry's key.
   * Without it such entries stay where they are, for `owedStarts`.
   */
  start?(pipeline: string, payload: Json, slot: string): Promise<void>
  /** Settled entries are kept so long. Default 90. */
  keepDays?: number
  /** Ends it. */
  signal: AbortSignal
}

/** Delivers from an outbox, outside Node-RED. */
export interface Delivery {
  /** Starts what models owe, delivers what is due, and resolves when nothing is under way. Trouble is logged; never throws. */
  once(): Promise<void>
}

const minute = 60_000

/**
 * Delivers what steps have put into the outbox of the stores (mail, webhooks, SNS, subscribers), starts the pipelines with the triggers `alert`
 * (each alert: one run of each; without any it is logged) and `late` (what waits for a model, when the model is back). Any number of processes may
 * do it at once: entries are leased. Throws CONFIG.
 */
export async function openDelivery(options: DeliverOptions): Promise<Delivery> {
  const { plans, env, stores, http, log, start, keepDays = 90, signal } = options
  const store = stores.postgres
  const outbox = new OutboxDelivery({
    ...{ owner: `delivery-${randomUUID()}/1`, store, clock: systemTimer, log, keepDays, signal },
    // An alert that a pipeline waits for is no line of a log.
    defaults: start === undefined && hasAlerts(plans) ? new Map() : new Map([[alertTopic, logAlert(log)]]),
  })
  const engine: Pick<RunEngine, 'deliver'> = {
    deliver: (topic, deliver, { tidy, ...rest } = {}) =>
      outbox.register(topic, (entry, until) => deliver(entry, { stores, http, signal: until }), {
        ...rest,
        ...(tidy === undefined ? {} : { tidy: (until) => tidy({ stores, http, signal: until }) }),
      }),
  }
  const lates: (() => Promise<void>)[] = []
  for (const { plan, settings } of plans) {
    for (const pipeline of plan.pipelines) {
      const { trigger } = pipeline
      if (trigger.kind !== 'alert' && trigger.kind !== 'late') continue
      const topic = trigger.kind === 'alert' ? alertTopic : await lateTopicOf(trigger.node)
      if (start !== undefined) outbox.register(topic, ({ key, payload }) => start(pipeline.id, payload, key))
      if (trigger.kind === 'late') lates.push(lookFor(pipeline, trigger, settings))
    }
    const notifying = stepsOf(plan).filter(({ type, delivers }) => delivers && type === 'ysh-notify')
    for (const node of new Map(notifying.map((one) => [one.path, one])).values()) {
      const { openChannel } = await import('../../steps/notify/channel.ts')
      const { channels, giveUpHours } = await channelsOf(node, settings, env)
      for (const channel of channels) openChannel(engine, node.path, channel, giveUpHours)
    }
  }
  return {
    async once() {
      await Promise.all(lates.map((look) => look()))
      outbox.open()
      await outbox.settled()
    },
  }

  /** Looks whether the model is back, as often as the plan says; the store knows when that was last, for many a process is new each time. */
  function lookFor(
    pipeline: Pipeline,
    { node, lookSeconds }: Pipeline['trigger'] & { kind: 'late' },
    settings: PlanSettings,
  ): () => Promise<void> {
    const step = stepsIn(pipeline).find((one) => one.entry === 'late')
    const everyMs = Math.min(lookSeconds * 1_000, 60 * minute)
    // Whatever is wrong is told once in a while, also by a process that asks every two seconds.
    let next = Number.NEGATIVE_INFINITY
    return async () => {
      if (step === undefined || signal.aborted || systemTimer.monotonic() < next) return
      try {
        const { startLateOf } = await import('../../steps/enrich/late/start.ts')
        const { EnrichConfigSchema } = await import('../../steps/enrich/step-schema.ts')
        const until = endAfter(minute, signal)
        const given = settings.given(step, EnrichConfigSchema)
        const started = await startLateOf(
          node,
          given,
          { store: { read: (look) => look(store), change: (work) => store.transaction(work) }, everyMs },
          until,
        )
        if (started > 0) log.info('The model is back: what waited for it is enriched', { node, started })
        if (started > 0) wakeOutbox(store)
      } catch (thrown) {
        next = systemTimer.monotonic() + everyMs
        if (!signal.aborted) log.info('What waits for the model waits on', { node, error: PipelineError.from(thrown) })
      }
    }
  }
}

const hasAlerts = (plans: DeliverOptions['plans']): boolean =>
  plans.some(({ plan }) => plan.pipelines.some(({ trigger }) => trigger.kind === 'alert'))

const stepsIn = ({ regions }: Pipeline): StepNode[] =>
  regions.flatMap(({ nodes }) => nodes.flatMap((node) => (node.kind === 'step' ? node : [])))
const stepsOf = ({ pipelines }: Plan): StepNode[] => pipelines.flatMap(stepsIn)

async function lateTopicOf(node: string): Promise<string> {
  const { lateTopic } = await import('../../steps/enrich/late/waiting.ts')
  return lateTopic(node)
}
