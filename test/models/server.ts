import { type OllamaConfig, OllamaSchema } from '../../lib/models/ollama-config.ts'
import { parser } from '../../lib/schema.ts'
import { type OllamaDouble, type OllamaDoubleOptions, startOllamaDouble } from '../ollama/double.ts'

const configs = parser(OllamaSchema, 'test config')

/** A config with its defaults. */
export function ollamaConfig(url: string, given: Partial<OllamaConfig> = {}): OllamaConfig {
  return configs.parse({ url, ...given })
}

/** A double for the length of `use`; requests that break the API description fail the test. */
export async function withDouble(
  options: OllamaDoubleOptions,
  use: (double: OllamaDouble) => Promise<void>,
): Promise<void> {
  const double = await startOllamaDouble(options)
  try {
    await use(double)
    if (double.violations.length > 0) throw new Error(`requests that break the API: ${double.violations.join('\n')}`)
  } finally {
    await double.stop()
  }
}
