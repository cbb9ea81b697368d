import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { PipelineError } from '../errors.ts'
import { isRecord } from '../flow-check/node.ts'
import { paletteSubflows } from '../portable/modules.ts'
import { compile } from '../portable/plan/compile.ts'
import { worded } from '../portable/plan/diagnostics.ts'
import { type Pipeline, type Plan, PlanSchema } from '../portable/plan/schema.ts'
import type { Env } from '../portable/runtime/settings.ts'
import { parser } from '../schema.ts'
import { readFlow } from './flow-file.ts'

const plans = parser(PlanSchema, 'The plan', 'PLAN_INVALID')

/** JSON of a file. Throws `code` for one that cannot be read or is none; never quotes it. */
export async function readJson(file: string, code: string): Promise<unknown> {
  try {
    const text = file === '-' ? await standardInput() : await readFile(file, 'utf8')
    return JSON.parse(text)
  } catch (cause) {
    const why = cause instanceof SyntaxError ? 'no JSON' : cause instanceof Error ? cause.message : String(cause)
    throw new PipelineError(code, `${file}: ${why}`, { cause })
  }
}

async function standardInput(): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of process.stdin) parts.push(Buffer.from(part))
  return Buffer.concat(parts).toString('utf8')
}

/** A plan as `compile` has written it. Throws PLAN_INVALID. */
export async function readPlan(file: string): Promise<Plan> {
  return plans.parse(await readJson(file, 'PLAN_INVALID'))
}

/** A plan, or a flow, which is compiled. Throws PLAN_INVALID, FLOW_UNREADABLE, FLOW_REFUSED with what is wrong. */
export async function readPlanOrFlow(file: string, env: Env): Promise<Plan> {
  const content = await readJson(file, 'FLOW_UNREADABLE')
  if (isRecord(content) && Array.isArray(content.pipelines)) return plans.parse(content)
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
  const given = Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
  const { plan, diagnostics } = compile(await readFlow(file), { sha256, env: given, modules: paletteSubflows() })
  if (plan !== undefined) return plan
  const said = diagnostics
    .map((one) => worded(one, 'en-US'))
    .filter(({ severity }) => severity === 'error')
    .map(({ code, name, node, reason, remedy }) => `${code}  ${name} (${node}): ${reason} ${remedy}`)
  throw new PipelineError('FLOW_REFUSED', `${file} means nothing outside Node-RED:\n${said.join('\n')}`)
}

/** The pipeline of a name or an id; the only one where none is said. Throws CLI_USAGE. */
export function pipelineOf(plan: Plan, wanted: string | undefined): Pipeline {
  const { pipelines } = plan
  const found = wanted === undefined ? pipelines : pipelines.filter(({ id, name }) => id === wanted || name === wanted)
  const [pipeline, other] = found
  if (pipeline !== undefined && other === undefined) return pipeline
  const names = pipelines.map(({ id, name }) => `${id} (${name})`).join(', ')
  throw new PipelineError('CLI_USAGE', `Say which pipeline, --pipeline ID: ${names}`)
}
