import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { PipelineError } from '../../errors.ts'
import { isLoopback } from '../../net/loopback.ts'
import { isReference } from '../../secrets/reference.ts'
import { reveal } from '../../secrets/reveal.ts'

/** Shorter tokens can be guessed. */
const shortest = 16

/** Whether somebody may ask: 200, or the status of the refusal. Rejects when the token is a reference that leads to none. */
export type Access = (request: {
  headers: IncomingHttpHeaders
  socket: { remoteAddress?: string | undefined }
}) => Promise<200 | 401 | 403>

/** Says who may ask. Throws CONFIG for a token that is missing or too short; what a reference leads to is looked up at each request. */
export function accessOf(reach: 'loopback' | 'token', token: string): Access {
  if (reach === 'loopback') {
    return async ({ headers, socket }) => {
      // A proxy on this machine asks for somebody else.
      const forwarded = headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined
      return !forwarded && isLoopback(socket.remoteAddress ?? '') ? 200 : 403
    }
  }
  if (!isReference(token)) check(token)
  return async ({ headers }) => {
    const wanted = await reveal(token)
    check(wanted)
    const given = /^bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1]
    return given !== undefined && timingSafeEqual(digest(given), digest(wanted)) ? 200 : 401
  }
}

function check(token: string): void {
  if (token.length >= shortest) return
  throw new PipelineError('CONFIG', `The token of the metrics needs at least ${shortest} characters`)
}

const digest = (text: string) => createHash('sha256').update(text).digest()
