import { PipelineError } from '../../errors.ts'
import { alertMigrations } from '../../runs/alert-migrations.ts'
import { hashOf } from '../../runs/identity.ts'
import { keptMigrations } from '../../runs/kept.ts'
import { runMigrations } from '../../runs/migrations.ts'
import { type OpenStores, openStores } from '../../stores/open.ts'
import { migrate } from '../../stores/postgres/migrate.ts'
import type { Plan } from '../plan/schema.ts'
import { type Env, PlanSettings } from '../runtime/settings.ts'
import { queueMigrations } from './migrations.ts'

/** Where runs on the queue keep their data. */
export interface QueueStores {
  stores: OpenStores
  /** Internal addresses that steps may reach. */
  allow: string[]
}

/**
 * Opens the stores of all pipelines of some plans, which must be the same ones: the queue is in their database. Throws CONFIG, QUEUE_EMBEDDED
 * where they name no server, and what opening throws.
 */
export async function openQueueStores(plans: readonly Plan[], env: Env): Promise<QueueStores> {
  const all = plans.flatMap((plan) => {
    const settings = new PlanSettings(plan, env)
    return plan.pipelines.map((pipeline) => ({ name: pipeline.name, ...settings.stores(pipeline) }))
  })
  const [first] = all
  if (first === undefined) throw new PipelineError('CONFIG', 'The plans have no pipelines')
  const other = all.find(({ stores }) => hashOf(stores) !== hashOf(first.stores))
  if (other !== undefined) {
    throw new PipelineError(
      'CONFIG',
      `${first.name} and ${other.name} keep their data in different stores: start a worker for each`,
    )
  }
  if (first.stores.postgres === undefined) {
    throw new PipelineError(
      'QUEUE_EMBEDDED',
      'The queue wants a PostgreSQL server, for several processes work on it: set YSH_POSTGRES, or what the ysh-stores of the flow uses',
    )
  }
  const stores = await openStores(first.stores)
  try {
    await migrate(stores.postgres, [...runMigrations, ...keptMigrations, ...alertMigrations, ...queueMigrations])
    return { stores, allow: [...new Set(all.flatMap(({ allow }) => allow))] }
  } catch (error) {
    await stores.close()
    throw error
  }
}
