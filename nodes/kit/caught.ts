import type { JournalError } from '../../lib/runs/run.ts'
import { parser, Type } from '../../lib/schema.ts'
import type { Message } from './red.ts'

const caught = parser(
  Type.Object({ message: Type.Optional(Type.String()), code: Type.Optional(Type.String()) }),
  'msg.error',
)

/**
 * The error that a Catch node has put into a message; undefined for a message without. One from a foreign node has no code: then
 * FLOW_ERROR.
 */
export function caughtError({ error }: Message): JournalError | undefined {
  if (error === undefined || error === null) return undefined
  const { message, code } = caught.problems(error).length > 0 ? { message: String(error) } : caught.parse(error)
  return { code: code ?? 'FLOW_ERROR', message: message ?? 'A node failed without a message', retryable: false }
}
