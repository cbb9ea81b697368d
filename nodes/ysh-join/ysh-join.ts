import { PipelineError } from '../../lib/errors.ts'
import type { RunEngine } from '../../lib/runs/engine.ts'
import type { Joined } from '../../lib/runs/fanout.ts'
import type { ItemEnd } from '../../lib/runs/joined.ts'
import { plainJson } from '../../lib/runs/json.ts'
import { copyOf } from '../kit/copy.ts'
import { registerNode } from '../kit/node.ts'
import type { Message, Red } from '../kit/red.ts'
import { caughtError, neededRun, triesOf } from '../kit/run-message.ts'
import { StoresService } from '../kit/stores-service.ts'
import { declaration } from './declaration.ts'

/** Records how each item ended, also those that a Catch brings, and sends once when all are there. */
export default function (red: Red): void {
  registerNode(red, declaration, (handle) => {
    const stores = handle.use('stores', StoresService)
    const { path: node, signal: closed } = handle
    let known: RunEngine | undefined
    let withdraw = () => {}

    function send({ run, message, items, done, failed }: Joined): void {
      const base = typeof message === 'object' && message !== null ? copyOf(message) : {}
      handle.send([{ ...base, payload: { items, done, failed }, run }])
      handle.status({
        mood: failed > 0 ? 'warning' : 'done',
        key: 'status.seen',
        values: { seen: done, total: done + failed },
      })
    }

    async function open(signal: AbortSignal): Promise<RunEngine> {
      const engine = await stores.engine(signal)
      if (engine !== known && !closed.aborted) {
        known = engine
        withdraw()
        withdraw = engine.fanOut.registerJoin(node, send)
      }
      return engine
    }

    // A run that is sent anew may have all its items there already: then no item will ever come to wake this node.
    open(closed).catch((error: unknown) => {
      if (!closed.aborted) handle.log.debug('The stores are not open yet', { error: PipelineError.from(error) })
    })

    return {
      async input(message, { signal }) {
        const run = neededRun(message)
        const engine = await open(signal)
        const { seen, total } = await engine.fanOut.record(run, node, endOf(message), triesOf(message))
        return { status: { mood: seen < total ? 'working' : 'done', key: 'status.seen', values: { seen, total } } }
      },
      close: () => withdraw(),
    }
  })
}

function endOf(message: Message): ItemEnd {
  const error = caughtError(message)
  return error === undefined
    ? { state: 'done', output: plainJson(message.payload, 'msg.payload') }
    : { state: 'failed', error }
}
