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
