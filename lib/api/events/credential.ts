import type { ApiRequest } from '../http.ts'
import { keyProtocol } from './protocol.ts'

/** What a gate looks at. */
export type Asked = Pick<ApiRequest, 'headers' | 'address' | 'query'>

/**
 * The request with the subscriber's key or token where the gate looks for it: that of the first message, else of the sub-protocol
 * `ysh.key.<key>` (browsers can set no headers), else what the headers have.
 */
export function credentialFrom(request: Asked, said: string | undefined): Asked {
  const { 'x-api-key': _, 'sec-websocket-protocol': protocols = '', ...headers } = request.headers
  const offered = protocols
    .split(',')
    .map((each) => each.trim())
    .find((each) => each.startsWith(keyProtocol))
  const secret = said ?? offered?.slice(keyProtocol.length)
  // what no header could carry is no key
  if (secret === undefined) return request
  return { ...request, headers: { ...headers, authorization: `Bearer ${secret.replaceAll(/[^\x21-\x7e]/g, '?')}` } }
}
