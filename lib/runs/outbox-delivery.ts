import { PipelineError } from '../errors.ts'
import type { Logger } from '../steps/step.ts'
import { endAfter } from '../stopped.ts'
import type { PostgresStore } from '../stores/postgres/port.ts'
import { tidyIncidents } from './incidents.ts'
import { journalError } from './journal.ts'
import { onOutboxNews } from './outbox.ts'
import { dueFor, giveUpDays, Lane, type OutboxReceiver, type ReceiverOptions, type Receiving } from './outbox-lane.ts'
import type { Timer } from './time.ts'

/** Surroundings of {@link OutboxDelivery}. */
export interface OutboxDeliveryOptions {
  /** This process among those on the same store. */
  owner: string
  store: PostgresStore
  clock: Timer
  log: Logger
  /** Takes the entries of topics that nobody has registered for. */
  defaults: ReadonlyMap<string, OutboxReceiver>
  /** How long settled entries and closed incidents are kept. */
  keepDays: number
  /** Ends it. */
  signal: AbortSignal
}

/** Pause between two tidyings. */
const tidyMs = 3_600_000
/** A receiver's tidying that takes longer goes on an hour later. */
const receiverTidyMs = 300_000

/**
 * Delivers what the transactions of a store have put into its outbox: at least once, with the entry's key, to everyone who has
 * registered for its topic. Each topic goes its own way ({@link Lane}). Tried again with growing pauses, given up (and logged) when
 * it is too old. Any number of processes may deliver from one outbox: entries are leased.
 */
export class OutboxDelivery {
  readonly #options: OutboxDeliveryOptions
  readonly #receivers = new Map<string, Set<Receiving>>()
  readonly #lanes = new Map<string, Lane>()
  readonly #deaf: () => void
  #open = false
  #again = false
  #looking: Promise<void> | undefined
  #tidiedAt: number | undefined
  #tidying: Promise<void> | undefined

  constructor(options: OutboxDeliveryOptions) {
    this.#options = options
    this.#deaf = onOutboxNews(options.store, () => this.wake())
    options.signal.addEventListener('abort', this.#deaf, { once: true })
  }

  /**
   * Registers a receiver. Returns how to take it back: then nothing is delivered until {@link open} is called again, so that a
   * deploy, which takes all nodes away for a moment, does not send entries to the defaults.
   */
  register(topic: string, receive: OutboxReceiver, options: ReceiverOptions = {}): () => void {
    const known = this.#receivers.get(topic) ?? new Set()
    const receiving = { receive, ...options }
    this.#receivers.set(topic, known)
    known.add(receiving)
    return () => {
      if (known.delete(receiving)) this.#open = false
      if (known.size === 0 && this.#receivers.get(topic) === known) this.#receivers.delete(topic)
    }
  }

  /** All receivers are there: from now on entries are delivered. */
  open(): void {
    this.#open = true
    this.wake()
  }

  /** Looks for due entries soon. Never waits and never throws. */
  wake(): void {
    this.#again = true
    if (this.#looking !== undefined || !this.#ready()) return
    this.#looking = this.#look().finally(() => {
      this.#looking = undefined
      if (this.#again && this.#ready()) this.wake()
    })
  }

  /** Resolves when no delivery is under way. */
  async settled(): Promise<void> {
    await this.#looking
    await this.#tidying
    await Promise.all([...this.#lanes.values()].map((lane) => lane.settled()))
  }

  #ready(): boolean {
    return this.#open && !this.#options.signal.aborted
  }

  async #look(): Promise<void> {
    const { log, signal } = this.#options
    while (this.#again && this.#ready()) {
      this.#again = false
      try {
        for (const topic of await this.#dueTopics()) this.#lane(topic).wake()
        await this.#tidy()
      } catch (error) {
        if (!signal.aborted)
          log.warn('The outbox could not be looked through; trying again', { error: PipelineError.from(error) })
      }
    }
  }

  /** One question for all topics: most looks find nothing. */
  async #dueTopics(): Promise<string[]> {
    const { store, owner, defaults } = this.#options
    const topics = new Set([...defaults.keys(), ...this.#receivers.keys()])
    const { rows } = await store.query<{ topic: string }>(
      `select distinct topic from pipeline.outbox where topic = any($2::text[]) and ${dueFor('$1')}`,
      [owner, [...topics]],
    )
    return rows.map(({ topic }) => topic)
  }

  #lane(topic: string): Lane {
    const { owner, store, log, signal, defaults } = this.#options
    const known = this.#lanes.get(topic)
    if (known !== undefined) return known
    const usual = defaults.get(topic)
    const lane = new Lane({
      ...{ owner, store, log, signal, topic },
      ready: () => this.#ready(),
      receivers: () => [...(this.#receivers.get(topic) ?? (usual === undefined ? [] : [{ receive: usual }]))],
    })
    this.#lanes.set(topic, lane)
    return lane
  }

  /** Keeps the tables bounded. */
  async #tidy(): Promise<void> {
    const { store, clock, log, keepDays } = this.#options
    if (this.#tidiedAt !== undefined && clock.monotonic() - this.#tidiedAt < tidyMs) return
    this.#tidiedAt = clock.monotonic()
    const error = new PipelineError('NO_RECEIVER', `Nobody took this entry for ${giveUpDays} days`)
    const { rows } = await store.query<{ key: string; topic: string }>(
      `update pipeline.outbox set failed_at = clock_timestamp(), error = coalesce(error, $2::jsonb)
       where delivered_at is null and failed_at is null and created_at < clock_timestamp() - $1::int * interval '1 day'
         and (lease_until is null or lease_until < clock_timestamp()) returning key, topic`,
      [giveUpDays, JSON.stringify(journalError(error))],
    )
    for (const entry of rows) log.error('An outbox entry was given up: nobody took it', { ...entry, error })
    await store.query(
      `delete from pipeline.outbox where key in (
         select key from pipeline.outbox where (delivered_at is not null or failed_at is not null)
           and created_at < clock_timestamp() - $1::int * interval '1 day' limit 1000)`,
      [keepDays],
    )
    await tidyIncidents(store, clock.now(), keepDays)
    // beside the deliveries: it may take its time
    this.#tidying ??= this.#tidyReceivers().finally(() => {
      this.#tidying = undefined
    })
  }

  async #tidyReceivers(): Promise<void> {
    const { log, signal } = this.#options
    for (const [topic, receivers] of [...this.#receivers]) {
      for (const { tidy } of receivers) {
        if (tidy === undefined || signal.aborted) continue
        try {
          await tidy(endAfter(receiverTidyMs, signal))
        } catch (thrown) {
          const error = PipelineError.from(thrown)
          if (!signal.aborted)
            log.warn('What deliveries have left could not be deleted; trying again later', { topic, error })
        }
      }
    }
  }
}
