import { PipelineError } from '../errors.ts'
import { failPoint } from '../fail-point.ts'
import { meter } from '../metrics/meter.ts'
import { parser } from '../schema.ts'
import type { Logger } from '../steps/step.ts'
import { endAfter } from '../stopped.ts'
import type { Json } from '../stores/cache/port.ts'
import type { PostgresStore, Queryable } from '../stores/postgres/port.ts'
import { journalError } from './journal.ts'
import { wakeOutbox } from './outbox.ts'
import { delayBefore, type RetryPolicy, RetryPolicySchema } from './retry.ts'

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

/** How a receiver wants its entries. */
export interface ReceiverOptions {
  /** Entries under way at once, 1 to 10. With 1 they go oldest first; one that has to wait is overtaken all the same. Default 1. */
  atOnce?: number
  /** A receiver that takes longer has failed, in milliseconds. Default 10 s. */
  timeoutMs?: number
  /** Waits between two tries. */
  policy?: RetryPolicy
  /** An entry older than this when a try fails is given up, in milliseconds. Default 7 days. */
  giveUpMs?: number
  /** Whether an error that is not retryable gives an entry up at once. Default false. */
  finalErrors?: boolean
  /** Called in the transaction that notes the end: without an error it was delivered, with one it was given up. */
  ended?(tx: Queryable, entry: OutboxDelivered, error: PipelineError | undefined): Promise<void>
  /** Called once an hour, to delete what entries have left elsewhere; five minutes at most. */
  tidy?(signal: AbortSignal): Promise<void>
}

/** Surroundings of a {@link Lane}. */
export interface LaneOptions {
  /** This process among those on the same store. */
  owner: string
  store: PostgresStore
  log: Logger
  topic: string
  /** Whether anything may be delivered just now. */
  ready(): boolean
  /** Who takes the entries now: those registered, else the default. */
  receivers(): readonly Receiving[]
  signal: AbortSignal
}

/** A receiver with its wishes. */
export interface Receiving extends ReceiverOptions {
  receive: OutboxReceiver
}

/** Entries that one look takes at once. */
const batch = 10
const usualTimeoutMs = 10_000
/** An entry that nobody takes for so long is given up. */
export const giveUpDays = 7

const usualPolicy = parser(RetryPolicySchema, 'retry policy').parse({
  baseMs: 5_000,
  capMs: 3_600_000,
  attempts: 1_000,
})

/** The deliveries of one topic. Each topic has a lane of its own, so that a receiver that hangs or is down holds up no other. */
export class Lane {
  readonly #options: LaneOptions
  #again = false
  #pumping: Promise<void> | undefined

  constructor(options: LaneOptions) {
    this.#options = options
  }

  /** Delivers what is due. Never waits and never throws. */
  wake(): void {
    this.#again = true
    if (this.#pumping !== undefined || !this.#options.ready()) return
    this.#pumping = this.#pump().finally(() => {
      this.#pumping = undefined
      if (this.#again && this.#options.ready()) this.wake()
    })
  }

  /** Resolves when no delivery is under way. */
  async settled(): Promise<void> {
    await this.#pumping
  }

  async #pump(): Promise<void> {
    const { log, signal, ready, topic } = this.#options
    while (this.#again && ready()) {
      this.#again = false
      try {
        while (ready() && (await this.#deliverSome()) === batch);
      } catch (thrown) {
        const error = PipelineError.from(thrown)
        if (!signal.aborted) log.warn('The outbox could not be looked through; trying again', { topic, error })
      }
    }
  }

  async #deliverSome(): Promise<number> {
    const receivers = this.#options.receivers()
    if (receivers.length === 0) return 0
    const entries = await this.#lease(receivers)
    if (entries.length > 0) failPoint('outbox-leased')
    const left = [...entries]
    const worker = async () => {
      for (let entry = left.shift(); entry !== undefined; entry = left.shift()) await this.#deliver(entry)
    }
    const atOnce = Math.max(1, ...receivers.map((one) => one.atOnce ?? 1))
    // All come to their end before an error is told: whoever waits for this lane waits for every delivery.
    const ends = await Promise.allSettled(Array.from({ length: Math.min(atOnce, batch) }, worker))
    for (const end of ends) if (end.status === 'rejected') throw end.reason
    return entries.length
  }

  async #lease(receivers: readonly Receiving[]): Promise<OutboxDelivered[]> {
    const { store, owner, topic } = this.#options
    // Longer than a whole batch takes: a process that died leaves its entries to others after it, to its successor at once.
    const patience = receivers.reduce((sum, one) => sum + (one.timeoutMs ?? usualTimeoutMs), 0)
    const leaseSeconds = Math.ceil((batch * patience) / 1_000) + 60
    const { rows } = await store.query<{ key: string; topic: string; payload: Json; attempts: number }>(
      `with due as (
         select key from pipeline.outbox where topic = $2 and ${dueFor('$1')}
         order by created_at, key limit $3 for update skip locked
       ), leased as (
         update pipeline.outbox o set leased_by = $1, lease_until = clock_timestamp() + $4::int * interval '1 second',
           attempts = attempts + 1
         from due where o.key = due.key
         returning o.key, o.topic, o.payload, o.attempts, o.created_at
       )
       select key, topic, payload, attempts from leased order by created_at, key`,
      [owner, topic, batch, leaseSeconds],
    )
    return rows.map(({ attempts, ...entry }) => ({ ...entry, attempt: attempts }))
  }

  async #deliver(entry: OutboxDelivered): Promise<void> {
    const { signal, ready } = this.#options
    let receivers: readonly Receiving[] = []
    if (entry.attempt > 1) meter.add('pipeline.retries.count', { level: 'delivery' })
    try {
      // Looked at now: a deploy may have taken the receivers away since the entry was leased.
      receivers = ready() ? this.#options.receivers() : []
      if (receivers.length === 0)
        throw new PipelineError('STOPPED', 'Nothing is delivered for the moment', { retryable: true })
      for (const { receive, timeoutMs = usualTimeoutMs } of receivers)
        await within(timeoutMs, signal, (either) => receive(entry, either))
    } catch (thrown) {
      await this.#failed(entry, PipelineError.from(thrown), receivers)
      return
    }
    failPoint('outbox-sent')
    // What cannot be noted is no failure of the receiver: the lease runs out, and it is sent again with the same key.
    await this.#delivered(entry, receivers)
  }

  async #delivered(entry: OutboxDelivered, receivers: readonly Receiving[]): Promise<void> {
    const { store, owner } = this.#options
    const note = (q: Queryable) =>
      q.query(
        `update pipeline.outbox set delivered_at = clock_timestamp(), lease_until = null, error = null
         where key = $1 and leased_by = $2`,
        [entry.key, owner],
      )
    const tell = receivers.flatMap(({ ended }) => ended ?? [])
    if (tell.length === 0) await note(store)
    else {
      await store.transaction(async (tx) => {
        if ((await note(tx)).rowCount === 1) for (const ended of tell) await ended(tx, entry, undefined)
      })
    }
  }

  async #failed(entry: OutboxDelivered, error: PipelineError, receivers: readonly Receiving[]): Promise<void> {
    const { store, owner, log } = this.#options
    // Called off is no failure: it is due at once, for whoever comes next.
    const calledOff = error.code === 'STOPPED'
    const [first] = receivers
    const policy = first?.policy ?? usualPolicy
    const pause = calledOff ? 0 : (delayBefore(policy, entry.attempt, error, Math.random) ?? policy.capMs)
    const final = !calledOff && !error.retryable && first?.finalErrors === true
    const givenUp = await store.transaction(async (tx) => {
      const { rows } = await tx.query<{ given_up: boolean }>(
        `update pipeline.outbox set lease_until = null, attempts = attempts - case when $5 then 1 else 0 end,
           error = case when $5 then error else $3::jsonb end,
           next_at = clock_timestamp() + $4::double precision * interval '1 ms',
           failed_at = case when not $5 and ($7 or created_at < clock_timestamp() - $6::double precision * interval '1 ms')
             then clock_timestamp() end
         where key = $1 and leased_by = $2 and delivered_at is null returning failed_at is not null as given_up`,
        [
          entry.key,
          owner,
          JSON.stringify(journalError(error)),
          pause,
          calledOff,
          first?.giveUpMs ?? giveUpDays * 86_400_000,
          final,
        ],
      )
      if (rows[0]?.given_up) for (const { ended } of receivers) await ended?.(tx, entry, error)
      return rows[0]?.given_up
    })
    if (calledOff || givenUp === undefined) return
    meter.add('pipeline.errors.count', { where: 'delivery' })
    meter.add('pipeline.errors.code', { code: error.code })
    const fields = { key: entry.key, topic: entry.topic, attempt: entry.attempt, error }
    if (givenUp) {
      log.error('An outbox entry could not be delivered and was given up', fields)
      wakeOutbox(store) // the end may have put an alert there
    } else log.warn('An outbox entry could not be delivered; trying again later', fields)
  }
}

/** The condition of an entry that a process may take now; `owner` is the parameter that names it. */
export function dueFor(owner: string): string {
  return `delivered_at is null and failed_at is null and next_at <= clock_timestamp()
    and (lease_until is null or lease_until < clock_timestamp()
      or (leased_by <> ${owner} and split_part(leased_by, '/', 1) = split_part(${owner}, '/', 1)))`
}

/** Runs work with a deadline; what ignores its signal is left behind. Throws TIMEOUT, STOPPED. */
async function within(ms: number, signal: AbortSignal, work: (either: AbortSignal) => Promise<void>): Promise<void> {
  const late = endAfter(ms)
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
