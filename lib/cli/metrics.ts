import { PipelineError } from '../errors.ts'
import type { StepEvent } from '../runs/flight.ts'
import type { Logger } from '../steps/step.ts'
import type { Stores } from '../stores/stores.ts'

/**
 * What serves and sends metrics, for a process that goes on for long. Whoever starts the command line hands it in (lib/metrics/process): what
 * only counts need not know it.
 */
export type OpenMetrics = (options: {
  listen?: { host: string; port: number }
  env: Readonly<Record<string, string | undefined>>
  version: string
  log: Logger
}) => Promise<{
  onStep(event: StepEvent): void
  watch(watched: { stores: Stores; flows: readonly string[]; nameOf(flow: string): string } | undefined): void
  close(): Promise<void>
}>

/** `PORT`, `HOST:PORT`, `[::]:PORT`; a port alone is on this machine's own address. Throws CLI_USAGE. */
export function metricsAddress(text: string): { host: string; port: number } {
  const [, host = '127.0.0.1', port = ''] = /^(?:(\[[^\]]+\]|[^:]+):)?(\d{1,5})$/.exec(text) ?? []
  if (port === '' || Number(port) > 65_535)
    throw new PipelineError('CLI_USAGE', '--metrics is a port, or an address with one: 9464, 0.0.0.0:9464')
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) }
}
