import { parser, Type } from '../schema.ts'
import type { JournalError } from './run.ts'

const caught = parser(
  Type.Object({
    message: Type.Optional(Type.String()),
    // Other packages use numbers as well.
    code: Type.Optional(Type.Union([Type.String(), Type.Number()])),
  }),
  'msg.error',
)

/**
 * The error that a Catch node has put into a message; undefined for a message without. One from a foreign node has no code: then
 * FLOW_ERROR.
 */
export function caughtError({ error }: { error?: unknown; [property: string]: unknown }): JournalError | undefined {
  if (error === undefined || error === null) return undefined
  const { message, code } = caught.problems(error).length > 0 ? { message: String(error) } : caught.parse(error)
  // Node-RED writes the error's name in front.
  const words = message?.replace(/^(Pipeline)?Error: /, '') ?? 'A node failed without a message'
  return { code: code === undefined ? 'FLOW_ERROR' : String(code), message: words, retryable: false }
}
