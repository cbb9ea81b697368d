import { PipelineError } from '../../../errors.ts'
import type { Logger } from '../../../steps/step.ts'
import type { PostgresStore, Queryable } from '../../../stores/postgres/port.ts'
import type { Gate } from '../../access/gate.ts'
import { type Asked, credentialFrom } from '../credential.ts'
import { endingOf, errorMessage, maxMessage, readHello, readLater } from '../protocol.ts'
import { eventsAfter, eventsGone, wantEvents, wantedHours } from '../table.ts'
import { callerEnded, checkScopes, merged, without } from '../topics.ts'
import {
  addConnection,
  type Connection,
  claimConnection,
  findConnection,
  forgetConnection,
  type HeldConnection,
  hearConnection,
  prepareConnections,
  saveConnection,
} from './connections.ts'
import type { Posts } from './posts.ts'
import { EventSender } from './sender.ts'

/** What {@link GatewaySubscribers} need. */
export interface SubscribersOptions {
  postgres: PostgresStore
  gate: Gate
  posts: Posts
  log: Logger
}

/** Subscribers whose connections a gateway holds, which calls for each of their messages. The messages are those of `EventServer`. */
export class GatewaySubscribers {
  readonly #options: SubscribersOptions
  readonly #sender: EventSender

  constructor(options: SubscribersOptions) {
    this.#options = options
    this.#sender = new EventSender(options)
  }

  /**
   * Lets a connection in. A key or token in its headers or sub-protocols is looked at now; without one the first message has to bring it. Throws
   * what `Gate.admit` throws, EVENTS_FULL.
   */
  async connect(id: string, request: Asked): Promise<void> {
    const { postgres, gate } = this.#options
    const asked = credentialFrom(request, undefined)
    const isShown = asked.headers.authorization !== undefined || asked.headers['x-api-key'] !== undefined
    const caller = isShown ? (await gate.admit(asked, 'events')).caller : undefined
    if (caller === undefined) await gate.admitAnyone(asked)
    await prepareConnections(postgres)
    await addConnection(postgres, { id, address: request.address, ...(caller === undefined ? {} : { caller }) })
  }

  /** Takes a message (undefined: no text), answers it, and sends what is new. Rejects with nothing that a subscriber could cause. */
  async hear(id: string, request: Asked, text: string | undefined, signal: AbortSignal): Promise<void> {
    const { postgres, log } = this.#options
    try {
      await prepareConnections(postgres)
      const known = await findConnection(postgres, id)
      if (known === undefined)
        throw new PipelineError('EVENTS_LATER', 'This connection is not known any more: come back')
      if (Buffer.byteLength(text ?? '') > maxMessage) {
        throw new PipelineError('EVENTS_MESSAGE', `A message has at most ${maxMessage} bytes`)
      }
      if (known.listening === undefined) await this.#hello(id, known, request, text)
      else await postgres.transaction((tx) => this.#later(tx, id, text))
    } catch (thrown) {
      const error = PipelineError.from(thrown)
      const isOurs = endingOf(error) === 'later' && error.code !== 'EVENTS_LATER'
      if (isOurs) log.warn('A subscriber cannot be served', { error })
      // our own trouble is nobody else's business
      const shown = isOurs ? new PipelineError('EVENTS_LATER', 'The API cannot serve events just now') : error
      await this.#sender.tell(id, shown)
      await forgetConnection(postgres, id)
    }
    await this.#sender.once(signal)
  }

  /** Forgets a connection that has gone. */
  async leave(id: string): Promise<void> {
    const { postgres } = this.#options
    await prepareConnections(postgres)
    await forgetConnection(postgres, id)
  }

  async #hello(id: string, known: Connection, request: Asked, text: string | undefined): Promise<void> {
    const { postgres, gate } = this.#options
    const { key, token, topics, after } = readHello(text)
    const secret = key ?? token
    if (secret !== undefined || known.caller === undefined) {
      const { caller } = await gate.admit(credentialFrom(request, secret), 'events')
      await claimConnection(postgres, id, caller)
    } else if (known.ended) throw callerEnded()
    // from here on events are written, should nobody have listened before
    await wantEvents(postgres, wantedHours)
    const { last, floor } = await eventsAfter(postgres, Number.MAX_SAFE_INTEGER, 1)
    if (after !== undefined && (after < floor || after > last)) throw eventsGone(after, floor, last)
    const position = after ?? last
    await postgres.transaction(async (tx) => {
      const held = await hearConnection(tx, id)
      if (held === undefined) return
      if (held.listening !== undefined) throw new PipelineError('EVENTS_MESSAGE', 'This is no first message')
      checkScopes(whoIs(held), topics)
      const listening = { topics: merged([], topics), position, told: position }
      await saveConnection(tx, id, listening)
      await this.#answer(tx, id, JSON.stringify({ type: 'subscribed', position, topics: listening.topics }))
    })
  }

  async #later(tx: Queryable, id: string, text: string | undefined): Promise<void> {
    const held = await hearConnection(tx, id)
    if (held?.listening === undefined) return
    const caller = whoIs(held)
    if (held.credit < 0) throw new PipelineError('API_RATE', 'Too many messages', { retryable: true })
    const asked = readLater(text)
    const { topics, position } = held.listening
    if (asked.type === 'ping') return this.#answer(tx, id, JSON.stringify({ type: 'pong', position }))
    try {
      if (asked.type === 'subscribe') checkScopes(caller, asked.topics)
      const now = asked.type === 'subscribe' ? merged(topics, asked.topics) : without(topics, asked.topics)
      await saveConnection(tx, id, { topics: now, position, told: position })
      await this.#answer(tx, id, JSON.stringify({ type: 'subscribed', position, topics: now }))
    } catch (thrown) {
      const error = PipelineError.from(thrown)
      // a wish that cannot be granted leaves the rest as it is
      if (error.code !== 'API_SCOPE' && error.code !== 'EVENTS_TOPICS') throw error
      await this.#answer(tx, id, errorMessage(error))
    }
  }

  /** Under the lock of the row, so that no event goes out before the answer. */
  async #answer(tx: Queryable, id: string, text: string): Promise<void> {
    const posted = await this.#options.posts.say(id, text)
    if (posted === 'gone') await forgetConnection(tx, id)
    if (posted === 'full') throw new PipelineError('SUBSCRIBER_SLOW', 'The subscriber takes no answer')
  }
}

/** Throws API_UNKNOWN_CALLER. */
function whoIs({ caller, ended }: HeldConnection): NonNullable<HeldConnection['caller']> {
  if (caller === undefined || ended) throw callerEnded()
  return caller
}
