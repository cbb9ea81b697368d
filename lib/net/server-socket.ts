import type { RawData, WebSocket } from 'ws'
import { PipelineError } from '../errors.ts'

/** How patient a {@link ServerSocket} is; milliseconds and bytes. */
export interface SocketLimits {
  /** For the first message. */
  helloMs: number
  /** Bytes that may wait for a reader. */
  waiting: number
  /** A reader that has not taken enough for so long is slow. */
  slowMs: number
  /** Between two pings; whoever has not answered one until the next is gone. */
  pingMs: number
  /** Messages that may come at once, and how many a second after those. */
  burst: number
  perSecond: number
}

/** Limits that suit most. */
export const usualLimits: SocketLimits = {
  helloMs: 5_000,
  waiting: 65_536,
  slowMs: 10_000,
  pingMs: 30_000,
  burst: 30,
  perSecond: 5,
}

/** Close codes of RFC 6455. */
export const closeCodes = { away: 1001, policy: 1008, later: 1013 } as const

/** Time for the other end to take our last words. */
const farewellMs = 1_000

/** The server's end of a WebSocket: bounded in what waits to be sent, in what comes in, and in how long silence is borne. */
export class ServerSocket {
  /** Aborted when the connection has gone, or is being closed. */
  readonly signal: AbortSignal
  readonly #client: WebSocket
  readonly #limits: SocketLimits
  readonly #gone = new AbortController()
  /** Messages that nobody has asked for yet; at most a burst. */
  readonly #early: (string | undefined)[] = []
  #hear: ((text: string | undefined) => void) | undefined
  #flushed: (() => void) | undefined
  #allowed: number
  #counted = performance.now()

  constructor(client: WebSocket, limits: SocketLimits = usualLimits) {
    this.#client = client
    this.#limits = limits
    this.#allowed = limits.burst
    this.signal = this.#gone.signal
    client.on('error', () => client.terminate()) // too large, no WebSocket frame: ws has said why to the other end
    client.once('close', () => this.#gone.abort())
    client.on('message', (data, binary) => this.#take(data, binary))
    client.on('ping', () => this.#counts())
    this.#keepAlive()
  }

  /** The first message; undefined when it does not come in time, is no text, or the connection goes. */
  first(): Promise<string | undefined> {
    const { promise, resolve } = Promise.withResolvers<string | undefined>()
    const late = setTimeout(() => resolve(undefined), this.#limits.helloMs)
    this.#hear = (text) => {
      this.#hear = undefined
      resolve(text)
    }
    this.signal.addEventListener('abort', () => resolve(undefined), { once: true })
    return promise.finally(() => {
      clearTimeout(late)
      this.#hear = undefined
    })
  }

  /** Has every further message heard, what has come meanwhile first; undefined stands for one that is no text. */
  listen(heard: (text: string | undefined) => void): void {
    for (const text of this.#early.splice(0)) heard(text)
    this.#hear = heard
  }

  /** Sends, in whole; false when so much waits that {@link drained} has to be awaited first. */
  send(data: string | Uint8Array): boolean {
    if (this.signal.aborted) return false
    this.#client.send(data, { binary: false }, this.#sent)
    return this.#client.bufferedAmount <= this.#limits.waiting
  }

  /** Resolves when the reader has taken enough. Throws SUBSCRIBER_SLOW when it does not, STOPPED when it has gone. */
  drained(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const gone = () => reject(new PipelineError('STOPPED', 'The subscriber has gone'))
    if (this.signal.aborted) {
      gone()
      return promise
    }
    const { slowMs } = this.#limits
    const late = setTimeout(() => {
      reject(new PipelineError('SUBSCRIBER_SLOW', `The subscriber has taken too little for ${slowMs / 1_000} s`))
    }, slowMs)
    this.signal.addEventListener('abort', gone, { once: true })
    this.#flushed = resolve
    this.#sent()
    return promise.finally(() => {
      clearTimeout(late)
      this.signal.removeEventListener('abort', gone)
      this.#flushed = undefined
    })
  }

  /** Says why and ends; who does not take it is cut off. */
  close(code: number, reason: string): void {
    if (!this.#gone.signal.aborted) this.#gone.abort()
    this.#client.close(code, reason)
    setTimeout(() => this.#client.terminate(), farewellMs).unref()
  }

  readonly #sent = () => {
    if (this.#flushed !== undefined && this.#client.bufferedAmount <= this.#limits.waiting / 2) this.#flushed()
  }

  #take(data: RawData, binary: boolean): void {
    if (!this.#counts()) return
    const text = binary ? undefined : data.toString()
    if (this.#hear !== undefined) this.#hear(text)
    else if (this.#early.push(text) > this.#limits.burst) this.close(closeCodes.policy, 'too many messages')
  }

  /** Whether the other end may say something more; also who asks and never reads the answers is cut. */
  #counts(): boolean {
    if (this.signal.aborted) return false
    const now = performance.now()
    const { burst, perSecond, waiting } = this.#limits
    this.#allowed = Math.min(burst, this.#allowed + ((now - this.#counted) / 1_000) * perSecond) - 1
    this.#counted = now
    if (this.#allowed >= 0 && this.#client.bufferedAmount <= waiting * 2) return true
    this.close(closeCodes.policy, 'too many messages')
    return false
  }

  #keepAlive(): void {
    let alive = true
    this.#client.on('pong', () => {
      alive = true
    })
    const timer = setInterval(() => {
      if (!alive) this.#client.terminate()
      alive = false
      if (this.#client.readyState === this.#client.OPEN) this.#client.ping()
    }, this.#limits.pingMs)
    timer.unref()
    this.#client.once('close', () => clearInterval(timer))
  }
}
