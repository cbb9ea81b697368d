import { PipelineError } from '../../errors.ts'
import { createHttpClient } from '../../net/client.ts'
import { alertMigrations } from '../../runs/alert-migrations.ts'
import { keptMigrations } from '../../runs/kept.ts'
import { runMigrations } from '../../runs/migrations.ts'
import type { Logger } from '../../steps/step.ts'
import { type OpenStores, openStores } from '../../stores/open.ts'
import { migrate } from '../../stores/postgres/migrate.ts'
import type { Plan } from '../plan/schema.ts'
import type { Lists } from './lists.ts'
import { type RuntimeOptions, StepRuntime } from './runtime.ts'
import { type Env, PlanSettings } from './settings.ts'

/** A runtime with stores of its own. */
export interface OpenRuntime {
  runtime: StepRuntime
  stores: OpenStores
  close(): Promise<void>
}

/** What {@link openRuntime} wants. */
export interface OpenOptions extends Pick<RuntimeOptions, 'entries' | 'onStep'> {
  plan: Plan
  /** Id of the pipeline. */
  pipeline: string
  env: Env
  log: Logger
  /** How this program names itself to others. */
  product: string
}

/** Opens the stores of a pipeline and the runtime over them. Throws PLAN_INVALID, CONFIG, and what opening the stores throws. */
export async function openRuntime({
  plan,
  pipeline: id,
  env,
  log,
  product,
  ...rest
}: OpenOptions): Promise<OpenRuntime> {
  const pipeline = plan.pipelines.find((one) => one.id === id)
  if (pipeline === undefined) {
    const ids = plan.pipelines.map((one) => one.id).join(', ')
    throw new PipelineError('PLAN_INVALID', `The plan has no pipeline ${id}, only: ${ids}`)
  }
  const settings = new PlanSettings(plan, env)
  const { stores: options, allow } = settings.stores(pipeline)
  const stores = await openStores(options)
  const http = createHttpClient({ product, allow })
  let opened: Promise<Lists> | undefined
  const listsAt = settings.lists(pipeline)
  const lists = async (): Promise<Lists | undefined> => {
    if (listsAt === undefined) return undefined
    const { openLists } = await import('./lists.ts')
    opened ??= openLists(listsAt).catch((error: unknown) => {
      opened = undefined
      throw error
    })
    return opened
  }
  const close = async () => {
    http.close()
    await opened?.then((one) => one.close()).catch(() => undefined)
    await stores.close()
  }
  try {
    await migrate(stores.postgres, [...runMigrations, ...keptMigrations, ...alertMigrations])
    return {
      runtime: new StepRuntime({ ...{ plan, pipeline, settings, stores, http, log, lists }, ...rest }),
      stores,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
