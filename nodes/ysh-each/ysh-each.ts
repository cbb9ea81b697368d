import { PipelineError } from '../../lib/errors.ts'
import { itemsOf } from '../../lib/runs/each-items.ts'
import type { RunEngine } from '../../lib/runs/engine.ts'
import type { RunRef } from '../../lib/runs/run.ts'
import type { Json } from '../../lib/stores/cache/port.ts'
import { copyOf } from '../kit/copy.ts'
import { registerNode } from '../kit/node.ts'
import type { Message, Red } from '../kit/red.ts'
import { neededRun } from '../kit/run-message.ts'
import { StoresService } from '../kit/stores-service.ts'
import { declaration } from './declaration.ts'
import { joinBehind } from './join-behind.ts'

/** Sends a list item by item, the next one when the join has recorded one. */
export default function (red: Red): void {
  registerNode(red, declaration, (handle) => {
    const stores = handle.use('stores', StoresService)
    const { config, path: node } = handle
    let engine: RunEngine | undefined
    let withdraw = () => {}

    // Items of runs that other processes have can come before any message does.
    if (config.spread) {
      stores
        .engine(handle.signal)
        .then(({ fanOut }) => {
          if (handle.signal.aborted) return
          withdraw = fanOut.spread.register(node, {
            window: config.window,
            send: ({ value }, run, message) => {
              handle.send([{ ...restOf(message), payload: value, run }, null])
            },
          })
        })
        .catch((error: unknown) => {
          if (!handle.signal.aborted)
            handle.log.debug('The stores are not open yet', { error: PipelineError.from(error) })
        })
    }

    async function open(on: RunEngine, run: RunRef, payload: unknown, rest: Message) {
      // Tries around the whole list are none of its items' business, and may hold the whole list.
      const { retry: _, ...others } = rest
      try {
        return await on.fanOut.open({
          run,
          node,
          items: itemsOf(config, payload),
          join: joinBehind(red, node),
          window: config.window,
          message: copyOf(rest),
          send: config.spread
            ? 'shared'
            : ({ value }, itsRun) => {
                handle.send([{ ...copyOf(others), payload: value, run: itsRun }, null])
              },
        })
      } catch (error) {
        on.noteFailure(run, node, error)
        throw error
      }
    }

    return {
      async input(message, { signal }) {
        const run = neededRun(message)
        const { payload, ...rest } = message
        engine = await stores.engine(signal)
        const { total, seen } = await open(engine, run, payload, rest)
        if (total > 0) {
          return {
            status: { mood: 'working', key: seen === 0 ? 'status.items' : 'status.resumed', values: { total, seen } },
          }
        }
        message.payload = { items: [], done: 0, failed: 0 }
        return { outputs: [null, message], status: { mood: 'done', key: 'status.empty' } }
      },
      close() {
        withdraw()
        engine?.fanOut.close(node)
      },
    }
  })
}

/** What an item's message carries besides, as it was written down. */
function restOf(message: Json): Message {
  return typeof message === 'object' && message !== null && !Array.isArray(message) ? { ...message } : {}
}
