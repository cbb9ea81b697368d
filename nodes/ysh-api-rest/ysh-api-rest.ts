import { createApi } from '../../lib/api/api.ts'
import { allRoutes } from '../../lib/api/routes/index.ts'
import { product } from '../../lib/product.ts'
import { tracedRequest } from '../../lib/traces/sources/requests.ts'
import { letThrough } from '../kit/let-through.ts'
import { registerNode } from '../kit/node.ts'
import type { Red } from '../kit/red.ts'
import { ApiService } from '../ysh-api/service.ts'
import { declaration } from './declaration.ts'
import { Teller } from './told.ts'

/** A message that the flow keeps for longer no longer counts. */
const patienceMs = 30_000

/** Serves the data API over REST, with its OpenAPI document and page. One message for each request, after it was answered. */
export default function (red: Red): void {
  registerNode(red, declaration, (handle) => {
    const { config, log, signal } = handle
    const service = handle.use('api', ApiService)
    const teller = new Teller(config.window, async (told) => {
      const id = red.util.generateId()
      const message = { _msgid: id, topic: told.route ?? '', payload: told }
      await letThrough(red, id, () => void handle.send([message]), { signal, patienceMs })
    })
    const below = red.settings.httpNodeRoot
    const api = createApi({
      routes: allRoutes,
      gate: service.gate,
      traced: tracedRequest,
      context: (until) => service.context(until),
      log,
      info: {
        title: 'YSH data API',
        version: product().split('/')[1] ?? '0',
        description:
          'Data of the Brazilian electricity sector, each answer with its version, source, age and attribution.',
        root: `${typeof below === 'string' ? below.replace(/\/+$/, '') : ''}${service.root}`,
      },
      limits: { deadlineMs: config.deadlineSeconds * 1_000, streams: config.streams },
      answered(record) {
        teller.tell(record)
        if (config.window > 0 && teller.dropped > 0) {
          handle.status({ mood: 'warning', key: 'status.dropped', values: { count: teller.dropped } })
        } else handle.status({ mood: 'done', text: service.root })
      },
    })
    const takeBack = service.mount((request) => api.handle(request))
    handle.status({ mood: 'idle', text: service.root })
    return { close: takeBack }
  })
}
