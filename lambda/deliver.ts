import { PipelineError } from '../lib/errors.ts'
import { createHttpClient } from '../lib/net/client.ts'
import type { Plan } from '../lib/portable/plan/schema.ts'
import { openDelivery } from '../lib/portable/runtime/deliver.ts'
import { type Env, PlanSettings } from '../lib/portable/runtime/settings.ts'
import { alertMigrations } from '../lib/runs/alert-migrations.ts'
import { hashOf } from '../lib/runs/identity.ts'
import { keptMigrations } from '../lib/runs/kept.ts'
import { runMigrations } from '../lib/runs/migrations.ts'
import { type OpenStores, openStores, type StoresOptions } from '../lib/stores/open.ts'
import { migrate } from '../lib/stores/postgres/migrate.ts'
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

/** Plans whose runs keep their data in the same stores. */
interface Place {
  stores: StoresOptions
  allow: string[]
  plans: { plan: Plan; settings: PlanSettings }[]
}

/**
 * The function that a schedule calls each minute: sends what lies in the outbox, and starts executions of the pipelines with the triggers `alert`
 * and `late`. What it does not get through is done by the next call; several at once share it. Rejects with CONFIG, PLAN_INVALID, and what
 * opening the stores throws; trouble with single entries is logged, and tried again later.
 */
export function deliverHandler({ env, product, plans: folder, endpoint, write }: DeliverHandlerOptions) {
  const log = jsonLog(write)
  const open = new Map<string, Promise<OpenStores>>()
  let known: Promise<Place[]> | undefined
  const start = executions({ env, ...(endpoint === undefined ? {} : { endpoint }) })

  const handler = async (_event: unknown, context: LambdaContext): Promise<{ places: number }> => {
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(), Math.max(context.getRemainingTimeInMillis() - spareMs, 1))
    try {
      known ??= readPlans(env.YSH_PLANS || folder).then((all) => placesOf(all, env))
      const places = await known.catch((error: unknown) => {
        known = undefined
        throw error
      })
      for (const { stores: options, allow, plans } of places) {
        const stores = await storesOf(options)
        const http = createHttpClient({ product, allow })
        try {
          const delivery = await openDelivery({ plans, env, stores, http, log, start, signal: late.signal })
          await delivery.once()
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
  function storesOf(options: StoresOptions): Promise<OpenStores> {
    const key = hashOf(options)
    const opening = open.get(key) ?? opened(options)
    open.set(key, opening)
    opening.catch(() => open.delete(key))
    return opening
  }

  /** For tests; Lambda freezes or ends the process. */
  const close = async () => {
    for (const opening of open.values()) await opening.then((stores) => stores.close())
  }
  return Object.assign(handler, { close })
}

async function opened(options: StoresOptions): Promise<OpenStores> {
  const stores = await openStores(options)
  try {
    await migrate(stores.postgres, [...runMigrations, ...keptMigrations, ...alertMigrations])
    return stores
  } catch (error) {
    await stores.close()
    throw error
  }
}

/** By stores, for each has an outbox of its own. Throws CONFIG. */
function placesOf(all: ReadonlyMap<string, Plan>, env: Env): Place[] {
  const places = new Map<string, Place>()
  for (const plan of new Set(all.values())) {
    const settings = new PlanSettings(plan, env)
    for (const pipeline of plan.pipelines) {
      needServer(plan, pipeline.id, env)
      const { stores, allow } = settings.stores(pipeline)
      const key = hashOf(stores)
      const place = places.get(key) ?? { stores, allow: [], plans: [] }
      places.set(key, place)
      place.allow = [...new Set([...place.allow, ...allow])]
      const mine = place.plans.find((one) => one.settings === settings)
      if (mine === undefined) place.plans.push({ plan: { ...plan, pipelines: [pipeline] }, settings })
      else mine.plan = { ...mine.plan, pipelines: [...mine.plan.pipelines, pipeline] }
    }
  }
  return [...places.values()]
}
