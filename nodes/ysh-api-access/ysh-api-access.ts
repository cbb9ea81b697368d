import { IncomingMessage, ServerResponse } from 'node:http'
import { problemResponse } from '../../lib/api/problem.ts'
import { PipelineError } from '../../lib/errors.ts'
import { registerNode } from '../kit/node.ts'
import type { Message, Red } from '../kit/red.ts'
import { send } from '../ysh-api/send.ts'
import { ApiService } from '../ysh-api/service.ts'
import { declaration } from './declaration.ts'

/** Lets the requests of an `http in` pass that show a key or token, and answers the others. */
export default function (red: Red): void {
  registerNode(red, declaration, (handle) => {
    const api = handle.use('api', ApiService)
    const { scope } = handle.config
    return {
      async input(message, { signal }) {
        const { incoming, response } = exchangeOf(message)
        const request = api.read(incoming, signal)
        try {
          const { caller, headers } = await api.gate.admit(request, scope === 'any' ? undefined : scope)
          if (!response.headersSent)
            for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
          forgetSecrets(incoming)
          message.caller = { id: caller.id, name: caller.name, scopes: [...caller.scopes] }
          return { outputs: [message, null], status: { mood: 'idle', key: 'status.allowed' } }
        } catch (thrown) {
          const error = PipelineError.from(thrown)
          const answer = problemResponse(error)
          if (!response.headersSent) await send(response, answer, request.method === 'HEAD')
          const { method, path, address } = request
          const payload = { code: error.code, message: error.message, status: answer.status, method, path, address }
          // the request stays here: it holds what was shown
          const { req: _, res: __, ...others } = message
          return {
            outputs: [null, { ...others, payload }],
            status: { mood: 'warning', key: 'status.refused', values: { code: error.code } },
          }
        }
      },
    }
  })
}

/** Request and response of a message from `http in`. Throws API_NO_REQUEST. */
function exchangeOf({ req, res }: Message): { incoming: IncomingMessage; response: ServerResponse } {
  const response = typeof res === 'object' && res !== null && '_res' in res ? res._res : undefined
  if (!(req instanceof IncomingMessage) || !(response instanceof ServerResponse)) {
    throw new PipelineError('API_NO_REQUEST', 'The message is from no "http in": there is nobody to ask for a key')
  }
  return { incoming: req, response }
}

/** Whatever a flow writes down of a request, the key is not in it. */
function forgetSecrets(incoming: IncomingMessage): void {
  const { headers, rawHeaders } = incoming
  for (const name of ['authorization', 'x-api-key'] as const) if (headers[name] !== undefined) headers[name] = '***'
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (/^(authorization|x-api-key)$/i.test(rawHeaders[at] ?? '')) rawHeaders[at + 1] = '***'
  }
}
