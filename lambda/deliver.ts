import { PipelineError } from '../lib/errors.ts'
import { createHttpClient } from '../lib/net/client.ts'
import { openDelivery } from '../lib/portable/runtime/deliver.ts'
import { openPlace, type Place, placesOf } from '../lib/portable/runtime/places.ts'
import type { Env } from '../lib/portable/runtime/settings.ts'
import type { OpenStores } from '../lib/stores/open.ts'
import { eventsOut } from './events.ts'
import { executions } from './executions.ts'
import { jsonLog, type LambdaContext } from './log.ts'
import { needServer, readPlans } from './plans.ts'

/** What is needed at the end to let go of what is leased. */
const spareMs = 5_000

/** What the function that delivers is made of. */
export interface DeliverHandlerOptions {
  env: Env
  product: string
  /** Folder of the plans when YSH_PLANS names none. */
  plans: string
  /** Of Step Functions, where it is another than AWS's. */
  endpoint?: string
  write?(line: string): void
}

/**
 * The function that a schedule calls each minute: sends what lies in the outbox, starts executions of the pipelines with the triggers `alert`
 * and `late`, and sends events to subscribers of the API. What it does not get through is done by the next call; several at once share it. Rejects with CONFIG, PLAN_INVALID, and what
 * opening the stores throws; trouble with single entries is logged, and tried again later.
 */
export function deliverHandler({ env, product, plans: folder, endpoint, write }: DeliverHandlerOptions) {
  const log = jsonLog(write)
  const open = new Map<Place, Promise<OpenStores>>()
  let known: Promise<Place[]> | undefined
  const events = eventsOut({ env, log })
  const start = executions({ env, ...(endpoint === undefined ? {} : { endpoint }) })

  const handler = async (_event: unknown, context: LambdaContext): Promise<{ places: number }> => {
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(), Math.max(context.getRemainingTimeInMillis() - spareMs, 1))
    try {
      known ??= readPlans(env.YSH_PLANS || folder).then((all) => {
        for (const [id, plan] of all) needServer(plan, id, env)
        return placesOf(new Set(all.values()), env)
      })
      const places = await known.catch((error: unknown) => {
        known = undefined
        throw error
      })
      for (const place of places) {
        const { allow, plans } = place
        const stores = await storesOf(place)
        const http = createHttpClient({ product, allow })
        try {
          const delivery = await openDelivery({ plans, env, stores, http, log, start, signal: late.signal })
          // side by side: no slow mail server holds up an event
          await Promise.all([delivery.once(), events?.minute(stores.postgres, late.signal)])
        } finally {
          http.close()
        }
      }
      return { places: places.length }
    } catch (thrown) {
      const error = PipelineError.from(thrown)
      log.error(`${error.code}: ${error.message}`, { code: error.code })
      throw error
    } finally {
      clearTimeout(timer)
      late.abort()
    }
  }

  /** Open between calls. What could not be opened is tried anew by the next one. */
  function storesOf(place: Place): Promise<OpenStores> {
    const opening = open.get(place) ?? openPlace(place)
    open.set(place, opening)
    opening.catch(() => open.delete(place))
    return opening
  }

  /** For tests; Lambda freezes or ends the process. */
  const close = async () => {
    for (const opening of open.values()) await opening.then((stores) => stores.close())
  }
  return Object.assign(handler, { close })
}
