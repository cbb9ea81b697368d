import type { IncomingMessage } from 'node:http'
import { callerAddress, type Proxies } from '../../lib/api/access/address.ts'
import { type ApiRequest, maxBody } from '../../lib/api/http.ts'
import { PipelineError } from '../../lib/errors.ts'

/** How long a body may take. */
const bodyMs = 15_000

/** A request without its body, as Node received it; `path` is what stands below the API's root. */
export function apiRequest(
  incoming: IncomingMessage,
  path: string,
  { proxies, signal }: { proxies: Proxies; signal: AbortSignal },
): ApiRequest {
  const url = incoming.url ?? ''
  const question = url.indexOf('?')
  const headers = headersOf(incoming)
  return {
    method: incoming.method ?? 'GET',
    path,
    query: new URLSearchParams(question < 0 ? '' : url.slice(question + 1)),
    headers,
    address: callerAddress(incoming.socket.remoteAddress ?? '', headers['x-forwarded-for'], proxies),
    body: new Uint8Array(0),
    signal,
  }
}

/** Names in small letters; what stands several times is joined as Node does, cookies and the like included. */
function headersOf({ headers }: IncomingMessage): ApiRequest['headers'] {
  const texts: Record<string, string | undefined> = Object.create(null)
  for (const [name, value] of Object.entries(headers)) texts[name] = Array.isArray(value) ? value.join(', ') : value
  return texts
}

/**
 * The body, at most `maxBody` bytes. The editor's own server may stand before that of the flows, and has then read and parsed what is
 * JSON or a form: what it made of it is written out again. Throws BODY_TOO_LARGE, NET_CUT, NET_TIMEOUT.
 */
export async function bodyOf(incoming: IncomingMessage & { body?: unknown }): Promise<Uint8Array> {
  const announced = Number(incoming.headers['content-length'] ?? 0)
  if (announced > maxBody) throw tooLarge()
  if (incoming.readableEnded) return limited(Buffer.from(parsedBody(incoming.body, incoming.headers['content-type'])))
  if (announced === 0 && incoming.headers['transfer-encoding'] === undefined) return new Uint8Array(0)
  const chunks: Buffer[] = []
  let bytes = 0
  let isLate = false
  const late = setTimeout(() => {
    isLate = true
    incoming.destroy()
  }, bodyMs)
  try {
    // stays open when too much comes, so that this can be said
    for await (const chunk of incoming.iterator({ destroyOnReturn: false })) {
      const block = Buffer.from(chunk)
      bytes += block.length
      if (bytes > maxBody) throw tooLarge()
      chunks.push(block)
    }
  } catch (cause) {
    if (isLate) throw new PipelineError('NET_TIMEOUT', 'The body did not come in time', { cause })
    throw PipelineError.from(cause, 'NET_CUT')
  } finally {
    clearTimeout(late)
  }
  return Buffer.concat(chunks)
}

function parsedBody(body: unknown, type = ''): string | Buffer {
  if (typeof body === 'string' || Buffer.isBuffer(body)) return body
  if (body === undefined || body === null) return ''
  if (!type.includes('x-www-form-urlencoded') || typeof body !== 'object') return JSON.stringify(body) ?? ''
  const form = new URLSearchParams()
  for (const [name, value] of Object.entries(body)) form.append(name, String(value))
  return form.toString()
}

function limited(body: Buffer): Buffer {
  if (body.length > maxBody) throw tooLarge()
  return body
}

function tooLarge(): PipelineError {
  return new PipelineError('BODY_TOO_LARGE', `A body of more than ${maxBody} bytes`)
}
