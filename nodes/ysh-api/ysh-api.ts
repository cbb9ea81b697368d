import { parseProxies } from '../../lib/api/access/address.ts'
import { registerNode } from '../kit/node.ts'
import type { Red } from '../kit/red.ts'
import { StoresService } from '../kit/stores-service.ts'
import { declaration } from './declaration.ts'
import { takeRoot } from './mounts.ts'
import { ApiService } from './service.ts'
import { simpleGate } from './simple-gate.ts'

/** Where the data API is served and who may ask; the nodes that serve it point here. */
export default function (red: Red): void {
  registerNode(red, declaration, (handle) => {
    const { config, log } = handle
    const stores = handle.use('stores', StoresService)
    const proxies = parseProxies(config.proxies)
    const gate = simpleGate()
    const { root, giveBack } = takeRoot(red, config.root)
    return { service: new ApiService({ red, stores, gate, root, proxies, log }), close: giveBack }
  })
}
