import { PipelineError } from '../../lib/errors.ts'
import type { JournalError, RunRef } from '../../lib/runs/run.ts'
import { parser, Type } from '../../lib/schema.ts'
import type { Message } from './red.ts'
import { runOf } from './run-ref.ts'

/** The run of a message for a node that makes no sense without one. Throws NO_RUN, RUN_INVALID. */
export function neededRun(message: Message): RunRef {
  const run = runOf(message)
  if (run !== undefined) return run
  throw new PipelineError('NO_RUN', 'This message belongs to no run (msg.run): start the flow with a node ysh-run')
}

const caught = parser(
  Type.Object({
    message: Type.Optional(Type.String()),
    // Other packages use numbers as well.
    code: Type.Optional(Type.Union([Type.String(), Type.Number()])),
  }),
  'msg.error',
)

const tried = parser(Type.Object({ attempt: Type.Integer({ minimum: 1 }) }), 'msg.retry')

/** How often a message was tried, as far as it says so (the node `ysh-retry-backoff` counts in `msg.retry`); else 1. */
export function triesOf({ retry }: Message): number {
  return tried.problems(retry).length > 0 ? 1 : tried.parse(retry).attempt
}

/**
 * The error that a Catch node has put into a message; undefined for a message without. One from a foreign node has no code: then
 * FLOW_ERROR.
 */
export function caughtError({ error }: Message): JournalError | undefined {
  if (error === undefined || error === null) return undefined
  const { message, code } = caught.problems(error).length > 0 ? { message: String(error) } : caught.parse(error)
  // Node-RED writes the error's name in front.
  const words = message?.replace(/^(Pipeline)?Error: /, '') ?? 'A node failed without a message'
  return { code: code === undefined ? 'FLOW_ERROR' : String(code), message: words, retryable: false }
}
