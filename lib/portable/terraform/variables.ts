import { PipelineError } from '../../errors.ts'
import { canonicalFile } from '../canonical.ts'
import type { Pipeline, Plan } from '../plan/schema.ts'
import { eventBridgeCron } from '../step-functions/cron.ts'
import type { Emitted } from '../step-functions/emit.ts'
import { lambdaSeconds } from '../step-functions/machine.ts'
import { memoryOf, stepsOf } from '../step-functions/memory.ts'

/** A flow that was compiled: its name, and the folder of its files beneath that of the variables (empty: the same). */
export interface CompiledFlow {
  name: string
  folder: string
  plan: Plan
  emitted: Pick<Emitted, 'files' | 'machines'>
}

interface PipelineVariables {
  flow: string
  id: string
  trigger: Pipeline['trigger']['kind']
  definition: string
  /** Files; null where nothing of the kind starts it. */
  schedule: string | null
  rule: string | null
  /** Names in the rule's file that stand for buckets which Terraform knows. */
  rule_variables: string[]
  /** Whether it has distributed maps, which start executions of their own. */
  distributed: boolean
  /** Hours without a run that ended well after which somebody is told; null: it has no schedule. */
  silent_hours: number | null
}

/** What deploy/aws is driven by. Only data: no address, no account, no secret. */
export interface TerraformVariables {
  flows: Record<string, { sha256: string; plan: string }>
  pipelines: Record<string, PipelineVariables>
  step_function: { memory_mb: number; timeout_seconds: number; types: string[] }
  environment: Record<string, string>
}

/** The name by which Terraform finds it, when it lies in the root module's folder. */
export const variablesFile = 'pipeline.auto.tfvars.json'

/** Longest window of a CloudWatch alarm, in hours. */
const longestWindow = 168
/** A run that is late by less is no silence. */
const graceHours = 2

/**
 * The Terraform variables of some flows, by name of the flow. Where flows give a variable of the environment different defaults, that of the
 * first flow stands. Throws CLI_USAGE for two pipelines or flows of one name: they would be one state machine.
 */
export function terraformVariables(flows: readonly CompiledFlow[]): TerraformVariables {
  const sorted = [...flows].sort((one, other) => (one.name < other.name ? -1 : 1))
  const found: TerraformVariables = {
    ...{ flows: {}, pipelines: {}, environment: {} },
    step_function: stepFunction(flows.flatMap(({ plan }) => plan.pipelines)),
  }
  for (const { name, folder, plan, emitted } of sorted) {
    const place = (file: string) => (folder === '' ? file : `${folder}/${file}`)
    if (found.flows[name] !== undefined) throw new PipelineError('CLI_USAGE', `Two flows are called ${name}`)
    found.flows[name] = { sha256: plan.source.sha256, plan: place('plan.json') }
    for (const { name: variable, default: value } of plan.environment) found.environment[variable] ??= value ?? ''
    for (const [file, content] of Object.entries(emitted.files)) {
      const machine = /^(.+)\.asl\.json$/.exec(file)?.[1]
      if (machine === undefined) continue
      const pipeline = plan.pipelines.find(({ id }) => canonicalFile(emitted.machines[id]?.definition) === content)
      if (pipeline === undefined) continue
      if (found.pipelines[machine] !== undefined) throw sameName(machine)
      const beside = (kind: 'schedule' | 'rule') =>
        emitted.files[`${machine}.${kind}.json`] === undefined ? null : place(`${machine}.${kind}.json`)
      found.pipelines[machine] = {
        ...{ flow: name, id: pipeline.id, trigger: pipeline.trigger.kind, definition: place(file) },
        ...{ schedule: beside('schedule'), rule: beside('rule') },
        rule_variables: variablesOf(emitted.files[`${machine}.rule.json`] ?? ''),
        distributed: content.includes('"Mode": "DISTRIBUTED"'),
        silent_hours: silentHours(pipeline),
      }
    }
  }
  return found
}

function sameName(machine: string): PipelineError {
  return new PipelineError(
    'CLI_USAGE',
    `Two flows have a trigger ${machine}: deploy them apart, or give one another id`,
  )
}

function stepFunction(pipelines: readonly Pipeline[]): TerraformVariables['step_function'] {
  const steps = stepsOf(pipelines)
  const types = [...new Set(steps.map(({ type }) => type))].sort()
  const longest = Math.max(
    60,
    ...steps.map(({ timeoutSeconds }) => (timeoutSeconds === 0 ? lambdaSeconds : timeoutSeconds)),
  )
  return {
    memory_mb: memoryOf(pipelines),
    timeout_seconds: Math.min(Math.ceil(longest), lambdaSeconds),
    types,
  }
}

/** Variables of the environment; those of Terraform itself begin in another case. */
function variablesOf(text: string): string[] {
  return [...new Set([...text.matchAll(/\$\{([A-Z][A-Z0-9_]*)\}/g)].map(([, name = '']) => name))].sort()
}

function silentHours({ trigger }: Pipeline): number | null {
  const cron = trigger.kind === 'schedule' ? eventBridgeCron(trigger.cron) : undefined
  if (cron === undefined || !('perMonth' in cron) || cron.perMonth <= 0) return null
  const hours = Math.ceil((31 * 24) / cron.perMonth) + graceHours
  return hours > longestWindow ? null : hours
}
