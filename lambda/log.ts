import { PipelineError } from '../lib/errors.ts'
import type { Logger } from '../lib/steps/step.ts'

/** What Lambda tells a handler, as far as it is used. */
export interface LambdaContext {
  awsRequestId: string
  getRemainingTimeInMillis(): number
}

/** A log of JSON lines, as CloudWatch Logs Insights reads them. Debug lines are left out. */
export function jsonLog(write: (line: string) => void = (line) => process.stdout.write(`${line}\n`)): Logger {
  const line = (level: string) => (message: string, fields?: Record<string, unknown>) => {
    const told = Object.entries(fields ?? {}).map(([name, value]) => [
      name,
      value instanceof Error ? PipelineError.from(value).toJSON() : value,
    ])
    write(JSON.stringify({ level, message, ...Object.fromEntries(told) }))
  }
  return { debug: () => undefined, info: line('INFO'), warn: line('WARN'), error: line('ERROR') }
}

/** A line of the embedded metric format: CloudWatch makes metrics of it without a call. Labels must have few values. */
export function metricLine(
  labels: Readonly<Record<string, string>>,
  figures: Readonly<Record<string, { value: number; unit: 'Count' | 'Seconds' }>>,
  at = Date.now(),
): string {
  const Metrics = Object.entries(figures).map(([Name, { unit }]) => ({ Name, Unit: unit }))
  const values = Object.entries(figures).map(([name, { value }]) => [name, value])
  return JSON.stringify({
    _aws: {
      Timestamp: at,
      CloudWatchMetrics: [{ Namespace: 'YSH/Pipeline', Dimensions: [Object.keys(labels)], Metrics }],
    },
    ...labels,
    ...Object.fromEntries(values),
  })
}
