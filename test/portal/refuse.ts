import { ckanText, type Json } from './ckan.ts'
import { type Exchange, HTML_TYPE, JSON_TYPE, page } from './exchange.ts'
import type { Misbehaviour } from './misbehave.ts'

/** Answers as a rule of the phase `refusal` says, instead of what was asked. `action` is set for the API. */
export async function refuse(
  exchange: Exchange,
  rule: Misbehaviour,
  base: string,
  action: string | undefined,
): Promise<void> {
  exchange.logged.misbehaviour = rule.kind
  const envelope = (rest: { readonly [name: string]: Json }) =>
    Buffer.from(ckanText({ help: `${base}/api/3/action/help_show?name=${action ?? ''}`, ...rest }))
  const html = (status: number, title: string, headers: Record<string, string> = {}) =>
    exchange.bytes(status, { ...HTML_TYPE, ...headers }, page(title))
  switch (rule.kind) {
    case '500':
      return await html(500, '500 Internal Server Error')
    case '502':
      return await html(502, '502 Bad Gateway')
    case '429':
      return await html(429, '429 Too Many Requests', retryAfter(rule.retryAfter))
    case 'html':
      return await html(
        200,
        'Portal em manutenção',
        rule.contentType === undefined ? {} : { 'content-type': rule.contentType },
      )
    case 'not-found': {
      if (action === undefined) return await html(404, '404 Not Found')
      const error = { __type: 'Not Found Error', message: 'Not found' }
      return await exchange.bytes(404, JSON_TYPE, envelope({ error, success: false }))
    }
    case 'api-down':
      if (rule.how !== 'reset') return await html(503, '503 Service Unavailable')
      exchange.request.socket.resetAndDestroy()
      return
    case 'bad-json': {
      const whole = envelope({ success: true, result: { count: 71 } })
      return await exchange.bytes(200, JSON_TYPE, whole.subarray(0, whole.length - 12))
    }
    case 'wrong-shape':
      return await exchange.bytes(200, JSON_TYPE, envelope({ success: true, result: null }))
    default:
      throw new Error(`${rule.kind} is no refusal`)
  }
}

function retryAfter(value: number | Date | undefined): Record<string, string> {
  if (value === undefined) return {}
  return { 'retry-after': value instanceof Date ? value.toUTCString() : String(value) }
}
