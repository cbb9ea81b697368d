import { sharedCounter } from '../lib/api/access/counter.ts'
import type { Gate } from '../lib/api/access/gate.ts'
import { Gatekeeper } from '../lib/api/access/gatekeeper.ts'
import { Limits, windowOf } from '../lib/api/access/limits.ts'
import { issuerKeys } from '../lib/api/access/public-keys.ts'
import { tokenCheck } from '../lib/api/access/tokens.ts'
import { PipelineError } from '../lib/errors.ts'
import { createHttpClient } from '../lib/net/client.ts'
import type { Env } from '../lib/portable/runtime/settings.ts'
import type { Logger } from '../lib/steps/step.ts'
import { type OpenStores, openStores } from '../lib/stores/open.ts'

/** What the API's functions share. */
export interface Access {
  /** Opened by the first who asks; what could not be opened is tried anew by the next. Throws CONFIG, and what opening throws. */
  stores(): Promise<OpenStores>
  /** Who may ask, by key or by token of YSH_API_JWKS_URL. */
  gate: Gate
  /** For tests; Lambda freezes or ends the process. */
  close(): Promise<void>
}

/** The stores and the gate of the data API in a function; YSH_API_… are the settings of `ysh-api`. */
export function accessOf({ env, product, log }: { env: Env; product: string; log: Logger }): Access {
  let opening: Promise<OpenStores> | undefined
  const stores = (): Promise<OpenStores> => {
    opening ??= openStores(storesOf(env)).catch((error: unknown) => {
      opening = undefined
      throw error
    })
    return opening
  }
  const root = env.YSH_API_ROOT ?? ''
  const list = (name: string) =>
    (env[name] ?? '')
      .split(',')
      .map((one) => one.trim())
      .filter((one) => one !== '')
  const rate = { perMinute: Number(env.YSH_API_REQUESTS_PER_MINUTE) || 600, burst: Number(env.YSH_API_BURST) || 100 }
  const counter = sharedCounter({
    ...{ stores, name: root || '/', points: windowOf(rate).points },
    trouble: (error) => log.warn('Requests are counted by each process for itself just now', { error }),
    over: () => log.info('Requests are counted over all processes again'),
  })
  // An issuer inside of the network, as everything else there.
  const http = createHttpClient({ product, allow: list('YSH_INTERNAL_HOSTS') })
  const jwksUrl = env.YSH_API_JWKS_URL ?? ''
  const gate = new Gatekeeper({
    // API Gateway has let the caller in; who it is is asked here.
    reach: 'everywhere',
    postgres: async () => (await stores()).postgres,
    limits: new Limits({ rate, counter, now: Date.now }),
    origins: list('YSH_API_ORIGINS'),
    log,
    ...(jwksUrl === ''
      ? {}
      : {
          tokens: tokenCheck(
            {
              ...{ issuer: env.YSH_API_ISSUER ?? '', audiences: list('YSH_API_AUDIENCES') },
              ...{ requiredClaims: list('YSH_API_REQUIRED_CLAIMS'), scopeClaim: env.YSH_API_SCOPE_CLAIM ?? '' },
              scopeMap: list('YSH_API_SCOPE_MAP'),
            },
            issuerKeys(jwksUrl, async () => http, new AbortController().signal),
          ),
        }),
  })
  const close = async () => {
    http.close()
    await opening?.then((opened) => opened.close())
  }
  return { stores, gate, close }
}

/** Where the data are: the variables of the shipped flows. */
function storesOf(env: Env) {
  const at = (name: string) => env[name] ?? ''
  const postgres = at('YSH_POSTGRES') || at('YSH_POSTGRES_URL')
  if (postgres === '')
    throw new PipelineError('CONFIG', 'YSH_POSTGRES_URL says no server: a function has no database of its own')
  return {
    folder: at('YSH_DATA_FOLDER') || '/tmp/ysh',
    postgres: { url: postgres },
    ...(at('YSH_REDIS_URL') === '' ? {} : { cache: { url: at('YSH_REDIS_URL') } }),
    ...(at('YSH_QDRANT_URL') === '' ? {} : { vectors: { url: at('YSH_QDRANT_URL') } }),
  }
}
