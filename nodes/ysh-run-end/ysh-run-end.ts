import { endingOf } from '../../lib/runs/ending.ts'
import type { RunEngine } from '../../lib/runs/engine.ts'
import type { Ending } from '../../lib/runs/lifecycle.ts'
import type { RunRef } from '../../lib/runs/run.ts'
import type { Infer } from '../../lib/schema.ts'
import { registerNode } from '../kit/node.ts'
import type { Red } from '../kit/red.ts'
import { caughtError, neededRun } from '../kit/run-message.ts'
import { StoresService } from '../kit/stores-service.ts'
import { declaration, type RunSummarySchema } from './declaration.ts'

/** Ends a run in the journal, and sends what it brought: output 1 when it is done, output 2 when it failed. */
export default function (red: Red): void {
  registerNode(red, declaration, (handle) => {
    const stores = handle.use('stores', StoresService)

    async function end(engine: RunEngine, run: RunRef, ending: Ending) {
      try {
        return await engine.end(run, ending)
      } catch (error) {
        engine.noteFailure(run, handle.path, error)
        throw error
      }
    }

    return {
      async input(message, { signal }) {
        const run = neededRun(message)
        const engine = await stores.engine(signal)
        const caught = caughtError(message)
        const { summary, error, ending } = endingOf(message.payload, caught, handle.config.tolerance)
        const { outcome, failed, done } = summary
        const ended = await end(engine, caught === undefined ? run : wholeRun(run), ending)
        const payload: Infer<typeof RunSummarySchema> = {
          runId: run.id,
          flow: run.flow,
          slot: run.slot,
          trigger: ended.trigger,
          ...summary,
          seconds: ended.seconds,
          ...(error === undefined ? {} : { error }),
        }
        message.payload = payload
        // The run is over: what comes after this node is none of its steps, and no error to count in a Catch loop.
        delete message.run
        delete message.error
        return {
          outputs: outcome === 'done' ? [message, null] : [null, message],
          status:
            outcome === 'done'
              ? { mood: failed > 0 ? 'warning' : 'done', key: 'status.done', values: { done, total: done + failed } }
              : { mood: 'error', key: 'status.failed', values: { failed, total: done + failed } },
        }
      },
    }
  })
}

/** An error that a Catch brings ends the whole run, wherever in it the error happened. */
function wholeRun({ each: _, ...run }: RunRef): RunRef {
  return { ...run, item: '' }
}
