import { PipelineError } from '../../lib/errors.ts'
import type { AdminRequest, AdminResponse, Red } from '../kit/red.ts'

/** SNS and EventBridge send 256 KB at most. */
const maxBytes = 512 * 1024
const bodyMs = 15_000

/** Deals with a pushed request; resolves when what it tells of is safe. */
export type PushHandler = (request: { headers: AdminRequest['headers']; body: string }) => Promise<void>

/** HTTP status by code; what is not here is our own trouble, and the sender tries again. */
const statuses: Readonly<Record<string, number>> = {
  EVENT_SECRET: 403,
  EVENT_SIGNATURE: 403,
  EVENT_TOPIC: 403,
  EVENT_INVALID: 400,
  BODY_TOO_LARGE: 413,
}

const handlers = new Map<string, PushHandler>()
let server: Red['httpNode']

/**
 * Answers `POST /ysh-s3-event/<path>` of the server of flows. One route for all nodes, made once: those of Express cannot be taken back.
 * Returns how to stop answering. Throws CONFIG when the path is taken, or the server is switched off.
 */
export function answerPushes(red: Red, path: string, handler: PushHandler): () => void {
  if (red.httpNode === undefined) {
    throw new PipelineError(
      'CONFIG',
      'settings.js switches the server of flows off (httpNodeRoot): nothing can be pushed',
    )
  }
  if (handlers.has(path)) throw new PipelineError('CONFIG', `Another ysh-s3-event has the path ${path} already`)
  if (server !== red.httpNode) {
    server = red.httpNode
    server.post('/ysh-s3-event/:path', (request, response) => {
      void answer(request, response, handlers.get(request.params.path ?? ''))
    })
  }
  handlers.set(path, handler)
  return () => {
    if (handlers.get(path) === handler) handlers.delete(path)
  }
}

async function answer(request: AdminRequest, response: AdminResponse, handler: PushHandler | undefined): Promise<void> {
  try {
    if (handler === undefined) {
      response.status(404).json({ code: 'NOT_DEPLOYED' })
      return
    }
    await handler({ headers: request.headers, body: await bodyOf(request) })
    response.status(200).json({ taken: true })
  } catch (thrown) {
    const { code } = PipelineError.from(thrown)
    const status = statuses[code]
    if (status === undefined) response.setHeader('Retry-After', '30')
    // no message: whoever sends this need not know more
    if (!response.headersSent) response.status(status ?? 503).json({ code })
  }
}

/** Throws BODY_TOO_LARGE, NET_CUT. */
async function bodyOf(request: AdminRequest): Promise<string> {
  // The editor's own server may stand before that of the flows, and has then read and parsed what is JSON.
  if (request.readableEnded) return limited(parsedBody(request.body))
  const chunks: Buffer[] = []
  let bytes = 0
  const late = setTimeout(() => request.destroy(), bodyMs)
  try {
    for await (const chunk of request) {
      const block = Buffer.from(chunk)
      bytes += block.length
      if (bytes > maxBytes) throw tooLarge()
      chunks.push(block)
    }
  } catch (cause) {
    throw PipelineError.from(cause, 'NET_CUT')
  } finally {
    clearTimeout(late)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parsedBody(body: unknown): string {
  if (typeof body === 'string') return body
  return Buffer.isBuffer(body) ? body.toString('utf8') : (JSON.stringify(body) ?? '')
}

function limited(body: string): string {
  if (Buffer.byteLength(body) > maxBytes) throw tooLarge()
  return body
}

function tooLarge(): PipelineError {
  return new PipelineError('BODY_TOO_LARGE', `A body of more than ${maxBytes} bytes`)
}
