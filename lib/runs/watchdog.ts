import { PipelineError } from '../errors.ts'
import { itemPath } from './identity.ts'
import type { LiveRun } from './live.ts'
import type { RunRef } from './run.ts'

/** What is to be done about a run in which nothing has moved for too long. */
export type Verdict =
  /** Steps of these items failed and no Catch brought the error to the join: the join learns it now, so that the others go on. */
  | { act: 'fail-items'; items: { run: RunRef; join: string; error: PipelineError }[] }
  /** A message was lost on the way: the run is sent anew, finished steps come from the journal. */
  | { act: 'replay' }
  /** Our own store was away and is back: the run is sent anew, as often as that happens. */
  | { act: 'store-back' }
  | { act: 'fail'; error: PipelineError }

/** The store's own trouble, which passes: no verdict on the work. */
const storeAway = /^STORE_(UNAVAILABLE|TIMEOUT|BUSY|FULL|READ_ONLY)$/
/** How long nothing may move before such a failure counts as the end of the message, in milliseconds. */
const settledMs = 5_000

/**
 * Judges a run by what this process sees of it; undefined while all is well. A step at work is no stall, it has deadlines of
 * its own. Whoever asks has just written to the store. Foreign nodes are not seen: one that keeps a message for longer than `stallMs` looks like one that lost it.
 */
export function judge(live: LiveRun, now: number, stallMs: number): Verdict | undefined {
  if (live.flights.size > 0) return undefined
  const away = [...live.failures.values()].some(({ error }) => error.retryable && storeAway.test(error.code))
  if (away && live.waits.size === 0 && now - live.movedAt >= settledMs) return { act: 'store-back' }
  if (now - live.movedAt < stallMs) return undefined
  const items = [...live.windows.values()].flatMap(({ node, run, join, out }) =>
    join === undefined
      ? []
      : [...out].flatMap((key) => {
          const item = itemPath(run.item, key)
          const error = live.failures.get(item)?.error
          return error === undefined ? [] : [{ run: { ...run, item, each: [...(run.each ?? []), node] }, join, error }]
        }),
  )
  if (items.length > 0) return { act: 'fail-items', items }
  // What waits for its next try is no stall; what else there is waits with it.
  if (live.waits.size > 0) return undefined
  const [failure] = live.failures.values()
  if (failure !== undefined) {
    const { node, error } = failure
    const message = `Step ${node} failed and nothing went on with its error (no Catch node?): ${error.message}`
    return { act: 'fail', error: new PipelineError(error.code, message, { cause: error }) }
  }
  if (live.replayedAt !== live.lines) return { act: 'replay' }
  const last = [...live.steps.keys()].at(-1)?.split('\n').join(' ') ?? 'the trigger'
  const message = `Nothing moved for ${Math.round(stallMs / 1_000)} s, again at the same place after sending anew; last seen after ${last}. A run must reach its end node`
  return { act: 'fail', error: new PipelineError('STALLED', message, { details: { last } }) }
}
