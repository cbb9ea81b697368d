import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'
import { PipelineError } from '../errors.ts'

/** Options that take a text, and those that are there or not. */
export const text = { type: 'string' } as const
export const flag = { type: 'boolean' } as const
export const help = { type: 'boolean', short: 'h' } as const

/** The error of a command that is used wrongly. */
export function wrongUse(words: string, cause?: unknown): PipelineError {
  return new PipelineError('CLI_USAGE', words, { cause })
}

/** What stands on the command line: `values` of options, and `positionals`. Throws CLI_USAGE. */
export function readArguments<Options extends ParseArgsOptionsConfig>(args: readonly string[], options: Options) {
  try {
    return parseArgs({ args: [...args], allowPositionals: true as const, options })
  } catch (cause) {
    throw wrongUse(cause instanceof Error ? cause.message : String(cause), cause)
  }
}
