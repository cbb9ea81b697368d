import { PipelineError } from '../../lib/errors.ts'
import type { Logger } from '../../lib/steps/step.ts'
import type { RedNode } from './red.ts'

/** A step's log in Node-RED's: one line each, with its fields as JSON. */
export function loggerOf(node: RedNode): Logger {
  return {
    debug: (message, fields) => node.debug(line(message, fields)),
    info: (message, fields) => node.log(line(message, fields)),
    warn: (message, fields) => node.warn(line(message, fields)),
    error: (message, fields) => node.error(line(message, fields)),
  }
}

function line(message: string, fields: Record<string, unknown> | undefined): string {
  if (fields === undefined || Object.keys(fields).length === 0) return message
  const shown = JSON.stringify(fields, (_key, value: unknown) => {
    if (value instanceof Error) return PipelineError.from(value).toJSON()
    return typeof value === 'bigint' ? String(value) : value
  })
  return `${message} ${shown}`
}
