import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { PipelineError } from '../../errors.ts'
import { ServerSocket, type SocketLimits, usualLimits } from '../../net/server-socket.ts'
import type { Logger } from '../../steps/step.ts'
import type { Caller } from '../access/caller.ts'
import type { Gate } from '../access/gate.ts'
import type { Asked } from './credential.ts'
import type { EventHub } from './hub.ts'
import { type Ending, endingOf, endings, errorMessage, maxMessage, subProtocol } from './protocol.ts'
import { Rechecks } from './rechecks.ts'
import { serveSession } from './session.ts'

/** A subscriber has come or gone. */
export interface SubscriberNotice {
  kind: 'came' | 'went' | 'cut'
  /** Its id; `unknown` for one that was not let in. */
  caller: string
  address: string
  /** Code of the error for which it was cut; absent for one that went by itself. */
  why?: string
  /** How many there are now. */
  subscribers: number
}

/** What {@link EventServer} needs. */
export interface EventServerOptions {
  /** The hub, as soon as there is one. */
  hub(signal: AbortSignal): Promise<EventHub>
  gate: Gate
  log: Logger
  /** Most subscribers, and most of one caller. */
  maxSubscribers: number
  maxPerCaller: number
  limits?: Partial<SocketLimits>
  /** After how many milliseconds the gate is asked again whether a key is still good; a minute when left out. */
  againMs?: number
  /** How often, in milliseconds, a subscriber is told its position though nothing came for it; 30 s when left out. */
  tellMs?: number
  notice?(notice: SubscriberNotice): void
}

/** Most connections that have not shown who they are, in all and of one address. */
const maxStrangers = 500
const maxStrangersAt = 50

/** Serves subscribers by WebSocket. Knows no Node-RED: it is handed connections that ask for an upgrade. */
export class EventServer {
  readonly #options: EventServerOptions
  readonly #limits: SocketLimits
  readonly #againMs: number
  readonly #rechecks: Rechecks
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: maxMessage,
    perMessageDeflate: false,
    clientTracking: false,
    handleProtocols: (offered) => (offered.has(subProtocol) ? subProtocol : false),
  })
  readonly #live = new Set<ServerSocket>()
  readonly #strangers = new Map<string, number>()
  readonly #callers = new Map<string, number>()
  readonly #sessions = new Set<Promise<void>>()
  readonly #closing = new AbortController()
  #subscribers = 0
  #troubled = Number.NEGATIVE_INFINITY

  constructor(options: EventServerOptions) {
    this.#options = options
    this.#limits = { ...usualLimits, ...options.limits }
    this.#againMs = options.againMs ?? 60_000
    this.#rechecks = new Rechecks(options.gate, this.#againMs * 0.9)
  }

  /** Subscribers that have been let in. */
  get subscribers(): number {
    return this.#subscribers
  }

  /** Takes a connection over, or refuses it with 503. */
  upgrade(request: Asked, incoming: IncomingMessage, socket: Duplex, head: Buffer): void {
    const strangers = [...this.#strangers.values()].reduce((sum, one) => sum + one, 0)
    const full =
      this.#subscribers >= this.#options.maxSubscribers ||
      strangers >= maxStrangers ||
      (this.#strangers.get(request.address) ?? 0) >= maxStrangersAt
    if (full || this.#closing.signal.aborted) {
      socket.on('error', () => socket.destroy())
      socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n')
      return
    }
    this.#sockets.handleUpgrade(incoming, socket, head, (client) => {
      const serving = this.#serve(client, request).finally(() => this.#sessions.delete(serving))
      this.#sessions.add(serving)
    })
  }

  /** Tells all that the server closes, and waits for their sessions to end. */
  async close(): Promise<void> {
    this.#closing.abort()
    for (const socket of this.#live) socket.close(endings.away, 'the server closes')
    await Promise.allSettled(this.#sessions)
  }

  async #serve(client: WebSocket, request: Asked): Promise<void> {
    const { address } = request
    const { hub, gate, tellMs = 30_000 } = this.#options
    const again = (asked: Asked) => this.#rechecks.ask(asked)
    const socket = new ServerSocket(client, this.#limits)
    this.#live.add(socket)
    count(this.#strangers, address, 1)
    let known: Caller | undefined
    const admitted = (caller: Caller) => {
      this.#checkRoom(caller)
      count(this.#strangers, address, -1)
      count(this.#callers, caller.id, 1)
      known = caller
      this.#subscribers += 1
      this.#notice({ kind: 'came', caller: caller.id, address })
    }
    let why: PipelineError | undefined
    try {
      await serveSession({ socket, request, hub, gate, admitted, againMs: this.#againMs, again, tellMs })
    } catch (thrown) {
      const error = PipelineError.from(thrown)
      if (!socket.signal.aborted) why = error
    } finally {
      this.#live.delete(socket)
      if (known === undefined) count(this.#strangers, address, -1)
      else {
        count(this.#callers, known.id, -1)
        this.#subscribers -= 1
      }
    }
    const caller = known?.id ?? 'unknown'
    if (why === undefined || this.#closing.signal.aborted) {
      if (known !== undefined) this.#notice({ kind: 'went', caller, address })
      return
    }
    const ending: Ending = why.code === 'STOPPED' ? 'away' : endingOf(why)
    if (ending === 'later') this.#trouble(why)
    // our own trouble is nobody else's business
    const shown = ending === 'later' ? new PipelineError('EVENTS_LATER', 'The API cannot serve events just now') : why
    if (ending !== 'away') socket.send(errorMessage(shown))
    socket.close(endings[ending], shown.code)
    this.#notice({ kind: 'cut', caller, address, why: why.code })
  }

  /** A thousand who come back to a store that is down are one line a minute. */
  #trouble(error: PipelineError): void {
    const { log } = this.#options
    const now = performance.now()
    if (now - this.#troubled < 60_000) log.debug('A subscriber could not be served', { error })
    else {
      this.#troubled = now
      log.warn('Subscribers cannot be served', { error })
    }
  }

  #checkRoom({ id }: Caller): void {
    const { maxSubscribers, maxPerCaller } = this.#options
    if (this.#subscribers >= maxSubscribers) throw new PipelineError('EVENTS_FULL', 'There are too many subscribers')
    if ((this.#callers.get(id) ?? 0) >= maxPerCaller) {
      throw new PipelineError('EVENTS_FULL', `This key or token has ${maxPerCaller} subscribers already`)
    }
  }

  #notice(notice: Omit<SubscriberNotice, 'subscribers'>): void {
    this.#options.notice?.({ ...notice, subscribers: this.#subscribers })
  }
}

/** Counts something up or down; what is at 0 is forgotten. */
function count(counts: Map<string, number>, key: string, by: 1 | -1): void {
  const now = (counts.get(key) ?? 0) + by
  if (now > 0) counts.set(key, now)
  else counts.delete(key)
}
