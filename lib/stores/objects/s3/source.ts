import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { abortError, unreadable } from '../gate.ts'
import type { ObjectSource } from '../port.ts'

const readBytes = 1024 * 1024

/**
 * The bytes of a source in pieces of exactly `size`, the last one shorter (and the only one perhaps empty). A stalled source is
 * destroyed when the signal aborts. Throws OBJECT_SOURCE, the source's own PipelineError, STOPPED.
 */
export async function* pieces(
  source: ObjectSource,
  size: number,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, void> {
  if (source instanceof Uint8Array) {
    const whole = Buffer.from(source.buffer, source.byteOffset, source.byteLength)
    for (let at = 0; at === 0 || at < whole.length; at += size) yield whole.subarray(at, at + size)
    return
  }
  const what = source instanceof Readable ? 'the stream' : source.file
  const stream = source instanceof Readable ? source : createReadStream(source.file, { highWaterMark: readBytes })
  if (stream.errored !== null) throw unreadable(what, stream.errored)
  if (stream.readableEnded || stream.destroyed) throw unreadable(what, new Error('already read or destroyed'))
  const abort = () => stream.destroy(abortError(signal, 'storing an object'))
  if (signal.aborted) abort()
  else signal.addEventListener('abort', abort, { once: true })
  try {
    let given = false
    for await (const piece of gathered(stream, size, what)) {
      given = true
      yield piece
    }
    if (!given) yield Buffer.alloc(0)
  } finally {
    signal.removeEventListener('abort', abort)
    stream.destroy()
  }
}

async function* gathered(stream: Readable, size: number, what: string): AsyncGenerator<Buffer, void, void> {
  let chunks: Uint8Array[] = []
  let bytes = 0
  for await (let block of blocks(stream, what)) {
    while (bytes + block.length >= size) {
      const cut = size - bytes
      yield Buffer.concat([...chunks, block.subarray(0, cut)], size)
      block = block.subarray(cut)
      chunks = []
      bytes = 0
    }
    if (block.length === 0) continue
    // Many small chunks cost more than their bytes: they are joined now and then.
    if (chunks.length === 256) chunks = [Buffer.concat(chunks)]
    chunks.push(block)
    bytes += block.length
  }
  if (bytes > 0) yield Buffer.concat(chunks, bytes)
}

/** The chunks of a stream as bytes; what goes wrong here is the source's fault. */
async function* blocks(stream: Readable, what: string): AsyncGenerator<Uint8Array, void, void> {
  try {
    for await (const chunk of stream) {
      const block: unknown = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
      if (!(block instanceof Uint8Array)) throw new TypeError(`expected bytes or text, got ${typeof chunk}`)
      yield block
    }
  } catch (error) {
    throw unreadable(what, error)
  }
}
