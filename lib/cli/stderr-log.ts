import { PipelineError } from '../errors.ts'
import type { Logger } from '../steps/step.ts'

/** A log of lines such as `warn  The step waits  {"run":"…"}`. Debug lines are left out. */
export function lineLog(write: (line: string) => void): Logger {
  const line = (level: string) => (message: string, fields?: Record<string, unknown>) => {
    const told = Object.entries(fields ?? {}).map(([name, value]) => [
      name,
      value instanceof Error ? `${PipelineError.from(value).code}: ${value.message}` : value,
    ])
    write(`${level.padEnd(5)} ${message}${told.length === 0 ? '' : `  ${JSON.stringify(Object.fromEntries(told))}`}`)
  }
  return { debug: () => undefined, info: line('info'), warn: line('warn'), error: line('error') }
}

/** A signal that SIGTERM and SIGINT fire; `off` gives them back. */
export function untilTold(): { signal: AbortSignal; off(): void } {
  const controller = new AbortController()
  const told = (name: string) =>
    controller.abort(
      new PipelineError('STOPPED', `${name} came: the work was stopped before its end`, { retryable: true }),
    )
  process.on('SIGTERM', told)
  process.on('SIGINT', told)
  return {
    signal: controller.signal,
    off() {
      process.off('SIGTERM', told)
      process.off('SIGINT', told)
    },
  }
}
