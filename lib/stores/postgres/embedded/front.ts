import { createServer, type Server, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import type { Answer } from './answer.ts'
import type { Backend } from './backend.ts'
import { Channels } from './channels.ts'
import { CopyChunks, CopyFormatError } from './copy-chunks.ts'
import { inspect, NAMED_STATEMENT, type Refusal } from './inspect.ts'
import { type Copy, Peer, type Unit } from './peer.ts'
import type { Room } from './room.ts'
import {
  commandComplete,
  copyInResponse,
  cString,
  errorResponse,
  extended,
  FRONTEND,
  query,
  readyForQuery,
  type Status,
  SYNC,
} from './wire.ts'

/** What the front is told. */
export interface FrontOptions {
  secret: string
  /** What clients are told of the server: version, encoding and the like. */
  parameters: ReadonlyMap<string, string>
  idleInTransactionMs: number
  /** The volume: what it cannot take is refused before the backend dies of it. */
  room: Room
  /** Called once if the backend does something that leaves its state unknown; the process has to end. */
  fatal(error: Error): void
}

/** How many clients may be connected at once. */
const MAX_PEERS = 200

type Batch = Extract<Unit, { kind: 'batch' }>

/**
 * Lets many PostgreSQL clients share the one session of PGlite. The rules: only whole batches (up to Query, Sync or Flush)
 * reach the backend; who has a transaction or an unfinished batch open owns it until that ends; an owner that leaves, or
 * idles too long, is rolled back; the others take turns in the order they came.
 */
export class Front {
  readonly #backend: Backend
  readonly #options: FrontOptions
  readonly #server: Server
  readonly #peers = new Set<Peer>()
  readonly #channels = new Channels<Peer>()
  readonly #queue: Peer[] = []
  readonly #secret: Buffer
  #owner: Peer | undefined
  #status: Status = 'I'
  /** Whether the backend has been told to write nothing. */
  #halted = false
  /** Whether the backend passes over everything up to the owner's Sync. */
  #skips = false
  #running = false
  #closed = false
  #idle: NodeJS.Timeout | undefined
  #ids = 0

  constructor(backend: Backend, options: FrontOptions) {
    this.#backend = backend
    this.#options = options
    this.#secret = Buffer.from(options.secret)
    this.#server = createServer((socket) => this.#accept(socket))
  }

  /** Listens on a path: a socket file, an abstract socket, a named pipe. */
  async listen(path: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#server.once('error', reject)
    this.#server.listen({ path }, resolve)
    await promise
  }

  /** Lets the statement in progress end, and goes. */
  async close(): Promise<void> {
    this.#closed = true
    this.#server.close()
    clearTimeout(this.#idle)
    for (const peer of this.#peers) peer.end('57P01', 'the embedded PostgreSQL is closing')
    while (this.#running) await turn()
  }

  #accept(socket: Socket): void {
    this.#ids += 1
    const peer = new Peer(this.#ids, socket, {
      secret: this.#secret,
      parameters: this.#options.parameters,
      wake: (awake) => this.#wake(awake),
      gone: (gone) => this.#gone(gone),
    })
    this.#peers.add(peer)
    if (this.#closed) peer.end('57P03', 'the embedded PostgreSQL is closing')
    else if (this.#peers.size > MAX_PEERS) peer.end('53300', `sorry, too many clients already (${MAX_PEERS})`)
  }

  #gone(peer: Peer): void {
    this.#peers.delete(peer)
    this.#channels.drop(peer)
    this.#start()
  }

  #wake(peer: Peer): void {
    if (peer !== this.#owner && !peer.queued && peer.runnable) {
      peer.queued = true
      this.#queue.push(peer)
    }
    this.#start()
  }

  #start(): void {
    if (this.#running || this.#closed) return
    this.#running = true
    this.#pump().catch((error: unknown) => {
      this.#options.fatal(error instanceof Error ? error : new Error(String(error)))
    })
  }

  async #pump(): Promise<void> {
    while (!this.#closed) {
      if (this.#owner?.gone === true) {
        await this.#abandon()
        continue
      }
      if (this.#owner === undefined) await this.#internal([...this.#halt(), ...this.#channels.sweep()])
      const peer = this.#next()
      if (peer === undefined) break
      clearTimeout(this.#idle)
      peer.cork()
      await this.#serve(peer)
      peer.uncork()
      peer.relieve()
      // The thread was blocked: sockets have their turn now, or nobody but this client would ever be heard.
      await turn()
      this.#wake(peer)
    }
    this.#watch()
    this.#running = false
  }

  #next(): Peer | undefined {
    if (this.#owner !== undefined) return this.#owner.runnable ? this.#owner : undefined
    for (let peer = this.#queue.shift(); peer !== undefined; peer = this.#queue.shift()) {
      peer.queued = false
      if (peer.runnable) return peer
    }
    return undefined
  }

  /** Sets the clock on an owner that lets everybody wait. */
  #watch(): void {
    clearTimeout(this.#idle)
    const owner = this.#owner
    if (owner === undefined || this.#closed) return
    this.#idle = setTimeout(async () => {
      // What has reached the socket counts as sent in time.
      await turn()
      await turn()
      if (this.#owner !== owner || owner.runnable || this.#running) return
      owner.end('25P03', 'terminating connection due to idle-in-transaction timeout')
    }, this.#options.idleInTransactionMs)
  }

  async #serve(peer: Peer): Promise<void> {
    if (peer.copy !== undefined) return this.#serveCopy(peer, peer.copy)
    const unit = peer.shift()
    if (unit?.kind === 'terminate') peer.end()
    else if (unit?.kind === 'batch') await this.#serveBatch(peer, unit)
  }

  async #serveBatch(peer: Peer, batch: Batch): Promise<void> {
    const listens: { channel: string; on: boolean }[] = []
    for (const message of batch.messages) {
      const simple = message[0] === FRONTEND.query
      if (!simple && message[0] !== FRONTEND.parse) continue
      const name = simple ? { text: '', next: 5 } : cString(message, 5)
      const found = inspect(cString(message, name.next).text, simple && batch.messages.length === 1)
      const refuse = name.text === '' ? found.refuse : NAMED_STATEMENT
      if (refuse !== undefined) return this.#refuse(peer, refuse, batch.end)
      if (found.copyFromBlob !== undefined) return this.#startCopy(peer, found.copyFromBlob)
      listens.push(...found.listens)
    }
    const messages = batch.messages.length === 1 ? batch.messages[0] : undefined
    const answer = await this.#run(peer, messages ?? Buffer.concat(batch.messages), (bytes) => peer.write(bytes))
    if (answer.status === undefined) {
      // After an error everything up to the Sync is skipped, a simple query too. Else it has ended itself (PANIC), as when its log has no room.
      const failedBefore = batch.messages.length > 1 && answer.error !== undefined
      const skips = batch.end !== 'sync' && (this.#skips || failedBefore || batch.end === 'flush')
      if (!skips) throw new Error(`the backend did not answer a ${batch.end}`)
      this.#skips ||= answer.error !== undefined
      return
    }
    this.#skips = false
    const repairs = this.#channels.apply(peer, listens)
    if (answer.status !== 'E') await this.#internal(repairs)
    peer.write(readyForQuery(answer.status))
  }

  /** Fails a batch with an error of our own, raised in the backend, so that its transaction fails with it. */
  async #refuse(peer: Peer, error: Refusal, end: Batch['end']): Promise<void> {
    const raise = extended(raiseStatement(error))
    const messages = end === 'flush' ? raise : Buffer.concat([raise, SYNC])
    const answer = await this.#run(peer, messages, () => {})
    // The backend may have had another reason to fail it: a transaction that had failed already.
    const ours = answer.error?.includes(`\0C${error.code}\0`) === true
    if (answer.error !== undefined) {
      peer.write(ours ? errorResponse({ severity: 'ERROR', ...error }) : answer.error)
    }
    if (answer.status !== undefined) peer.write(readyForQuery(answer.status))
  }

  /** Turns writing off and on again with what the volume can take: reading goes on. */
  #halt(): string[] {
    const halted = this.#options.room.obstacle !== undefined
    if (halted === this.#halted) return []
    this.#halted = halted
    return [`set default_transaction_read_only = ${halted ? 'on' : 'off'}`]
  }

  async #startCopy(peer: Peer, text: string): Promise<void> {
    // An empty load first: a wrong table or column, or a failed transaction, is told before any row is sent.
    const answer = await this.#copy(peer, text, Buffer.alloc(0))
    if (answer.status === undefined) throw new Error('the backend did not answer a COPY')
    if (answer.error !== undefined) return this.#endCopy(peer, answer.error, answer.status)
    peer.copy = { text, chunks: new CopyChunks(), rows: 0 }
    peer.write(copyInResponse())
  }

  async #serveCopy(peer: Peer, copy: Copy): Promise<void> {
    const unit = copy.chunks.full ? undefined : peer.shift()
    if (unit?.kind === 'terminate') return peer.end()
    if (unit?.kind === 'copy-fail')
      return this.#failCopy(peer, { code: '57014', message: `COPY from stdin failed: ${unit.reason}` })
    if (unit?.kind === 'batch')
      return this.#failCopy(peer, { code: '08P01', message: 'unexpected message during COPY from stdin' })
    let rows: Buffer<ArrayBuffer>
    try {
      rows = copy.chunks.take(unit !== undefined)
    } catch (error) {
      if (error instanceof CopyFormatError) return this.#failCopy(peer, { code: '22P04', message: error.message })
      throw error
    }
    if (rows.length > 0) {
      const full = this.#options.room.tooLittleToLoad
      if (full !== undefined) return this.#failCopy(peer, full)
      const answer = await this.#copy(peer, copy.text, rows)
      if (answer.status === undefined) throw new Error('the backend did not answer a COPY')
      if (answer.error !== undefined) return this.#endCopy(peer, answer.error, answer.status)
      copy.rows += Number(answer.tag.slice('COPY '.length))
    }
    if (unit !== undefined) this.#endCopy(peer, commandComplete(`COPY ${copy.rows}`), this.#status)
  }

  #failCopy(peer: Peer, error: Refusal): Promise<void> {
    peer.copy = undefined
    return this.#refuse(peer, error, 'query')
  }

  #endCopy(peer: Peer, last: Buffer, status: Status): void {
    peer.copy = undefined
    peer.write(last)
    peer.write(readyForQuery(status))
  }

  #copy(peer: Peer, text: string, rows: Buffer<ArrayBuffer>): Promise<Answer> {
    return this.#account(
      peer,
      this.#backend.copy(text, rows, { forward: () => {}, notify: this.#notify, better: this.#better }),
    )
  }

  #run(peer: Peer, messages: Buffer, forward: (bytes: Buffer) => void): Promise<Answer> {
    return this.#account(peer, this.#backend.run(messages, { forward, notify: this.#notify, better: this.#better }))
  }

  /** Notes who owns the backend after a batch. */
  async #account(peer: Peer, running: Promise<Answer>): Promise<Answer> {
    const answer = await running
    this.#status = answer.status ?? this.#status
    this.#owner = answer.status === 'I' ? undefined : peer
    return answer
  }

  /** Statements of the front's own, between batches. */
  async #internal(statements: readonly string[]): Promise<void> {
    for (const text of statements) {
      await this.#backend.run(query(text), { forward: () => {}, notify: this.#notify })
    }
  }

  /** Ends whatever the owner that left had open. */
  async #abandon(): Promise<void> {
    this.#owner = undefined
    // Failing it first: a Sync alone would commit what an unfinished batch has done.
    const gone = extended(raiseStatement({ code: '08006', message: 'the client has gone' }))
    const answer = await this.#backend.run(Buffer.concat([gone, SYNC]), { forward: () => {}, notify: this.#notify })
    if (answer.status !== 'I') await this.#internal(['rollback'])
    this.#status = 'I'
    this.#skips = false
  }

  readonly #better = (error: Buffer): Buffer | undefined => {
    const reason = this.#options.room.explain(error)
    return reason === undefined ? undefined : errorResponse({ severity: 'ERROR', ...reason })
  }

  readonly #notify = (message: Buffer): void => {
    const { text: channel } = cString(message, 9)
    for (const peer of this.#channels.audience(channel)) peer.write(message)
  }
}

/** A statement that fails with the given error. */
function raiseStatement(error: Refusal): string {
  const literal = (text: string) => `'${text.replaceAll('$refusal$', '').replaceAll("'", "''")}'`
  const hint = error.hint === undefined ? '' : `, hint = ${literal(error.hint)}`
  return `do $refusal$ begin raise exception using errcode = ${literal(error.code)}, message = ${literal(error.message)}${hint}; end $refusal$`
}
