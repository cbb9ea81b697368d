import { PipelineError } from '../errors.ts'
import { parser } from '../schema.ts'
import { JoinedSchema } from './joined.ts'
import { plainJson } from './json.ts'
import type { Ending } from './lifecycle.ts'
import type { JournalError } from './run.ts'
import { type Summary, shortened, summarise } from './summary.ts'

const joined = parser(JoinedSchema, 'msg.payload')

/** How a run ends with a message: what it brought, and why it failed. */
export interface MessageEnding {
  summary: Summary
  error: JournalError | undefined
  /** For {@link endRun}. */
  ending: Ending
}

/** Reads off the last message how its run ends: failed with a caught error, or when more items failed than the tolerance admits. Throws NOT_JSON. */
export function endingOf(payload: unknown, caught: JournalError | undefined, tolerance: string): MessageEnding {
  const summary = summaryOf(payload, caught, tolerance)
  const { outcome, failed, done } = summary
  const error = caught ?? (outcome === 'failed' ? tooMany(failed, done + failed) : undefined)
  return {
    summary,
    error,
    ending: {
      outcome,
      summary: shortened(summary),
      ...(error === undefined ? {} : { error: PipelineError.fromJSON(error) }),
    },
  }
}

function tooMany(failed: number, total: number): JournalError {
  return { code: 'RUN_FAILED', message: `${failed} of ${total} items failed, more than may fail`, retryable: false }
}

/** Of a join's items, else of the message as the only item. */
function summaryOf(payload: unknown, caught: JournalError | undefined, tolerance: string): Summary {
  if (caught !== undefined) return summarise([{ key: '', state: 'failed', error: caught }], '0')
  if (joined.problems(payload).length === 0) return summarise(joined.parse(payload).items, tolerance)
  return summarise([{ key: '', state: 'done', output: plainJson(payload, 'msg.payload') }], tolerance)
}
