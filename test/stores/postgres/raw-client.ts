import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { PostgresTarget } from '../../../lib/stores/postgres/port.ts'

/** A message of the backend: its letter and its payload. */
export interface RawMessage {
  letter: string
  payload: Buffer
}

type Embedded = Extract<PostgresTarget, { kind: 'embedded' }>

/** The wire protocol by hand, to send what no driver would. */
export class RawClient {
  readonly socket: Socket
  #bytes = Buffer.alloc(0)
  #messages: RawMessage[] = []
  #closed = false

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk])
      while (this.#bytes.length >= 5) {
        const end = 1 + this.#bytes.readInt32BE(1)
        if (this.#bytes.length < end) break
        this.#messages.push({
          letter: this.#bytes.toString('latin1', 0, 1),
          payload: Buffer.from(this.#bytes.subarray(5, end)),
        })
        this.#bytes = this.#bytes.subarray(end)
      }
      socket.emit('messages')
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#closed = true
      socket.emit('messages')
    })
  }

  /** Connects and logs in. */
  static async open(target: PostgresTarget, secret = embedded(target).secret): Promise<RawClient> {
    const client = await RawClient.dial(target)
    client.startup()
    await client.until('R')
    client.send('p', `${secret}\0`)
    await client.until('Z')
    return client
  }

  /** Connects, and says nothing. */
  static async dial(target: PostgresTarget): Promise<RawClient> {
    const socket = connect({ path: embedded(target).socket })
    await once(socket, 'connect')
    return new RawClient(socket)
  }

  startup(): void {
    const words = Buffer.from('user\0postgres\0database\0postgres\0\0')
    const head = Buffer.alloc(8)
    head.writeInt32BE(words.length + 8)
    head.writeInt32BE(196_608, 4)
    this.socket.write(Buffer.concat([head, words]))
  }

  send(letter: string, payload: string | Buffer = ''): void {
    this.socket.write(raw(letter, payload))
  }

  /** Sends a simple query and waits for its end. */
  async query(text: string): Promise<RawMessage[]> {
    this.send('Q', `${text}\0`)
    return this.until('Z')
  }

  /** Everything up to the next message of that letter; what came before the connection was closed otherwise. */
  async until(letter: string): Promise<RawMessage[]> {
    for (;;) {
      const at = this.#messages.findIndex((message) => message.letter === letter)
      if (at !== -1) return this.#messages.splice(0, at + 1)
      if (this.#closed) return this.#messages.splice(0)
      await once(this.socket, 'messages')
    }
  }

  close(): void {
    this.socket.destroy()
  }
}

/** A message as bytes. */
export function raw(letter: string, payload: string | Buffer = ''): Buffer {
  const body = Buffer.from(payload)
  const head = Buffer.alloc(5)
  head.write(letter, 'latin1')
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

/** Parse, Bind and Execute of a statement without parameters. */
export function rawExtended(text: string): Buffer {
  return Buffer.concat([raw('P', `\0${text}\0\0\0`), raw('B', Buffer.alloc(8)), raw('E', Buffer.alloc(5))])
}

/** The letters of messages, with the state of ReadyForQuery and the code of an error: `C ZI`, `E:42601 ZE`. */
export function outline(messages: readonly RawMessage[]): string {
  return messages
    .map(({ letter, payload }) => {
      if (letter === 'Z') return `Z${payload.toString()}`
      if (letter === 'E') return `E:${/\0C(\w{5})\0/.exec(payload.toString())?.[1]}`
      return letter
    })
    .join(' ')
}

function embedded(target: PostgresTarget): Embedded {
  if (target.kind !== 'embedded') throw new Error('the raw client is for the embedded store')
  return target
}
