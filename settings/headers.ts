import { TLSSocket } from 'node:tls'
import type { Handler } from './login-limit.ts'

/**
 * What the editor's page may do. Its nodes' forms are scripts in HTML that jQuery runs (`unsafe-inline`); nothing is loaded from elsewhere, and
 * nobody may frame it.
 */
const editorPolicy = [
  "default-src 'self'",
  "script-src 'self' 'unsafe-inline'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self' blob:",
  "object-src 'none'",
  "base-uri 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

/** For what flows serve: their pages may be of any kind, so that only framing, plugins and the base are decided here. */
const flowPolicy = "frame-ancestors 'self'; object-src 'none'; base-uri 'self'"

/** Half a year, in seconds; without the domain's other hosts, which are not ours to decide for. */
const transport = `max-age=${180 * 24 * 60 * 60}`

/** Sets headers that tell browsers to be careful; a route may set its own instead. */
function careful(policy: string): Handler {
  return (request, response, next) => {
    response.setHeader('content-security-policy', policy)
    response.setHeader('x-content-type-options', 'nosniff')
    response.setHeader('referrer-policy', 'no-referrer')
    response.setHeader('cross-origin-opener-policy', 'same-origin')
    response.setHeader('permissions-policy', 'camera=(), microphone=(), geolocation=(), payment=(), usb=()')
    if (policy === editorPolicy) response.setHeader('x-frame-options', 'DENY')
    else response.removeHeader('x-frame-options')
    if (request.socket instanceof TLSSocket) response.setHeader('strict-transport-security', transport)
    next()
  }
}

/** For the editor and its admin API. */
export const editorHeaders = careful(editorPolicy)
/** For what flows serve, the data API among it. */
export const flowHeaders = careful(flowPolicy)
