import { PipelineError } from '../../lib/errors.ts'
import { OllamaSchema } from '../../lib/models/ollama-config.ts'
import { tryOllama } from '../../lib/models/ollama-trial.ts'
import { parser } from '../../lib/schema.ts'
import { answer, bodyOf, filledIn } from '../kit/admin.ts'
import type { Red } from '../kit/red.ts'
import { deployedConfig } from '../kit/references.ts'
import { declaration } from './declaration.ts'
import type { Tested } from './tested.ts'

const configs = parser(OllamaSchema, 'The settings', 'CONFIG')
const answering = { patienceMs: 30_000, statuses: { CONFIG: 400 } }
/** Who looks at a form does not wait as long as a flow does, in milliseconds. */
const patience = { connectTimeoutMs: 5_000, idleTimeoutMs: 8_000, totalTimeoutMs: 12_000 }

/**
 * `POST ysh/ollama/test` with `id`, `url` and perhaps `token` of the form: version and models of the server, or what is wrong. It connects to
 * where it is told, inside as well, so that it asks for the permission to change flows, which could do the same.
 */
export function registerTestEndpoint(red: Red): void {
  const { httpAdmin, auth } = red
  httpAdmin.post('/ysh/ollama/test', auth.needsPermission('flows.write'), (request, response) =>
    answer(response, answering, async (signal): Promise<Tested> => {
      const { id, ...form } = bodyOf(request)
      const { url, token } = filledIn(red, id, form)
      const stored = typeof id === 'string' ? deployedConfig(red, id, declaration.type) : undefined
      // A token that is not typed anew goes only to where it went before.
      const known = stored?.url === url && typeof stored?.token === 'string' ? stored.token : ''
      const config = configs.parse({ ...patience, url, token: typeof token === 'string' ? token : known })
      try {
        return { server: await tryOllama(config, signal) }
      } catch (thrown) {
        const { code, message } = PipelineError.from(thrown)
        return { error: { code, message } }
      }
    }),
  )
}
