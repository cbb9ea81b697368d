import { Readable } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import type { Permit } from './breaker.ts'
import type { Deadline } from './deadline.ts'

/**
 * The body of an answer: ends with a PipelineError when it breaks off or a deadline passes, and tells the host's breaker how it
 * went. Destroying it lets go of the connection at once, also before the first byte was read.
 */
export class Body extends Readable {
  readonly #source: Readable
  readonly #deadline: Deadline
  readonly #permit: Permit
  readonly #stop: () => void
  /** Whether the reader has enough for now. */
  #held = false

  constructor(source: Readable, deadline: Deadline, permit: Permit) {
    super()
    this.#source = source
    this.#deadline = deadline
    this.#permit = permit
    this.#stop = () => source.destroy(new Error('deadline'))
    deadline.signal.addEventListener('abort', this.#stop, { once: true })
    source.on('data', (chunk: Buffer) => {
      deadline.touch()
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

/** Undoes a content encoding that we did not ask for; the length then says nothing about what the caller reads. */
export function decoded(stream: Readable, headers: Record<string, string>): Readable {
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity'
  if (encoding === 'identity' || encoding === '') return stream
  const decoder =
    encoding === 'gzip' || encoding === 'x-gzip'
      ? createGunzip()
      : encoding === 'deflate'
        ? createInflate()
        : encoding === 'br'
          ? createBrotliDecompress()
          : undefined
  if (decoder === undefined) return stream
  delete headers['content-length']
  delete headers['content-encoding']
  stream.once('error', (error) => decoder.destroy(error))
  decoder.once('close', () => stream.destroy())
  return stream.pipe(decoder)
}

/** The first words of an answer that is an error; what cannot be read is left out. */
export async function firstText(stream: Readable): Promise<string> {
  let text = ''
  try {
    for await (const chunk of stream) {
      text += chunk.toString('utf8')
      if (text.length > 2000) break
    }
  } catch {
    // the status says enough
  }
  return text
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 200)
}
