import { timingSafeEqual } from 'node:crypto'
import type { Socket } from 'node:net'
import type { CopyChunks } from './copy-chunks.ts'
import {
  authentication,
  backendKeyData,
  cString,
  errorResponse,
  FRONTEND,
  MessageReader,
  OPENING,
  parameterStatus,
  readyForQuery,
} from './wire.ts'

/** What a client sent, cut where the backend may be given to another client. */
export type Unit =
  | { kind: 'batch'; messages: Buffer[]; end: 'query' | 'sync' | 'flush'; bytes: number }
  | { kind: 'copy-data'; payload: Buffer; bytes: number }
  | { kind: 'copy-done'; bytes: number }
  | { kind: 'copy-fail'; reason: string; bytes: number }
  | { kind: 'terminate'; bytes: number }

/** A bulk load in progress. */
export interface Copy {
  /** The COPY statement, from the blob device. */
  text: string
  chunks: CopyChunks
  rows: number
}

/** What a peer needs of the front. */
export interface PeerHost {
  readonly secret: Buffer
  readonly parameters: ReadonlyMap<string, string>
  /** There is something to run, or there may be. */
  wake(peer: Peer): void
  gone(peer: Peer): void
}

/** A client is not read from while this much of it waits. */
const MAX_WAITING = 8 * 1024 * 1024
/** A client that has left this much unread is not served. */
const MAX_UNREAD = 4 * 1024 * 1024
const MAX_BATCH = 256 * 1024 * 1024
const OPENING_MS = 60_000

const BATCH_ENDS = new Map<number, 'query' | 'sync' | 'flush'>([
  [FRONTEND.query, 'query'],
  [FRONTEND.functionCall, 'query'],
  [FRONTEND.sync, 'sync'],
  [FRONTEND.flush, 'flush'],
])
const BATCH_PARTS = new Set<number>([
  FRONTEND.parse,
  FRONTEND.bind,
  FRONTEND.describe,
  FRONTEND.execute,
  FRONTEND.close,
])

/** One connection to the front: opens it, cuts what comes into units, holds back a sender that is too fast. */
export class Peer {
  readonly id: number
  /** The COPY it is in, if any. */
  copy: Copy | undefined
  /** Whether it stands in the front's queue. */
  queued = false
  #gone = false
  readonly #socket: Socket
  readonly #host: PeerHost
  readonly #reader = new MessageReader()
  readonly #units: Unit[] = []
  readonly #opening: NodeJS.Timeout
  #waiting = 0
  #partial: Buffer[] = []
  #partialBytes = 0
  #state: 'opening' | 'password' | 'open' = 'opening'

  constructor(id: number, socket: Socket, host: PeerHost) {
    this.id = id
    this.#socket = socket
    this.#host = host
    this.#opening = setTimeout(() => socket.destroy(), OPENING_MS)
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('drain', () => host.wake(this))
    socket.on('error', () => {}) // 'close' follows, and says all there is to say
    socket.on('close', () => this.#leave())
  }

  get gone(): boolean {
    return this.#gone
  }

  /** Whether the front can do something for it now. */
  get runnable(): boolean {
    if (this.#gone || this.#socket.writableLength > MAX_UNREAD) return false
    this.#settle()
    return this.#units.length > 0 || this.copy?.chunks.full === true
  }

  /** The next unit, left where it is. */
  get head(): Unit | undefined {
    return this.#units[0]
  }

  /** Takes the next unit. */
  shift(): Unit | undefined {
    const unit = this.#units.shift()
    this.#waiting -= unit?.bytes ?? 0
    return unit
  }

  /** To be called after each turn: goes on reading if there is room again. */
  relieve(): void {
    if (this.#socket.isPaused() && this.#load < MAX_WAITING / 2) this.#socket.resume()
  }

  write(bytes: Buffer): void {
    if (!this.#gone) this.#socket.write(bytes)
  }

  /** Gathers what is written until {@link uncork}. */
  cork(): void {
    this.#socket.cork()
  }

  uncork(): void {
    this.#socket.uncork()
  }

  /** Closes the connection, after a last error if there is one to tell. */
  end(code?: string, message?: string): void {
    if (code !== undefined && message !== undefined) this.write(errorResponse({ severity: 'FATAL', code, message }))
    this.#leave()
    this.#socket.end()
    // A client that does not read its end is cut off.
    const timer = setTimeout(() => this.#socket.destroy(), 1_000)
    this.#socket.once('close', () => clearTimeout(timer))
  }

  get #load(): number {
    return this.#waiting + (this.copy?.chunks.bytes ?? 0)
  }

  #leave(): void {
    if (this.#gone) return
    this.#gone = true
    clearTimeout(this.#opening)
    this.#units.length = 0
    this.#partial = []
    this.copy = undefined
    this.#host.gone(this)
  }

  #read(chunk: Buffer): void {
    if (this.#gone) return
    try {
      this.#reader.push(chunk, (bytes) => {
        if (!this.#gone) this.#take(bytes)
      })
    } catch (error) {
      this.end('08P01', error instanceof Error ? error.message : 'invalid message')
    }
    if (this.#gone || this.#state !== 'open') return
    if (this.runnable && this.#load > MAX_WAITING) this.#socket.pause()
    this.#host.wake(this)
  }

  #take(bytes: Buffer): void {
    if (this.#state === 'open') this.#collect(bytes)
    else if (this.#state === 'password') this.#authenticate(bytes)
    else this.#greet(bytes)
  }

  #greet(bytes: Buffer): void {
    const code = bytes.readInt32BE(4)
    if (code === OPENING.ssl || code === OPENING.gss) {
      this.#socket.write('N')
    } else if (code === OPENING.startup) {
      this.#state = 'password'
      this.#reader.typed()
      this.write(authentication(3))
    } else if (code === OPENING.cancel) {
      // One thread runs everything: by the time this is read there is nothing left to cancel.
      this.end()
    } else {
      this.end('0A000', `unsupported frontend protocol ${code >> 16}.${code & 0xffff}: server supports 3.0`)
    }
  }

  #authenticate(bytes: Buffer): void {
    const { secret, parameters } = this.#host
    const given = Buffer.from(bytes[0] === FRONTEND.password ? cString(bytes, 5).text : '')
    if (given.length !== secret.length || !timingSafeEqual(given, secret)) {
      this.end('28P01', 'password authentication failed')
      return
    }
    clearTimeout(this.#opening)
    this.#state = 'open'
    this.#reader.trusted()
    this.write(
      Buffer.concat([
        authentication(0),
        ...[...parameters].map(([name, value]) => parameterStatus(name, value)),
        backendKeyData(this.id),
        readyForQuery('I'),
      ]),
    )
  }

  #collect(bytes: Buffer): void {
    const letter = bytes[0]
    const end = letter === undefined ? undefined : BATCH_ENDS.get(letter)
    const single = singleUnit(bytes)
    if (end !== undefined) {
      const messages = [...this.#partial, bytes]
      this.#add({ kind: 'batch', messages, end, bytes: this.#partialBytes + bytes.length })
      this.#partial = []
      this.#partialBytes = 0
    } else if (single !== undefined) {
      this.#add(single)
    } else if (letter !== undefined && BATCH_PARTS.has(letter)) {
      this.#partial.push(bytes)
      this.#partialBytes += bytes.length
      if (this.#partialBytes > MAX_BATCH) this.end('54000', 'too many messages without a Sync')
    } else {
      this.end('08P01', `invalid frontend message type ${letter}`)
    }
  }

  #add(unit: Unit): void {
    this.#units.push(unit)
    this.#waiting += unit.bytes
  }

  /** Deals with what needs no backend: rows go to the load they belong to, what is left of a failed load is dropped. */
  #settle(): void {
    for (let unit = this.head; unit !== undefined && this.copy?.chunks.full !== true; unit = this.head) {
      if (unit.kind === 'copy-data') this.copy?.chunks.push(unit.payload)
      else if (this.copy === undefined && (unit.kind === 'copy-done' || unit.kind === 'copy-fail')) {
        // dropped
      } else if (
        this.copy !== undefined &&
        unit.kind === 'batch' &&
        unit.messages.length === 1 &&
        unit.end !== 'query'
      ) {
        // Sync and Flush mean nothing during a load.
      } else return
      this.shift()
    }
  }
}

/** A message that is a unit by itself. */
function singleUnit(message: Buffer): Unit | undefined {
  const bytes = message.length
  switch (message[0]) {
    case FRONTEND.copyData:
      return { kind: 'copy-data', payload: message.subarray(5), bytes }
    case FRONTEND.copyDone:
      return { kind: 'copy-done', bytes }
    case FRONTEND.copyFail:
      return { kind: 'copy-fail', reason: cString(message, 5).text, bytes }
    case FRONTEND.terminate:
      return { kind: 'terminate', bytes }
    default:
      return undefined
  }
}
