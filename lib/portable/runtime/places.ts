import { alertMigrations } from '../../runs/alert-migrations.ts'
import { hashOf } from '../../runs/identity.ts'
import { keptMigrations } from '../../runs/kept.ts'
import { runMigrations } from '../../runs/migrations.ts'
import { type OpenStores, openStores, type StoresOptions } from '../../stores/open.ts'
import { migrate } from '../../stores/postgres/migrate.ts'
import type { Plan } from '../plan/schema.ts'
import { type Env, PlanSettings } from './settings.ts'

/** Plans whose runs keep their data in the same stores, and so have one outbox. */
export interface Place {
  stores: StoresOptions
  /** Internal addresses that may be reached. */
  allow: string[]
  plans: { plan: Plan; settings: PlanSettings }[]
}

/** Plans by their stores; of a plan with several each place has its pipelines. Throws CONFIG. */
export function placesOf(plans: Iterable<Plan>, env: Env): Place[] {
  const places = new Map<string, Place>()
  for (const plan of plans) {
    const settings = new PlanSettings(plan, env)
    for (const pipeline of plan.pipelines) {
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

/** The stores of a place, with the tables that delivering needs. Throws what opening throws. */
export async function openPlace({ stores: options }: Place): Promise<OpenStores> {
  const stores = await openStores(options)
  try {
    await migrate(stores.postgres, [...runMigrations, ...keptMigrations, ...alertMigrations])
    return stores
  } catch (error) {
    await stores.close()
    throw error
  }
}
