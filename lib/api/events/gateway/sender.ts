import { PipelineError } from '../../../errors.ts'
import type { Logger } from '../../../steps/step.ts'
import type { PostgresStore, Queryable } from '../../../stores/postgres/port.ts'
import { type ApiEvent, wants } from '../hub.ts'
import { errorMessage, eventMessage } from '../protocol.ts'
import { eventsAfter, eventsGone, sweepEvents, usuallyKept, wantEvents, wantedHours } from '../table.ts'
import { callerEnded, checkScopes } from '../topics.ts'
import {
  backlog,
  behind,
  dropOld,
  endedCallers,
  forgetConnection,
  type HeldConnection,
  hasConnections,
  lockConnection,
  noteSlow,
  noteTold,
  saveConnection,
  silentStrangers,
  untold,
} from './connections.ts'
import type { Posted, Posts } from './posts.ts'

/** Events read from the table at once. */
const page = 200
/** Connections that are served side by side, each with a connection to the database. */
const abreast = 3
/** API Gateway hands on no larger message. */
const maxMessage = 128 * 1024
/** Messages go out under the lock of a row for so long; PostgreSQL ends a transaction that is idle for 15 s. */
const turnMs = 5_000
/** Who has taken nothing for so long is cut. */
const slowMs = 60_000
const sweepMs = 600_000
/** After so many connections to which nothing could be said the gateway is left alone until the next time. */
const mostTroubles = 3

type Page = Awaited<ReturnType<typeof eventsAfter>>

/** How far one connection was served: whether it may be served on, and what the gateway's trouble was. */
interface Turn {
  isOn: boolean
  trouble?: unknown
}

/** What {@link EventSender} needs. */
export interface SenderOptions {
  postgres: PostgresStore
  posts: Posts
  log: Logger
  /** Milliseconds after which one that takes nothing is cut; a minute when left out. */
  slowMs?: number
}

/**
 * Sends events to connections that a gateway holds. Any number may send at once, in any process: the position of a connection is moved only by
 * who holds the lock on its row, so that nothing is sent twice or out of order; a sender that dies between sending and its commit has sent
 * once more than noted.
 */
export class EventSender {
  readonly #options: SenderOptions
  readonly #slowMs: number
  #there = false
  #swept = Number.NEGATIVE_INFINITY

  constructor(options: SenderOptions) {
    this.#options = options
    this.#slowMs = options.slowMs ?? slowMs
  }

  /** Sends what there is, to all who want it and can be reached. Throws EVENTS_NOT_SENT, AWS_MISSING, and what the store throws. */
  async once(signal: AbortSignal): Promise<void> {
    const { postgres } = this.#options
    if (!(await this.#ready())) return
    /** Left alone for now: another sender has them, or they take no more. */
    const left = new Set<string>()
    const troubles: unknown[] = []
    while (!signal.aborted && troubles.length < mostTroubles) {
      const { last, pending, listened, from } = await backlog(postgres, [...left])
      if (!listened || (!pending && from >= last)) break
      const got = await eventsAfter(postgres, from, page)
      const upTo = got.events.at(-1)?.position ?? got.last
      const ids = (await behind(postgres, upTo)).filter((id) => !left.has(id))
      if (ids.length === 0) break
      await this.#each(ids, signal, async (id) => {
        if (troubles.length >= mostTroubles) return
        const { isOn, trouble } = await postgres.transaction((tx) => this.#turn(tx, id, { ...got, from, upTo }, signal))
        if (!isOn) left.add(id)
        if (trouble !== undefined) troubles.push(trouble)
      })
    }
    if (troubles.length > 0) throw troubles[0]
  }

  /** What is due each minute: who may no longer listen is cut, what is new goes out, positions are told, old things are dropped. */
  async minute(signal: AbortSignal): Promise<void> {
    const { postgres, posts } = this.#options
    if (!(await this.#ready())) return
    await dropOld(postgres)
    const late = new PipelineError('EVENTS_MESSAGE', 'No first message came in time')
    await this.#each(await silentStrangers(postgres), signal, (id) => this.end(id, late))
    await this.#each(await endedCallers(postgres), signal, (id) => this.end(id, callerEnded()))
    if ((await backlog(postgres)).listened) await wantEvents(postgres, wantedHours)
    await this.once(signal)
    await this.#each(await untold(postgres), signal, (id) =>
      postgres.transaction(async (tx) => {
        const held = await lockConnection(tx, id)
        if (held?.listening === undefined) return
        const { position } = held.listening
        const posted = await posts.say(id, JSON.stringify({ type: 'position', position }))
        if (posted === 'taken') await noteTold(tx, id)
        if (posted === 'gone') await forgetConnection(tx, id)
      }),
    )
    // for those that another sender has skipped meanwhile
    await this.once(signal)
    if (performance.now() - this.#swept < sweepMs) return
    this.#swept = performance.now()
    await sweepEvents(postgres, usuallyKept)
  }

  /** Says why, ends a connection and forgets it. */
  async end(id: string, why: PipelineError, tx: Queryable = this.#options.postgres): Promise<void> {
    await forgetConnection(tx, id)
    await this.tell(id, why)
  }

  /** Says why and ends a connection, also where the store cannot be asked. Trouble is logged; never throws. */
  async tell(id: string, why: PipelineError): Promise<void> {
    const { posts, log } = this.#options
    try {
      if ((await posts.say(id, errorMessage(why))) !== 'gone') await posts.end(id)
    } catch (thrown) {
      log.warn('A subscriber was not told why it is cut', { error: PipelineError.from(thrown) })
    }
  }

  /** Sends a page to one connection. What was sent is noted, whatever comes after it. */
  async #turn(
    tx: Queryable,
    id: string,
    { events, floor, last, from, upTo }: Page & { from: number; upTo: number },
    signal: AbortSignal,
  ): Promise<Turn> {
    const held = await lockConnection(tx, id, upTo)
    if (held?.listening === undefined) return { isOn: false }
    const { topics, position } = held.listening
    const why = whyNot(held, floor, last)
    if (why !== undefined) {
      await this.end(id, why, tx)
      return { isOn: true }
    }
    // it has just subscribed from further back than this page begins: the next one is for it
    if (position < from) return { isOn: true }
    const now = { topics, position: upTo, told: held.listening.told }
    const end = performance.now() + turnMs
    let before = position
    let posted: Posted | undefined
    let trouble: unknown
    for (const event of events.filter((one) => one.position > position)) {
      if (wants(topics, event)) {
        if (signal.aborted || performance.now() > end) {
          now.position = before
          break
        }
        try {
          posted = await this.#options.posts.say(id, messageOf(event))
        } catch (thrown) {
          trouble = thrown
        }
        if (posted !== 'taken' || trouble !== undefined) {
          now.position = before
          break
        }
        now.told = event.position
      }
      before = event.position
    }
    if (posted === 'gone') {
      await forgetConnection(tx, id)
      return { isOn: true }
    }
    if (now.position > position) await saveConnection(tx, id, now)
    if (trouble !== undefined) return { isOn: false, trouble }
    if (posted !== 'full') return { isOn: true }
    if (now.position === position && held.slowMs >= this.#slowMs) await this.end(id, tooSlow(), tx)
    else await noteSlow(tx, id)
    return { isOn: false }
  }

  async #ready(): Promise<boolean> {
    this.#there ||= await hasConnections(this.#options.postgres)
    return this.#there
  }

  async #each(ids: readonly string[], signal: AbortSignal, work: (id: string) => Promise<void>): Promise<void> {
    const open = ids.values()
    const failures: unknown[] = []
    const worker = async () => {
      for (const id of open) {
        if (signal.aborted || failures.length > 0) return
        await work(id).catch((error: unknown) => failures.push(error))
      }
    }
    await Promise.all(Array.from({ length: abreast }, worker))
    if (failures.length > 0) throw failures[0]
  }
}

/** Why a connection can hear nothing more. */
function whyNot({ ended, caller, listening }: HeldConnection, floor: number, last: number): PipelineError | undefined {
  if (ended || caller === undefined) return callerEnded()
  const position = listening?.position ?? 0
  if (position < floor || position > last) return eventsGone(position, floor, last)
  try {
    checkScopes(caller, listening?.topics ?? [])
    return undefined
  } catch (thrown) {
    return PipelineError.from(thrown)
  }
}

function tooSlow(): PipelineError {
  return new PipelineError('SUBSCRIBER_SLOW', 'The subscriber has taken too little for a minute')
}

/** What is larger than the gateway hands on goes without its data, which the API has. */
function messageOf(event: ApiEvent): string | Uint8Array {
  const whole = eventMessage(event)
  if (whole.length <= maxMessage) return whole
  const { position, type, subject, at } = event
  return JSON.stringify({ type: 'event', position, topic: { type, subject }, at, data: {}, large: true })
}
