import { PipelineError } from '../errors.ts'
import { parser } from '../schema.ts'
import type { Logger } from '../steps/step.ts'
import type { Json } from '../stores/cache/port.ts'
import type { PostgresStore } from '../stores/postgres/port.ts'
import { tidyIncidents } from './incidents.ts'
import { journalError } from './journal.ts'
import { onOutboxNews } from './outbox.ts'
import { delayBefore, RetryPolicySchema } from './retry.ts'
import type { Timer } from './time.ts'

/** An entry on its way out. */
export interface OutboxDelivered {
  /** The same at every try: whoever receives it twice can tell. */
  key: string
  topic: string
  payload: Json
  /** 1 for the first try. */
  attempt: number
}

/** Takes an entry; it counts as delivered once this resolves. What it throws is tried again later. */
export type OutboxReceiver = (entry: OutboxDelivered, signal: AbortSignal) => Promise<void>

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

/** Entries that one look takes at once; they are delivered one after the other, oldest first. */
const batch = 10
/** A receiver that takes longer has failed. */
const receiveMs = 10_000
/** A process that died leaves its entries to others after this time (longer than a whole batch takes), to its successor at once. */
const leaseSeconds = (batch * receiveMs) / 1_000 + 60
/** An entry that nobody takes for so long is given up. */
const giveUpDays = 7
/** Pause between two tidyings. */
const tidyMs = 3_600_000

const policy = parser(RetryPolicySchema, 'retry policy').parse({ baseMs: 5_000, capMs: 3_600_000, attempts: 1_000 })

/**
 * Delivers what the transactions of a store have put into its outbox: at least once, with the entry's key, to everyone who has
 * registered for its topic. Tried again with growing pauses, given up (and logged) after {@link giveUpDays} days. Any number of
 * processes may deliver from one outbox: entries are leased.
 */
export class OutboxDelivery {
  readonly #options: OutboxDeliveryOptions
  readonly #receivers = new Map<string, Set<OutboxReceiver>>()
  readonly #deaf: () => void
  #open = false
  #again = false
  #pumping: Promise<void> | undefined
  #tidiedAt: number | undefined

  constructor(options: OutboxDeliveryOptions) {
    this.#options = options
    this.#deaf = onOutboxNews(options.store, () => this.wake())
    options.signal.addEventListener('abort', this.#deaf, { once: true })
  }

  /**
   * Registers a receiver. Returns how to take it back: then nothing is delivered until {@link open} is called again, so that a
   * deploy, which takes all nodes away for a moment, does not send entries to the defaults.
   */
  register(topic: string, receiver: OutboxReceiver): () => void {
    const known = this.#receivers.get(topic) ?? new Set()
    this.#receivers.set(topic, known)
    known.add(receiver)
    return () => {
      if (known.delete(receiver)) this.#open = false
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
    if (this.#pumping !== undefined || !this.#ready()) return
    this.#pumping = this.#pump().finally(() => {
      this.#pumping = undefined
      if (this.#again && this.#ready()) this.wake()
    })
  }

  /** Resolves when no delivery is under way. */
  async settled(): Promise<void> {
    await this.#pumping
  }

  #ready(): boolean {
    return this.#open && !this.#options.signal.aborted
  }

  async #pump(): Promise<void> {
    const { log, signal } = this.#options
    while (this.#again && this.#ready()) {
      this.#again = false
      try {
        while (this.#ready() && (await this.#deliverSome()) === batch);
        await this.#tidy()
      } catch (error) {
        if (!signal.aborted)
          log.warn('The outbox could not be looked through; trying again', { error: PipelineError.from(error) })
      }
    }
  }

  async #deliverSome(): Promise<number> {
    const topics = [...this.#options.defaults.keys()]
    for (const [topic, receivers] of this.#receivers) if (receivers.size > 0) topics.push(topic)
    const entries = await this.#lease(topics)
    for (const entry of entries) await this.#deliver(entry)
    return entries.length
  }

  async #lease(topics: readonly string[]): Promise<OutboxDelivered[]> {
    const { store, owner } = this.#options
    const { rows } = await store.query<{ key: string; topic: string; payload: Json; attempts: number }>(
      `with due as (
         select key from pipeline.outbox
         where delivered_at is null and failed_at is null and next_at <= clock_timestamp() and topic = any($2::text[])
           and (lease_until is null or lease_until < clock_timestamp()
             or (leased_by <> $1 and split_part(leased_by, '/', 1) = split_part($1, '/', 1)))
         order by created_at, key limit $3 for update skip locked
       ), leased as (
         update pipeline.outbox o set leased_by = $1, lease_until = clock_timestamp() + $4::int * interval '1 second',
           attempts = attempts + 1
         from due where o.key = due.key
         returning o.key, o.topic, o.payload, o.attempts, o.created_at
       )
       select key, topic, payload, attempts from leased order by created_at, key`,
      [owner, topics, batch, leaseSeconds],
    )
    return rows.map(({ attempts, ...entry }) => ({ ...entry, attempt: attempts }))
  }

  async #deliver(entry: OutboxDelivered): Promise<void> {
    const { store, owner, signal, defaults } = this.#options
    try {
      // Looked at now: a deploy may have taken the receivers away since the entry was leased.
      if (!this.#ready()) throw new PipelineError('STOPPED', 'Nothing is delivered for the moment', { retryable: true })
      const registered = [...(this.#receivers.get(entry.topic) ?? [])]
      const usual = defaults.get(entry.topic)
      const receivers = registered.length > 0 || usual === undefined ? registered : [usual]
      for (const receive of receivers) await within(receiveMs, signal, (either) => receive(entry, either))
      await store.query(
        `update pipeline.outbox set delivered_at = clock_timestamp(), lease_until = null, error = null
         where key = $1 and leased_by = $2`,
        [entry.key, owner],
      )
    } catch (thrown) {
      await this.#failed(entry, PipelineError.from(thrown))
    }
  }

  async #failed(entry: OutboxDelivered, error: PipelineError): Promise<void> {
    const { store, owner, log } = this.#options
    // Called off is no failure: it is due at once, for whoever comes next.
    const calledOff = error.code === 'STOPPED'
    const pause = calledOff ? 0 : (delayBefore(policy, entry.attempt, error, Math.random) ?? policy.capMs)
    const { rows } = await store.query<{ given_up: boolean }>(
      `update pipeline.outbox set lease_until = null, attempts = attempts - case when $5 then 1 else 0 end,
         error = case when $5 then error else $3::jsonb end,
         next_at = clock_timestamp() + $4::double precision * interval '1 ms',
         failed_at = case when not $5 and created_at < clock_timestamp() - $6::int * interval '1 day'
           then clock_timestamp() end
       where key = $1 and leased_by = $2 and delivered_at is null returning failed_at is not null as given_up`,
      [entry.key, owner, JSON.stringify(journalError(error)), pause, calledOff, giveUpDays],
    )
    if (calledOff || rows[0] === undefined) return
    const fields = { key: entry.key, topic: entry.topic, attempt: entry.attempt, error }
    if (rows[0].given_up) log.error('An outbox entry could not be delivered and was given up', fields)
    else log.warn('An outbox entry could not be delivered; trying again later', fields)
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
  }
}

/** Runs work with a deadline; what ignores its signal is left behind. Throws TIMEOUT, STOPPED. */
async function within(ms: number, signal: AbortSignal, work: (either: AbortSignal) => Promise<void>): Promise<void> {
  const late = AbortSignal.timeout(ms)
  const either = AbortSignal.any([signal, late])
  const waiting = new AbortController()
  const gone = new Promise<never>((_, reject) => {
    const give = () =>
      reject(
        signal.aborted
          ? new PipelineError('STOPPED', 'The delivery was called off', { retryable: true })
          : new PipelineError('TIMEOUT', `The receiver did not take it within ${ms / 1_000} s`, { retryable: true }),
      )
    if (either.aborted) give()
    else either.addEventListener('abort', give, { once: true, signal: waiting.signal })
  })
  try {
    await Promise.race([work(either), gone])
  } finally {
    waiting.abort()
  }
}
