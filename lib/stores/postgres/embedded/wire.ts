// The little of PostgreSQL's wire protocol (version 3) that the front has to read and write itself.

/** Message types by their letter. */
export const FRONTEND = {
  query: 0x51,
  parse: 0x50,
  bind: 0x42,
  describe: 0x44,
  execute: 0x45,
  close: 0x43,
  functionCall: 0x46,
  sync: 0x53,
  flush: 0x48,
  copyData: 0x64,
  copyDone: 0x63,
  copyFail: 0x66,
  terminate: 0x58,
  password: 0x70,
} as const

/** First words of a connection, before messages have a type. */
export const OPENING = { startup: 196_608, ssl: 80_877_103, gss: 80_877_104, cancel: 80_877_102 } as const

/** `I`dle, in a `T`ransaction, in a failed (`E`) one: what ReadyForQuery says of the backend. */
export type Status = 'I' | 'T' | 'E'

/** What a backend error says. */
export interface ErrorFields {
  severity: 'ERROR' | 'FATAL'
  code: string
  message: string
  hint?: string
}

/** A message: letter, length of what follows including itself, payload. */
export function message(letter: string, payload: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.write(letter, 'latin1')
  head.writeInt32BE(payload.length + 4, 1)
  return Buffer.concat([head, payload])
}

/** ErrorResponse. */
export function errorResponse(fields: ErrorFields): Buffer {
  const parts = [
    `S${fields.severity}`,
    `V${fields.severity}`,
    `C${fields.code}`,
    `M${fields.message}`,
    ...(fields.hint === undefined ? [] : [`H${fields.hint}`]),
  ]
  return message('E', Buffer.from(`${parts.map((part) => `${part.replaceAll('\0', '')}\0`).join('')}\0`))
}

/** ReadyForQuery. */
export function readyForQuery(status: Status): Buffer {
  return message('Z', Buffer.from(status))
}

/** Authentication request: 0 is "you are in", 3 asks for a password in clear. */
export function authentication(kind: 0 | 3): Buffer {
  return message('R', int32(kind))
}

/** BackendKeyData; nobody can cancel here, so the key is nought. */
export function backendKeyData(pid: number): Buffer {
  return message('K', Buffer.concat([int32(pid), int32(0)]))
}

/** ParameterStatus. */
export function parameterStatus(name: string, value: string): Buffer {
  return message('S', Buffer.from(`${name}\0${value}\0`))
}

/** CopyInResponse, binary; how many columns there are, nobody asks. */
export function copyInResponse(): Buffer {
  return message('G', Buffer.from([1, 0, 0]))
}

/** CommandComplete. */
export function commandComplete(tag: string): Buffer {
  return message('C', Buffer.from(`${tag}\0`))
}

/** Query, as a client sends it. */
export function query(text: string): Buffer {
  return message('Q', Buffer.from(`${text}\0`))
}

/** Sync, as a client sends it. */
export const SYNC = message('S', Buffer.alloc(0))

/** Parse, Bind and Execute of one statement without parameters, as a client sends them; a Sync or Flush has to follow. */
export function extended(text: string): Buffer {
  return Buffer.concat([
    message('P', Buffer.from(`\0${text}\0\0\0`)),
    message('B', Buffer.alloc(8)),
    message('E', Buffer.alloc(5)),
  ])
}

/** The text that starts at `offset` and ends at the next zero byte. */
export function cString(bytes: Buffer, offset: number): { text: string; next: number } {
  const end = bytes.indexOf(0, offset)
  const stop = end === -1 ? bytes.length : end
  return { text: bytes.toString('utf8', offset, stop), next: stop + 1 }
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

/** Longest message of a client that has proved who it is, and of one that has not. */
const MAX_MESSAGE = 256 * 1024 * 1024
const MAX_OPENING = 10_000

/** Cuts a client's byte stream into whole messages; the opening ones have no type letter. */
export class MessageReader {
  #limit = MAX_OPENING
  #held: Buffer[] = []
  #heldBytes = 0
  #needed = 0
  #typed = false

  /** From here on messages have a type letter. */
  typed(): void {
    this.#typed = true
  }

  /** From here on messages may be long. */
  trusted(): void {
    this.#limit = MAX_MESSAGE
  }

  /** Hands every whole message to `take`, letter and length included. Throws when a length makes no sense. */
  push(chunk: Buffer, take: (bytes: Buffer) => void): void {
    this.#held.push(chunk)
    this.#heldBytes += chunk.length
    // Joined only once a message is whole: a big one would otherwise be copied again for each of its pieces.
    if (this.#heldBytes < this.#needed) return
    const bytes = this.#held.length === 1 ? chunk : Buffer.concat(this.#held, this.#heldBytes)
    let offset = 0
    for (;;) {
      const lead = this.#typed ? 1 : 0
      const rest = bytes.length - offset
      this.#needed = lead + 4
      if (rest < this.#needed) break
      const length = bytes.readInt32BE(offset + lead)
      if (length < 4 || length > this.#limit) throw new RangeError(`message of ${length} bytes`)
      this.#needed = lead + length
      if (rest < this.#needed) break
      const end = offset + this.#needed
      take(bytes.subarray(offset, end))
      offset = end
    }
    this.#held = offset === bytes.length ? [] : [bytes.subarray(offset)]
    this.#heldBytes = bytes.length - offset
  }
}
