import { openOllama } from '../../../models/ollama.ts'
import { parser } from '../../../schema.ts'
import { EnrichConfigSchema } from '../step-schema.ts'
import { type LateLook, startLate } from './look.ts'

const configs = parser(EnrichConfigSchema, 'The configuration of ysh-ollama-enrich', 'CONFIG')

/** {@link startLate} with the settings of a node as they are given. Throws CONFIG too. */
export async function startLateOf(
  node: string,
  given: unknown,
  look: Pick<LateLook, 'store' | 'everyMs'>,
  signal: AbortSignal,
): Promise<number> {
  const { ollama, model } = configs.parse(given)
  return startLate(node, { model, llm: openOllama(ollama), ...look }, signal)
}
