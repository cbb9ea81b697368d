import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { isLoopback } from '../../lib/api/access/address.ts'
import { PipelineError } from '../../lib/errors.ts'

/** Shorter tokens can be guessed. */
const shortest = 16

/** Whether somebody may ask: 200, or the status of the refusal. */
export type Access = (request: {
  headers: IncomingHttpHeaders
  socket: { remoteAddress?: string | undefined }
}) => 200 | 401 | 403

/** Says who may ask. Throws CONFIG for a token that is missing or too short. */
export function accessOf(reach: 'loopback' | 'token', token: string): Access {
  if (reach === 'loopback') {
    return ({ headers, socket }) => {
      // A proxy on this machine asks for somebody else.
      const forwarded = headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined
      return !forwarded && isLoopback(socket.remoteAddress ?? '') ? 200 : 403
    }
  }
  if (token.length < shortest) {
    throw new PipelineError('CONFIG', `The token of the metrics needs at least ${shortest} characters`)
  }
  const wanted = digest(token)
  return ({ headers }) => {
    const given = /^bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1]
    return given !== undefined && timingSafeEqual(digest(given), wanted) ? 200 : 401
  }
}

const digest = (text: string) => createHash('sha256').update(text).digest()
