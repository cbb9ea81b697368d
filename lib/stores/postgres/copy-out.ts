import type pg from 'pg'
import type { PipelineError } from '../../errors.ts'
import type { CopyInHooks } from './copy-in.ts'

const BLOCK = 64 * 1024
/** The socket is not read while this much waits for its reader. */
const HIGH = 1024 * 1024
const LOW = 256 * 1024
/** Signature and flags; the length of an extension follows. */
const HEADER = 15

/**
 * `COPY … TO STDOUT (FORMAT binary)` as a statement that pg can queue: its rows as blocks of tuples, without the header and the trailer, and no
 * faster than they are read.
 */
export class CopyOut implements pg.Submittable {
  readonly #text: string
  readonly #hooks: CopyInHooks
  readonly #finished = Promise.withResolvers<number>()
  readonly #queue: Buffer[] = []
  #queued = 0
  #block = Buffer.allocUnsafe(BLOCK)
  #filled = 0
  #opened = false
  #over = false
  #paused = false
  #error: PipelineError | undefined
  #wake: (() => void) | undefined
  #connection: pg.Connection | undefined
  #rows = 0

  constructor(text: string, hooks: CopyInHooks) {
    this.#text = text
    this.#hooks = hooks
    this.#finished.promise.catch(() => undefined)
  }

  /** Resolves with the number of rows when the statement is over. */
  get finished(): Promise<number> {
    return this.#finished.promise
  }

  /** Whether the database has nothing more to say of it. */
  get over(): boolean {
    return this.#over || this.#error !== undefined
  }

  /** The next block; undefined after the last one. Rejects with what went wrong. */
  async next(): Promise<Buffer | undefined> {
    for (;;) {
      const block = this.#queue.shift()
      if (block !== undefined) {
        this.#queued -= block.length
        if (this.#paused && this.#queued < LOW) this.#resume()
        return block
      }
      if (this.#error !== undefined) throw this.#error
      if (this.#over) return undefined
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      await promise
    }
  }

  // What pg calls, in the order of the protocol.

  submit(connection: pg.Connection): void {
    this.#connection = connection
    this.#hooks.waiting(true)
    connection.query(this.#text)
  }

  handleCopyData({ chunk }: { chunk: Buffer }): void {
    let bytes = chunk
    if (!this.#opened) {
      this.#opened = true
      bytes = chunk.subarray(HEADER + 4 + chunk.readUInt32BE(HEADER))
    }
    // A tuple of -1 fields is the trailer, a message of its own (or all that follows the header).
    if (bytes.length === 2 && bytes.readInt16BE(0) === -1) return
    // The parser uses its buffer again, so that what is kept is copied.
    if (this.#filled + bytes.length > BLOCK) this.#flush()
    if (bytes.length > BLOCK) this.#push(Buffer.from(bytes))
    else this.#filled += bytes.copy(this.#block, this.#filled)
  }

  handleCommandComplete(message: { text: string }): void {
    this.#rows = Number(/^COPY (\d+)/.exec(message.text)?.[1] ?? 0)
    this.#flush()
  }

  handleReadyForQuery(): void {
    this.#hooks.waiting(false)
    this.#over = true
    this.#finished.resolve(this.#rows)
    this.#wake?.()
  }

  handleError(thrown: unknown): void {
    if (this.#error !== undefined) return
    this.#error = this.#hooks.errors(thrown)
    this.#hooks.waiting(false)
    this.#finished.reject(this.#error)
    this.#wake?.()
  }

  #flush(): void {
    if (this.#filled === 0) return
    this.#push(this.#block.subarray(0, this.#filled))
    this.#block = Buffer.allocUnsafe(BLOCK)
    this.#filled = 0
  }

  #push(block: Buffer): void {
    this.#queue.push(block)
    this.#queued += block.length
    if (this.#queued > HIGH && !this.#paused) {
      this.#paused = true
      this.#connection?.stream.pause()
      this.#hooks.waiting(false) // it is the reader who is waited for
    } else if (!this.#paused) this.#hooks.waiting(true)
    this.#wake?.()
  }

  #resume(): void {
    this.#paused = false
    this.#connection?.stream.resume()
    if (!this.#over && this.#error === undefined) this.#hooks.waiting(true)
  }
}
