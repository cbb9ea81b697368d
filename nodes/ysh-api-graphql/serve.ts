import { WebSocketServer } from 'ws'
import { createApi } from '../../lib/api/api.ts'
import type { EventHub } from '../../lib/api/events/hub.ts'
import { shareHub } from '../../lib/api/events/shared.ts'
import { createGraphql } from '../../lib/api/graphql/graphql.ts'
import { forBrowsers, graphqlRoutes } from '../../lib/api/graphql/routes.ts'
import { createSockets, maxMessage } from '../../lib/api/graphql/sockets.ts'
import type { ApiHandler } from '../../lib/api/http.ts'
import { allRoutes } from '../../lib/api/routes/index.ts'
import { PipelineError } from '../../lib/errors.ts'
import { product } from '../../lib/product.ts'
import { tracedRequest } from '../../lib/traces/sources/requests.ts'
import { handleProtocols } from '../../lib/vendor/graphql.ts'
import type { NodeHandle } from '../kit/behaviour.ts'
import type { ConfigOf } from '../kit/declaration.ts'
import { letThrough } from '../kit/let-through.ts'
import type { Red } from '../kit/red.ts'
import type { ApiService, Upgrade } from '../ysh-api/service.ts'
import { Teller } from '../ysh-api-rest/told.ts'
import { below, type declaration } from './declaration.ts'

/** A message that the flow keeps for longer no longer counts. */
const patienceMs = 30_000

/** GraphQL, ready to answer. */
export interface Serving {
  handle: ApiHandler
  connect(upgrade: Upgrade): void
  close(): Promise<void>
}

/** Makes what answers. In a file of its own, for GraphQL is loaded only where a node serves it. */
export function serve(red: Red, handle: NodeHandle<ConfigOf<typeof declaration>>, service: ApiService): Serving {
  const { config, log, signal } = handle
  const teller = new Teller(config.window, async (told) => {
    const id = red.util.generateId()
    const message = { _msgid: id, topic: told.route ?? '', payload: told }
    await letThrough(red, id, () => void handle.send([message, null]), { signal, patienceMs })
  })
  const graphql = createGraphql({ routes: allRoutes, limits: { depth: config.depth, cost: config.cost } })
  const api = createApi({
    surface: 'graphql',
    routes: graphqlRoutes(graphql),
    gate: service.gate,
    traced: tracedRequest,
    context: (until) => service.context(until),
    log,
    info: { title: 'GraphQL', version: product().split('/')[1] ?? '0', description: '', root: service.root },
    limits: { deadlineMs: config.deadlineSeconds * 1_000 },
    answered(record) {
      teller.tell(record)
      if (config.window > 0 && teller.dropped > 0) {
        handle.status({ mood: 'warning', key: 'status.dropped', values: { count: teller.dropped } })
      } else handle.status({ mood: 'done', text: `${service.root}${below}` })
    },
  })

  let shared: Promise<ReturnType<typeof shareHub>> | undefined
  const hub = async (): Promise<EventHub> => {
    shared ??= service.context(signal).then(({ stores }) => shareHub(stores.postgres, log))
    // a failed opening is tried again for the next subscriber
    shared.catch(() => {
      shared = undefined
    })
    return (await shared).hub
  }
  const sockets = createSockets({
    ...{ graphql, hub, gate: service.gate, context: (until) => service.context(until) },
    limits: { sockets: config.maxSubscribers },
    changed: (change) => void handle.send([null, { topic: change.what, payload: { ...change } }]),
  })
  const server = new WebSocketServer({
    ...{ noServer: true, maxPayload: maxMessage, perMessageDeflate: false, handleProtocols },
  })
  // events are written down from the deployment on, not only from the first subscriber
  hub().catch((error: unknown) => {
    if (!signal.aborted) log.debug('The stores are not open yet', { error: PipelineError.from(error) })
  })
  return {
    handle: (request) => api.handle(forBrowsers(request)),
    connect({ request, incoming, socket, head }) {
      server.handleUpgrade(incoming, socket, head, (client) => sockets.serve(client, request))
    },
    async close() {
      sockets.close()
      await (await shared?.catch(() => undefined))?.giveBack()
    },
  }
}
