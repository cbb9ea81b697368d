import type pg from 'pg'
import type { PipelineError } from '../../errors.ts'

const DATA = 0x64
const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1')
/** Start of a binary COPY: signature, flags, length of the (absent) extension. */
const HEADER = Buffer.concat([SIGNATURE, Buffer.alloc(8)])
/** CopyData with the trailer (-1 as field count), then CopyDone. */
const FINISH = Buffer.from([DATA, 0, 0, 0, 6, 0xff, 0xff, 0x63, 0, 0, 0, 4])

/** What {@link CopyIn} needs from its session. */
export interface CopyInHooks {
  /** Turns what pg reports into the error callers see. */
  errors(thrown: unknown): PipelineError
  /** Called when something is awaited from the database (true) and when nothing is any more. */
  waiting(on: boolean): void
}

interface Deferred<T> {
  promise: Promise<T>
  resolve(value: T): void
  reject(error: PipelineError): void
}

/**
 * `COPY … FROM STDIN (FORMAT binary)` as a statement that pg can queue. It writes CopyData headers itself and leaves the
 * caller's buffers alone until the socket has taken them, so that they can be recycled without a copy.
 */
export class CopyIn implements pg.Submittable {
  readonly #text: string
  readonly #hooks: CopyInHooks
  readonly #pending = new Set<(error: PipelineError) => void>()
  readonly #started = deferred<void>()
  readonly #finished = deferred<number>()
  #connection: pg.Connection | undefined
  #error: PipelineError | undefined
  #closed = false
  #rows = 0

  constructor(text: string, hooks: CopyInHooks) {
    this.#text = text
    this.#hooks = hooks
  }

  /** Resolves when the database is ready for rows. */
  get started(): Promise<void> {
    return this.#started.promise
  }

  /** Resolves with the number of rows when the statement is over. */
  get finished(): Promise<number> {
    return this.#finished.promise
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.#error !== undefined) return quiet(Promise.reject(this.#error))
    const header = Buffer.allocUnsafe(5)
    header[0] = DATA
    header.writeInt32BE(bytes.byteLength + 4, 1)
    return this.#send([header, bytes])
  }

  end(): Promise<number> {
    if (!this.#closed && this.#error === undefined) {
      this.#closed = true
      this.#hooks.waiting(true)
      void this.#send([FINISH])
    }
    return this.finished
  }

  async fail(reason: string): Promise<void> {
    if (!this.#closed && this.#error === undefined) {
      this.#closed = true
      this.#hooks.waiting(true)
      const text = Buffer.from(`${reason.replaceAll('\0', '')}\0`)
      const head = Buffer.from([0x66, 0, 0, 0, 0])
      head.writeInt32BE(text.length + 4, 1)
      void this.#send([head, text])
    }
    // The statement ends with an error either way, and its rows are gone: that is what was asked for.
    await this.finished.catch(() => undefined)
  }

  // What pg calls, in the order of the protocol.

  submit(connection: pg.Connection): void {
    this.#connection = connection
    this.#hooks.waiting(true)
    connection.query(this.#text)
  }

  handleCopyInResponse(): void {
    this.#hooks.waiting(false)
    void this.#send([frame(HEADER)])
    this.#started.resolve()
  }

  handleCommandComplete(message: { text: string }): void {
    this.#rows = Number(/^COPY (\d+)/.exec(message.text)?.[1] ?? 0)
  }

  handleReadyForQuery(): void {
    this.#hooks.waiting(false)
    this.#finished.resolve(this.#rows)
  }

  handleError(thrown: unknown): void {
    if (this.#error !== undefined) return
    const error = this.#hooks.errors(thrown)
    this.#error = error
    this.#hooks.waiting(false)
    for (const reject of this.#pending) reject(error)
    this.#pending.clear()
    this.#started.reject(error)
    this.#finished.reject(error)
  }

  #send(parts: readonly Uint8Array[]): Promise<void> {
    const stream = this.#connection?.stream
    if (stream === undefined || this.#error !== undefined) return quiet(Promise.reject(this.#error))
    const { promise, resolve, reject } = deferred<void>()
    this.#pending.add(reject)
    this.#hooks.waiting(true)
    stream.cork()
    parts.forEach((part, index) => {
      if (index < parts.length - 1) stream.write(part)
      else stream.write(part, (error) => this.#sent(reject, error, resolve))
    })
    stream.uncork()
    return promise
  }

  #sent(reject: (error: PipelineError) => void, error: Error | null | undefined, resolve: () => void): void {
    if (!this.#pending.has(reject)) return
    if (error !== null && error !== undefined) {
      this.handleError(error)
      return
    }
    // As long as the socket takes everything at once its callbacks never let the event loop turn: nobody would read the
    // database's error, and nothing else in this thread would run.
    setImmediate(() => {
      if (!this.#pending.delete(reject)) return
      this.#hooks.waiting(this.#closed || this.#pending.size > 0)
      resolve()
    })
  }
}

function frame(payload: Buffer): Buffer {
  const head = Buffer.from([DATA, 0, 0, 0, 0])
  head.writeInt32BE(payload.length + 4, 1)
  return Buffer.concat([head, payload])
}

function deferred<T>(): Deferred<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  return { promise: quiet(promise), resolve, reject }
}

/** A load that fails rejects all its promises at once, and its caller awaits one of them: the others are no surprise. */
function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined)
  return promise
}
