import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PipelineError } from '../lib/errors.ts'
import { type Plan, PlanSchema } from '../lib/portable/plan/schema.ts'
import { type Env, PlanSettings } from '../lib/portable/runtime/settings.ts'
import { parser } from '../lib/schema.ts'

const plans = parser(PlanSchema, 'A plan', 'PLAN_INVALID')

/** A function has no database of its own. Throws CONFIG. */
export function needServer(plan: Plan, id: string, env: Env): void {
  const pipeline = plan.pipelines.find((one) => one.id === id)
  if (pipeline === undefined || new PlanSettings(plan, env).stores(pipeline).stores.postgres !== undefined) return
  throw new PipelineError(
    'CONFIG',
    'A function keeps no database: set YSH_POSTGRES_URL, or what the ysh-stores of the flow uses',
  )
}

/** The plans of a folder, by pipeline. Throws PLAN_INVALID. */
export async function readPlans(folder: string): Promise<Map<string, Plan>> {
  const found = new Map<string, Plan>()
  try {
    for (const name of (await readdir(folder)).filter((one) => one.endsWith('.json')).sort()) {
      const plan = plans.parse(JSON.parse(await readFile(join(folder, name), 'utf8')))
      for (const { id } of plan.pipelines) found.set(id, plan)
    }
  } catch (cause) {
    if (cause instanceof PipelineError) throw cause
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new PipelineError('PLAN_INVALID', `The plans in ${folder} cannot be read: ${why}`, { cause })
  }
  return found
}
