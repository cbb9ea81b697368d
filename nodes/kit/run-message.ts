import { PipelineError } from '../../lib/errors.ts'

export { caughtError } from '../../lib/runs/caught.ts'

import type { RunRef } from '../../lib/runs/run.ts'
import { parser, Type } from '../../lib/schema.ts'
import type { Message } from './red.ts'
import { runOf } from './run-ref.ts'

/** The run of a message for a node that makes no sense without one. Throws NO_RUN, RUN_INVALID. */
export function neededRun(message: Message): RunRef {
  const run = runOf(message)
  if (run !== undefined) return run
  throw new PipelineError('NO_RUN', 'This message belongs to no run (msg.run): start the flow with a node ysh-run')
}

const tried = parser(Type.Object({ attempt: Type.Integer({ minimum: 1 }) }), 'msg.retry')

/** How often a message was tried, as far as it says so (the node `ysh-retry-backoff` counts in `msg.retry`); else 1. */
export function triesOf({ retry }: Message): number {
  return tried.problems(retry).length > 0 ? 1 : tried.parse(retry).attempt
}
