import { pipeline, Readable, type Transform } from 'node:stream'
// not by name: createZstdDecompress came with Node 22.15
import zlib from 'node:zlib'
import { PipelineError } from '../errors.ts'

/** A body may grow this much while it is decoded: text compresses 10 to 40 times, a bomb a thousand. */
const maxRatio = 200
/** Growth up to this many bytes is harmless, whatever the ratio. */
const harmless = 10 * 1024 * 1024
/** Encodings one upon the other. */
const maxEncodings = 3

/** What {@link unpacked} watches over. */
export interface UnpackOptions {
  host: string
  /** Largest body, on the wire and at each stage of decoding. */
  maxBytes?: number | undefined
  /** Called with each piece that arrives. */
  touch(): void
}

type Chunks = AsyncIterable<Buffer>
type Stage = (chunks: Chunks) => Chunks

/**
 * A body without its content encodings (gzip, deflate, br, zstd, also several); `headers` lose what no longer applies. Throws
 * NET_ENCODING for an encoding that is not known. The stream ends with NET_TOO_LARGE or NET_INFLATES when it grows too much, with
 * the error of the decoder (see `errors.ts`) when it is damaged.
 */
export function unpacked(source: Readable, headers: Record<string, string>, options: UnpackOptions): Readable {
  const { host, maxBytes, touch } = options
  const encodings = encodingsOf(headers['content-encoding'] ?? '')
  if (encodings.length === 0) return source
  if (encodings.length > maxEncodings) throw encodingError(host, `it is encoded ${encodings.length} times`)
  const decoders = encodings.reverse().map((encoding) => decoderOf(encoding, host))
  delete headers['content-length']
  delete headers['content-encoding']

  let wire = 0
  const arriving = metered((total) => {
    wire = total
    touch()
    notAbove(total, maxBytes, host)
  })
  const growing: Stage = metered((total) => {
    notAbove(total, maxBytes, host)
    if (total > Math.max(harmless, wire * maxRatio)) throw inflates(host, wire)
  })
  const chunks = decoders.reduce<Chunks>((before, decoder) => growing(decoder(before)), arriving(source))
  const decoded = Readable.from(chunks, { objectMode: false })
  decoded.once('close', () => source.destroy())
  return decoded
}

/** Throws NET_TOO_LARGE when a body is above its limit. */
export function notAbove(
  bytes: number,
  limit: number | undefined,
  host: string,
  how: 'seen' | 'announced' = 'seen',
): void {
  if (limit === undefined || bytes <= limit) return
  const what = how === 'announced' ? `announces ${bytes} bytes` : `sent more (${bytes} bytes so far)`
  throw new PipelineError('NET_TOO_LARGE', `At most ${limit} bytes were wanted; ${host} ${what}`, {
    details: { host, limit, [how]: bytes },
  })
}

function inflates(host: string, wire: number): PipelineError {
  return new PipelineError(
    'NET_INFLATES',
    `What ${host} sent grows beyond ${maxRatio} times its size while it is decoded: it is not decoded further`,
    { details: { host, ratio: maxRatio, wire } },
  )
}

function encodingError(host: string, what: string): PipelineError {
  return new PipelineError('NET_ENCODING', `The answer of ${host} cannot be decoded: ${what}`, { details: { host } })
}

function encodingsOf(header: string): string[] {
  return header
    .toLowerCase()
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '' && word !== 'identity')
}

function decoderOf(encoding: string, host: string): Stage {
  if (encoding === 'gzip' || encoding === 'x-gzip') return decoding(() => zlib.createGunzip(), host)
  if (encoding === 'br') return decoding(() => zlib.createBrotliDecompress(), host)
  if (encoding === 'deflate') {
    // with or without zlib's header: both are sent by that name
    return decoding((first) => ((first & 0x0f) === 8 ? zlib.createInflate() : zlib.createInflateRaw()), host)
  }
  if (encoding === 'zstd' && typeof zlib.createZstdDecompress === 'function') {
    // RFC 9659: nobody may ask for a larger window than 8 MiB
    const params = { [zlib.constants.ZSTD_d_windowLogMax]: 23 }
    return decoding(() => zlib.createZstdDecompress({ params }), host)
  }
  throw encodingError(host, `its content encoding is "${encoding.slice(0, 40)}"`)
}

/**
 * A stage of decoding; the first byte chooses the decoder. Node reads one frame of zstd, br or deflate and drops what follows: better
 * no body than half of it.
 */
function decoding(decoderFor: (first: number) => Transform & { bytesWritten: number }, host: string): Stage {
  return async function* (chunks) {
    const iterator = chunks[Symbol.asyncIterator]()
    const first = await iterator.next()
    if (first.done) return
    let fed = first.value.length
    const fedOn = async function* () {
      yield first.value
      for await (const chunk of { [Symbol.asyncIterator]: () => iterator }) {
        fed += chunk.length
        yield chunk
      }
    }
    const decoder = decoderFor(first.value[0] ?? 0)
    pipeline(Readable.from(fedOn()), decoder, () => undefined)
    yield* decoder
    if (decoder.bytesWritten < fed) throw encodingError(host, 'something follows its end')
  }
}

/** Passes bytes on and has their number judged; what `judge` throws ends the stream. */
function metered(judge: (total: number) => void): Stage {
  return async function* (chunks) {
    let total = 0
    for await (const chunk of chunks) {
      total += chunk.length
      judge(total)
      yield chunk
    }
  }
}
