import { readCondition } from '../../lib/steps/dataset/query/conditions.ts'
import { type Batch, datasetQuery } from '../../lib/steps/dataset/query/query.ts'
import type { QueryInput, QueryOutput } from '../../lib/steps/dataset/query/schema.ts'
import { copyOf } from '../kit/copy.ts'
import { letThrough } from '../kit/let-through.ts'
import { registerNode } from '../kit/node.ts'
import type { Message, Red } from '../kit/red.ts'
import { runOf } from '../kit/run-ref.ts'
import { figure } from '../kit/status.ts'
import { StoresService } from '../kit/stores-service.ts'
import { declaration } from './declaration.ts'

/** Output 1: the rows, batch by batch, each when the flow has let the one before through. Output 2: the end, when all are through. */
export default function (red: Red): void {
  registerNode(red, declaration, (handle) => {
    for (const condition of handle.config.where) readCondition(condition)
    const stores = handle.use('stores', StoresService)
    const { config, path: node } = handle
    const patienceMs = config.patienceSeconds * 1_000
    return {
      async input(message, { signal, progress, send }) {
        handle.status({ mood: 'working', key: 'status.working' })
        const engine = await stores.engine(signal)
        const parts = { id: red.util.generateId(), type: 'array', len: config.batch }
        const { payload, _msgid: _, ...rest } = message
        const take = async ({ rows, index, last }: Batch, either: AbortSignal) => {
          const id = red.util.generateId()
          // the number of all is known with the last one: then a core join that waits for it ends
          const part = { ...parts, index, ...(last ? { count: index + 1 } : {}) }
          const batch: Message = { ...copyOf(rest), _msgid: id, payload: rows, parts: part }
          await letThrough(red, id, () => void send([batch, null]), { signal: either, patienceMs })
        }
        const { output, run } = await engine.execute({
          ...{ step: datasetQuery(take), config, node, input: known(payload), run: runOf(message) },
          ...{ signal, progress, log: handle.log },
        })
        message.payload = output
        message.run = run
        delete message.error
        return { outputs: [null, message], status: statusOf(output, handle.language) }
      },
    }
  })
}

const properties: readonly (keyof QueryInput)[] = ['dataset', 'columns', 'where', 'order', 'asOf', 'limit']

/** What of a payload is for the query; anything else, such as Inject's timestamp, is none of it. */
function known(payload: unknown): unknown {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload) || Buffer.isBuffer(payload)) return {}
  return Object.fromEntries(Object.entries(payload).filter(([name]) => properties.some((each) => each === name)))
}

function statusOf({ rows, cut }: QueryOutput, language: string) {
  return { mood: cut ? 'warning' : 'done', key: 'status.read', values: { rows: figure(rows, language) } } as const
}
