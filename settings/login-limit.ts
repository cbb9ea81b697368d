import type { IncomingMessage, ServerResponse } from 'node:http'
import { isIPv6 } from 'node:net'

/**
 * Below Node-RED's own five tries a user name: whoever guesses from one address is turned away before the owner's name is locked for
 * everybody.
 */
const tries = 4
const windowMs = 10 * 60_000
/** Addresses that are remembered, the last ones. */
const maxAddresses = 1_000

interface Tries {
  left: number
  until: number
}

/** A handler of Express. */
export type Handler = (request: IncomingMessage, response: ServerResponse, next: () => void) => void

/**
 * Turns an address away (429) that failed to log in four times in ten minutes. A try counts when it begins, so that many at once are no more than
 * four, and is given back when it succeeds. Behind a proxy all clients have the proxy's address and share its tries.
 */
export function loginLimit(now: () => number = Date.now): Handler {
  const known = new Map<string, Tries>()
  return (request, response, next) => {
    // Node-RED matches in any case, with or without a slash at the end
    const path = (request.url ?? '').split('?')[0]?.replace(/\/+$/, '').toLowerCase()
    if (request.method !== 'POST' || path !== '/auth/token') return next()
    const address = networkOf(request.socket.remoteAddress ?? '')
    const entry = entryOf(known, address, now())
    if (entry.left <= 0) {
      response.writeHead(429, {
        'content-type': 'application/json',
        'retry-after': String(Math.ceil((entry.until - now()) / 1_000)),
      })
      response.end(JSON.stringify({ error: 'too_many_tries', error_description: 'Too many tries. Wait ten minutes.' }))
      return
    }
    entry.left -= 1
    response.once('finish', () => {
      if (response.statusCode === 200) known.delete(address)
    })
    next()
  }
}

function entryOf(known: Map<string, Tries>, address: string, now: number): Tries {
  const found = known.get(address)
  if (found !== undefined && found.until > now) return found
  known.delete(address)
  const [oldest] = known.keys()
  if (known.size >= maxAddresses && oldest !== undefined) known.delete(oldest)
  const entry = { left: tries, until: now + windowMs }
  known.set(address, entry)
  return entry
}

/** Who has one IPv6 address has the 2^64 beside it. */
function networkOf(address: string): string {
  if (!isIPv6(address) || /^::ffff:\d+\./i.test(address)) return address.replace(/^::ffff:/i, '')
  const [head = '', tail = ''] = address.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === '' ? [] : tail.split(':')
  const whole = [...left, ...Array(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right]
  return whole.slice(0, 4).join(':')
}
