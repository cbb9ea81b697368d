import { parseAllowed } from '../../lib/net/allow.ts'
import { registerNode } from '../kit/node.ts'
import type { Red } from '../kit/red.ts'
import { isShuttingDown } from '../kit/shutdown.ts'
import { StoresService } from '../kit/stores-service.ts'
import { registerStoresTest } from './admin.ts'
import { registerBackups } from './backups.ts'
import { declaration } from './declaration.ts'
import { announceStores } from './deployed.ts'
import { engineSettings, enginesOf, openEngine } from './engines.ts'

/** The stores and the run engine over them, opened on first use and shared by the nodes that point here. */
export default function (red: Red): void {
  registerNode(red, declaration, (handle) => {
    parseAllowed(handle.config.allowAddresses) // a bad entry marks the node as the deploy begins, not at the first fetch
    const settings = engineSettings(red, handle.config, handle.credentials)
    const service = new StoresService({
      acquire: () =>
        enginesOf(red).acquire(handle.path, JSON.stringify(settings), async () => {
          const open = await openEngine(settings, handle.log, (flow) => red.nodes.getNode(flow)?.name || flow)
          // for whoever watches from inside Node-RED: a dashboard, the demo
          open.engine.subscribe((event) => red.events.emit('ysh:event', event))
          return open
        }),
      events: red.events,
      log: handle.log,
      report(state) {
        if (state === 'opening') handle.statusOfUsers({ mood: 'waiting', key: 'status.opening' })
        else if (state === 'open') handle.statusOfUsers({ mood: 'idle' })
        else handle.statusOfUsers({ mood: 'error', text: state.code })
      },
    })
    const withdraw = announceStores(handle.id, {
      name: handle.name,
      service,
      allow: handle.config.allowAddresses,
    })
    return {
      service,
      close(removed) {
        withdraw()
        return service.close({ linger: !removed && !isShuttingDown() })
      },
    }
  })
  registerStoresTest(red)
  registerBackups(red)
}
