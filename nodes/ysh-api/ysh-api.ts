import { parseProxies } from '../../lib/api/access/address.ts'
import { sharedCounter } from '../../lib/api/access/counter.ts'
import { Gatekeeper } from '../../lib/api/access/gatekeeper.ts'
import { keyChannel } from '../../lib/api/access/keys.ts'
import { Limits, windowOf } from '../../lib/api/access/limits.ts'
import { issuerKeys } from '../../lib/api/access/public-keys.ts'
import { tokenCheck } from '../../lib/api/access/tokens.ts'
import { PipelineError } from '../../lib/errors.ts'
import { endAfter } from '../../lib/stopped.ts'
import type { NodeHandle } from '../kit/behaviour.ts'
import type { ConfigOf } from '../kit/declaration.ts'
import { registerNode } from '../kit/node.ts'
import type { Red } from '../kit/red.ts'
import { StoresService } from '../kit/stores-service.ts'
import { announceGate, registerKeyEndpoints } from './admin.ts'
import { declaration } from './declaration.ts'
import { offerFirstKey } from './first-key.ts'
import { takeRoot } from './mounts.ts'
import { ApiService } from './service.ts'

/** How long a request waits for stores that are being opened. */
const openingMs = 10_000

/** Where the data API is served and who may ask; the nodes that serve it point here. */
export default function (red: Red): void {
  registerNode(red, declaration, (handle) => {
    const { config, log, signal } = handle
    const stores = handle.use('stores', StoresService)
    const proxies = parseProxies(config.proxies)
    const gate = gateOf(handle, stores)
    const { root, giveBack } = takeRoot(red, config.root)
    const withdrawGate = announceGate(gate)
    const withdraw = stores.attach((engine) => {
      const ended = new AbortController()
      const until = AbortSignal.any([signal, ended.signal])
      engine
        .heard(keyChannel, (id) => gate.forget(id), until)
        .catch((error: unknown) => log.debug('Other processes are not heard of', { error }))
      offerFirstKey(engine.stores.postgres, {
        given: handle.credentials.firstKey ?? '',
        hasTokens: config.jwksUrl !== '',
        log,
      }).catch((thrown: unknown) => {
        const error = PipelineError.from(thrown)
        if (!until.aborted) log.error(`The first API key could not be put in: ${error.code}: ${error.message}`)
      })
      return () => ended.abort()
    })
    const { collection, ollama } = config
    const search = { collection, ...(ollama === undefined ? {} : { ollama }) }
    return {
      service: new ApiService({ red, stores, gate, root, proxies, log, search }),
      close() {
        withdraw()
        withdrawGate()
        giveBack()
      },
    }
  })
  registerKeyEndpoints(red)
}

/** Throws CONFIG. */
function gateOf(handle: NodeHandle<ConfigOf<typeof declaration>>, stores: StoresService): Gatekeeper {
  const { config, log, signal } = handle
  const rate = { perMinute: config.requestsPerMinute, burst: config.burst }
  const engine = () => stores.engine(endAfter(openingMs, signal))
  const counter = sharedCounter({
    stores: async () => (await engine()).stores,
    name: config.root,
    points: windowOf(rate).points,
    trouble: (thrown) => {
      const error = PipelineError.from(thrown)
      if (!signal.aborted) log.warn('Requests are counted by each process for itself just now', { error })
    },
    over: () => log.info('Requests are counted over all processes again'),
  })
  return new Gatekeeper({
    reach: config.reach,
    postgres: async () => (await engine()).stores.postgres,
    limits: new Limits({ rate, counter, now: () => performance.now() }),
    origins: config.origins,
    log,
    ...(config.jwksUrl === ''
      ? {}
      : {
          tokens: tokenCheck(
            config,
            issuerKeys(config.jwksUrl, async () => (await engine()).http, signal),
          ),
        }),
  })
}
