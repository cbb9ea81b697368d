import { PipelineError } from '../../errors.ts'
import type { Logger } from '../../steps/step.ts'
import { otlpConfig } from './config.ts'
import { type Exporter, openExporter } from './exporter.ts'

let shared: Exporter | undefined
let asked = false

/**
 * The exporter of this process, opened at the first call where the environment sets an endpoint; undefined where it does not. Wrong settings are
 * said once, and nothing is traced.
 */
export function sharedExporter(version: string, log: Logger): Exporter | undefined {
  if (asked) return shared
  asked = true
  try {
    const config = otlpConfig(process.env, version)
    if (config !== undefined) shared = openExporter(config, version, log)
  } catch (thrown) {
    log.error('Nothing is traced', { error: PipelineError.from(thrown) })
  }
  return shared
}
