import { spawnSync } from 'node:child_process'
import { PipelineError } from '../errors.ts'
import { parser, Type } from '../schema.ts'
import { isReference } from '../secrets/reference.ts'
import { sibling } from '../sibling.ts'

/** For starting Node and all look-ups, which have 10 s each and go side by side. */
const patienceMs = 40_000

const answers = parser(
  Type.Object({
    values: Type.Optional(Type.Record(Type.String(), Type.String())),
    problem: Type.Optional(Type.String()),
  }),
  'The answer',
  'SETTINGS_INVALID',
)

/**
 * The secrets behind the values, by name, before anything runs: Node-RED requires its settings at once. Only references are looked up, by a child
 * process. Throws SETTINGS_INVALID with what is wrong.
 */
export function revealNow<T extends Record<string, string | undefined>>(values: T): T {
  const references = Object.entries(values).filter(([, value]) => value !== undefined && isReference(value))
  if (references.length === 0) return values
  const { NODE_OPTIONS: _, ...env } = process.env
  const { stdout, error } = spawnSync(process.execPath, [sibling(import.meta.url, 'reveal-main')], {
    ...{ input: JSON.stringify(Object.fromEntries(references)), encoding: 'utf8', timeout: patienceMs, env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const names = references.map(([name]) => name).join(', ')
  if (error !== undefined || stdout === '') {
    throw new PipelineError('SETTINGS_INVALID', `${names} could not be looked up within ${patienceMs / 1_000} s`)
  }
  const { values: found, problem } = answers.parse(JSON.parse(stdout))
  if (problem !== undefined) throw new PipelineError('SETTINGS_INVALID', `${names}: ${problem}`)
  return { ...values, ...found }
}
