import { PipelineError } from '../../lib/errors.ts'
import { registerNode } from '../kit/node.ts'
import type { Red } from '../kit/red.ts'
import { ApiService } from '../ysh-api/service.ts'
import { below, declaration } from './declaration.ts'

/** Serves the data API in GraphQL at `<root>/graphql`, with subscriptions. One message for each request, after it was answered. */
export default function (red: Red): void {
  registerNode(red, declaration, (handle) => {
    const service = handle.use('api', ApiService)
    const serving = import('./serve.ts').then(({ serve }) => serve(red, handle, service))
    serving.catch((thrown: unknown) => {
      const error = PipelineError.from(thrown)
      handle.log.error(`GraphQL could not be loaded: ${error.message}`, { error })
      handle.status({ mood: 'error', text: error.code })
    })
    const withdraw = service.upgrade(below, (upgrade) => {
      serving.then(({ connect }) => connect(upgrade)).catch(() => upgrade.socket.destroy())
    })
    const takeBack = service.mount(async (request) => (await serving).handle(request), { below })
    handle.status({ mood: 'idle', text: `${service.root}${below}` })
    return {
      async close() {
        takeBack()
        withdraw()
        await (await serving.catch(() => undefined))?.close()
      },
    }
  })
}
