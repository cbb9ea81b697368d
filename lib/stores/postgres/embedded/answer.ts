import type { Status } from './wire.ts'

const NOTIFICATION = 0x41
const COMMAND = 0x43
const ERROR = 0x45
const READY = 0x5a
const HEADER = 5

/** Where the parts of an answer go. */
export interface AnswerSinks {
  /** Bytes for the client whose batch it is, in order. */
  forward(bytes: Buffer): void
  /** A whole NotificationResponse, for whoever listens. */
  notify(message: Buffer): void
  /** An ErrorResponse to tell in place of this one, if there is a better one. */
  better?(error: Buffer): Buffer | undefined
}

/**
 * Reads the backend's answer to one batch as it comes: takes out notifications and ReadyForQuery (the front says that
 * itself), remembers how it ended, and lets everything else pass untouched.
 */
export class Answer {
  readonly #sinks: AnswerSinks
  #held: Buffer | undefined
  #passing = 0
  #status: Status | undefined
  #error: Buffer | undefined
  #tag = ''

  constructor(sinks: AnswerSinks) {
    this.#sinks = sinks
  }

  /** What ReadyForQuery said; undefined if the batch ended without one (Flush). */
  get status(): Status | undefined {
    return this.#status
  }

  /** The first ErrorResponse. */
  get error(): Buffer | undefined {
    return this.#error
  }

  /** The last command tag, `COPY 3`. */
  get tag(): string {
    return this.#tag
  }

  push(chunk: Buffer): void {
    const bytes = this.#held === undefined ? chunk : Buffer.concat([this.#held, chunk])
    this.#held = undefined
    let offset = Math.min(this.#passing, bytes.length)
    this.#passing -= offset
    let from = 0
    while (offset < bytes.length) {
      const whole = bytes.length - offset < HEADER ? undefined : 1 + bytes.readInt32BE(offset + 1)
      const ours = whole === undefined || isOurs(bytes[offset])
      if (whole === undefined || (ours && offset + whole > bytes.length)) {
        this.#held = bytes.subarray(offset)
        break
      }
      const end = Math.min(offset + whole, bytes.length)
      const message = bytes.subarray(offset, end)
      const told = ours ? this.#keep(message) : message
      if (told !== message) {
        if (offset > from) this.#sinks.forward(bytes.subarray(from, offset))
        if (told !== undefined) this.#sinks.forward(told)
        from = end
      }
      this.#passing = offset + whole - end
      offset = end
    }
    if (offset > from) this.#sinks.forward(bytes.subarray(from, offset))
  }

  /** Notes a message; what of it the client is to see. */
  #keep(message: Buffer): Buffer | undefined {
    switch (message[0]) {
      case ERROR: {
        const better = this.#sinks.better?.(message)
        this.#error ??= better ?? Buffer.from(message)
        return better ?? message
      }
      case COMMAND:
        this.#tag = message.toString('latin1', HEADER, message.length - 1)
        return message
      case READY:
        this.#status = statusOf(message[HEADER])
        return undefined
      default:
        this.#sinks.notify(Buffer.from(message))
        return undefined
    }
  }
}

function isOurs(letter: number | undefined): boolean {
  return letter === NOTIFICATION || letter === COMMAND || letter === ERROR || letter === READY
}

function statusOf(byte: number | undefined): Status {
  if (byte === 0x49) return 'I'
  return byte === 0x54 ? 'T' : 'E'
}
