import { Readable } from 'node:stream'
import { TextDecoder } from 'node:util'
import type { Permit } from './breaker.ts'
import type { Deadline } from './deadline.ts'
import { notAbove } from './inflate.ts'

/** How an answer's text is read when it is an error: so much, and for so long. */
const words = { bytes: 64 * 1024, ms: 10_000 }

/** What a body belongs to. */
export interface BodyOptions {
  host: string
  deadline: Deadline
  permit: Permit
  /** Largest body. */
  maxBytes?: number | undefined
  /** Told how many bytes came, when it has ended whichever way. */
  received?: ((bytes: number) => void) | undefined
}

/**
 * The body of an answer: ends with a PipelineError when it breaks off, grows too large or a deadline passes, and tells the host's breaker
 * how it went. Destroying it lets go of the connection at once, also before the first byte was read.
 */
export class Body extends Readable {
  readonly #source: Readable
  readonly #deadline: Deadline
  readonly #permit: Permit
  readonly #stop: () => void
  readonly #received: ((bytes: number) => void) | undefined
  #bytes = 0
  /** Whether the reader has enough for now. */
  #held = false

  constructor(source: Readable, { host, deadline, permit, maxBytes, received }: BodyOptions) {
    super()
    this.#source = source
    this.#deadline = deadline
    this.#permit = permit
    this.#received = received
    this.#stop = () => source.destroy(new Error('deadline'))
    deadline.signal.addEventListener('abort', this.#stop, { once: true })
    source.on('data', (chunk: Buffer) => {
      deadline.touch()
      this.#bytes += chunk.length
      try {
        notAbove(this.#bytes, maxBytes, host)
      } catch (error) {
        source.destroy(error instanceof Error ? error : new Error(String(error)))
        return
      }
      if (!this.push(chunk)) this.#hold()
    })
    this.#hold()
    // Who reads gets the error; one that comes before anybody reads must not end the process.
    this.on('error', () => undefined)
    source.once('end', () => {
      permit.succeeded()
      this.push(null)
    })
    source.on('error', (error: Error) => this.#broken(error))
    source.once('close', () => this.#broken(new Error('closed before its end')))
    if (deadline.signal.aborted) this.#stop()
  }

  override _read(): void {
    this.#held = false
    this.#source.resume()
  }

  #hold(): void {
    this.#held = true
    this.#source.pause()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#deadline.clear()
    this.#deadline.signal.removeEventListener('abort', this.#stop)
    this.#source.destroy()
    this.#permit.withdrawn()
    this.#received?.(this.#bytes)
    done(error)
  }

  #broken(cause: Error): void {
    if (this.destroyed || this.#source.readableEnded) return
    const error = this.#deadline.explain(cause)
    // While the reader holds us up the host cannot send: its silence says nothing.
    if (error.code === 'NET_TIMEOUT' && this.#held) this.#permit.withdrawn()
    else this.#permit.failed(error)
    this.destroy(error)
  }
}

/** The beginning of an answer that is an error, at most 64 KB of it, and for 10 s; what cannot be read is left out. */
export async function firstText(stream: Readable, contentType: string | undefined): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  const enough = setTimeout(() => stream.destroy(), words.ms)
  try {
    for await (const chunk of stream) {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes >= words.bytes) break
    }
  } catch {
    // the status says enough
  } finally {
    clearTimeout(enough)
    stream.destroy()
  }
  return textDecoder(contentType).decode(Buffer.concat(chunks).subarray(0, words.bytes))
}

/** The words of a page, without its tags. */
export function excerpt(text: string): string {
  return text
    .slice(0, 4_000)
    .replace(/<[^>]*>/g, ' ')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, 200)
}

function textDecoder(contentType = ''): TextDecoder {
  const charset = /charset\s*=\s*"?([\w.:-]+)/i.exec(contentType)?.[1] ?? 'utf-8'
  try {
    return new TextDecoder(charset)
  } catch {
    return new TextDecoder()
  }
}
