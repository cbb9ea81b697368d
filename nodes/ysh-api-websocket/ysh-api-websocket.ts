import type { EventHub } from '../../lib/api/events/hub.ts'
import { EventServer } from '../../lib/api/events/server.ts'
import { shareHub } from '../../lib/api/events/shared.ts'
import { PipelineError } from '../../lib/errors.ts'
import { registerNode } from '../kit/node.ts'
import type { Red } from '../kit/red.ts'
import { ApiService } from '../ysh-api/service.ts'
import { declaration } from './declaration.ts'

/** Serves the events of the API at `<root>/ws`; what it does is in lib/api/events. */
export default function (red: Red): void {
  registerNode(red, declaration, (handle) => {
    const api = handle.use('api', ApiService)
    const { signal, log } = handle
    let shared: Promise<ReturnType<typeof shareHub>> | undefined
    const hub = async (): Promise<EventHub> => {
      shared ??= api.context(signal).then(({ stores }) => shareHub(stores.postgres, log))
      // a failed opening is tried again for the next subscriber
      shared.catch(() => {
        shared = undefined
      })
      return (await shared).hub
    }
    const show = (count: number) => handle.status({ mood: 'idle', key: 'status.subscribers', values: { count } })
    const server = new EventServer({
      ...handle.config,
      hub,
      gate: api.gate,
      log,
      notice(notice) {
        show(notice.subscribers)
        handle.send([{ topic: notice.kind, payload: { ...notice } }])
      },
    })
    const withdraw = api.upgrade('/ws', ({ request, incoming, socket, head }) => {
      server.upgrade(request, incoming, socket, head)
    })
    // events are written down from the deployment on, not only from the first subscriber
    hub().catch((error: unknown) => {
      if (!signal.aborted) log.debug('The stores are not open yet', { error: PipelineError.from(error) })
    })
    show(0)
    return {
      async close() {
        withdraw()
        await server.close()
        await (await shared?.catch(() => undefined))?.giveBack()
      },
    }
  })
}
