import { PipelineError } from '../../errors.ts'
import type { Logger } from '../../steps/step.ts'
import type { PostgresStore } from '../../stores/postgres/port.ts'
import { type ApiEvent, type EventHub, type Topic, wants } from './hub.ts'
import { eventsChannel } from './migrations.ts'
import { Ring } from './ring.ts'
import {
  eventsAfter,
  eventsGone,
  type Kept,
  prepareEvents,
  sweepEvents,
  usuallyKept,
  wantEvents,
  wantedHours,
} from './table.ts'
import { Waiters } from './waiters.ts'

/** What {@link PostgresEventHub} needs. */
export interface HubOptions {
  postgres: PostgresStore
  log: Logger
  kept?: Kept
  /** Also without a notification the table is looked at after so long: poolers swallow notifications. */
  lookMs?: number
  /** Newest events held in memory: between this and twice as many. */
  ring?: number
}

/** Events read from the table at once. */
const page = 200
/** Pages of the past held for several who read them. */
const maxPages = 8
const hourMs = 3_600_000
const sweepMs = 600_000

/** Events of the table after `from`. */
interface TablePage {
  from: number
  events: readonly ApiEvent[]
}

/** The hub over PostgreSQL; see docs/api-events.md. Looks for events from {@link open} to {@link close}. */
export class PostgresEventHub implements EventHub {
  readonly #options: Required<HubOptions>
  readonly #waiters = new Waiters()
  readonly #closing = new AbortController()
  readonly #pages = new Map<number, Promise<TablePage>>()
  #ring: Ring | undefined
  #floor = 0
  #wanted = Number.NEGATIVE_INFINITY
  #swept = Number.NEGATIVE_INFINITY
  #current: Promise<void> = Promise.resolve()
  #next: Promise<void> | undefined
  #failing = false
  #listening: Promise<void> = Promise.resolve()

  constructor(options: HubOptions) {
    this.#options = { kept: usuallyKept, lookMs: 3_000, ring: 1_024, ...options }
  }

  /** Begins to look for events; tables and triggers are made by the first look. */
  open(): this {
    const { postgres, lookMs } = this.#options
    const { signal } = this.#closing
    const look = () => {
      this.look().catch((error: unknown) => this.#failed(error))
    }
    this.#listening = postgres.listen(eventsChannel, look, signal)
    const timer = setInterval(look, lookMs)
    timer.unref()
    signal.addEventListener('abort', () => clearInterval(timer), { once: true })
    look()
    return this
  }

  /** Ends all subscriptions with STOPPED, and waits for what is under way. */
  async close(): Promise<void> {
    if (!this.#closing.signal.aborted) this.#closing.abort(new PipelineError('STOPPED', 'The API has been closed'))
    this.#waiters.wake()
    await Promise.allSettled([this.#listening, this.#current, this.#next])
  }

  /** Reads what is new; resolves when everything that was visible at the call has been read. */
  look(): Promise<void> {
    this.#next ??= this.#current
      .catch(() => undefined)
      .then(() => {
        this.#current = this.#next ?? Promise.resolve()
        this.#next = undefined
        return this.#read()
      })
    return this.#next
  }

  async newest(): Promise<number> {
    return (await this.#opened()).last
  }

  async check(after: number): Promise<void> {
    let ring = await this.#opened()
    // another process may have read further
    if (after > ring.last) {
      await this.look()
      ring = await this.#opened()
    }
    if (after < this.#floor || after > ring.last) throw this.#gone(after, ring.last)
  }

  async *subscribe(
    topics: readonly Topic[] | 'all',
    { after, signal }: { after?: number; signal: AbortSignal },
  ): AsyncGenerator<ApiEvent, void, undefined> {
    if (signal.aborted) return
    let at = after ?? (await this.newest())
    await this.check(at)
    const place = this.#waiters.join(signal)
    try {
      while (!signal.aborted) {
        this.#closing.signal.throwIfAborted()
        const { last } = await this.#opened()
        if (at > last) throw this.#gone(at, last)
        if (at === last) {
          await place.next()
          continue
        }
        for (const event of this.#ring?.after(at, page) ?? (await this.#fromTable(at, last))) {
          at = event.position
          if (topics === 'all' || wants(topics, event)) yield event
          if (signal.aborted) return
        }
      }
    } finally {
      place.leave()
    }
  }

  async #opened(): Promise<Ring> {
    this.#closing.signal.throwIfAborted()
    if (this.#ring === undefined) await this.look()
    if (this.#ring === undefined) throw new PipelineError('STOPPED', 'The API has been closed', { retryable: true })
    return this.#ring
  }

  async #read(): Promise<void> {
    if (this.#closing.signal.aborted) return
    const { postgres, ring: size } = this.#options
    await this.#keepHouse()
    const before = this.#ring
    const had = before?.last
    try {
      for (;;) {
        const ring = this.#ring
        const got = await eventsAfter(postgres, ring?.last ?? Number.MAX_SAFE_INTEGER, page)
        this.#floor = got.floor
        // cut off for longer than anything is kept, or another database under the same address
        const lost = ring !== undefined && (got.floor > ring.last || got.last < ring.last)
        if (lost) this.#pages.clear()
        // as much of the past as is usually asked for: everybody comes back after a restart
        if (ring === undefined || lost) this.#ring = new Ring(size, Math.max(got.floor, got.last - size))
        else for (const event of got.events) ring.push(event)
        if (this.#ring === undefined || this.#ring.last >= got.last || this.#closing.signal.aborted) break
      }
    } finally {
      if (this.#ring !== before || this.#ring?.last !== had) this.#waiters.wake()
    }
    this.#working()
  }

  async #keepHouse(): Promise<void> {
    const { postgres, kept } = this.#options
    const now = performance.now()
    if (now - this.#wanted > hourMs) {
      await prepareEvents(postgres)
      await wantEvents(postgres, wantedHours)
      this.#wanted = now
    }
    if (now - this.#swept > sweepMs) {
      this.#swept = now
      await sweepEvents(postgres, kept)
    }
  }

  /** Events after a position that memory no longer has, at least one. */
  async #fromTable(at: number, last: number): Promise<readonly ApiEvent[]> {
    const start = at - (at % page)
    const { from, events } = await this.#page(start, Math.min(start + page, last))
    const more = events.filter(({ position }) => position > at)
    if (at < from || more.length === 0) throw this.#gone(at, last)
    return more
  }

  /** The events from one position to another; they never change, so that several who come back read them once. */
  #page(start: number, end: number): Promise<TablePage> {
    const known = this.#pages.get(end)
    if (known !== undefined) return known
    const reading = eventsAfter(this.#options.postgres, start, page).then(({ floor, events }) => ({
      from: Math.max(start, floor),
      events: events.filter(({ position }) => position <= end),
    }))
    this.#pages.set(end, reading)
    reading.catch(() => this.#pages.delete(end))
    for (const oldest of this.#pages.keys()) {
      if (this.#pages.size <= maxPages) break
      this.#pages.delete(oldest)
    }
    return reading
  }

  #gone(after: number, newest: number): PipelineError {
    return eventsGone(after, this.#floor, newest)
  }

  #failed(thrown: unknown): void {
    if (this.#closing.signal.aborted) return
    const error = PipelineError.from(thrown)
    const { log } = this.#options
    if (this.#failing) log.debug('Events still cannot be read', { error })
    else log.warn('Events cannot be read; they will be once the store answers', { error })
    this.#failing = true
  }

  #working(): void {
    if (this.#failing) this.#options.log.info('Events are read again')
    this.#failing = false
  }
}
