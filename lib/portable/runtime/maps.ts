import { PipelineError } from '../../errors.ts'
import { isRecord, recordsOf, textOf } from '../../flow-check/node.ts'
import { meter } from '../../metrics/meter.ts'
import { executeStep } from '../../runs/execute.ts'
import { hashOf, itemPath, splitPath } from '../../runs/identity.ts'
import { putItem } from '../../runs/items.ts'
import type { ItemEnd, JoinedItem } from '../../runs/joined.ts'
import { finishStep } from '../../runs/journal.ts'
import { plainJson } from '../../runs/json.ts'
import type { RunRef } from '../../runs/run.ts'
import { type Item, indexOf } from '../../runs/window.ts'
import { parser } from '../../schema.ts'
import type { Json } from '../../stores/cache/port.ts'
import { type Call, type State, StateSchema } from '../call.ts'
import type { MapNode, StepNode } from '../plan/schema.ts'
import { errorIn } from './errors.ts'
import { lettersOf } from './letters.ts'
import type { Lists } from './lists.ts'
import { listed } from './map-items.ts'
import { packedItem, stored, unpacked } from './payloads.ts'
import { type EntryWork, nodeConfig } from './step-entry.ts'

/** What opening and closing a map work with. */
export interface MapWork extends Pick<EntryWork, 'host' | 'settings' | 'signal'> {
  node: MapNode
  state: State
  run: RunRef
  /** The run is over: nothing is written any more. */
  over: boolean
  /** Where lists of distributed maps lie. */
  lists(): Promise<Lists>
}

/** Ends of items that are written beside each other; as many connections as a pool has by default. */
const atOnce = 8

const states = parser(StateSchema, 'The state of an item')

/**
 * Makes the items of a map: `items` of the state, with the port `item`, or `empty` where there are none; of a distributed one `itemsAt`, also of
 * none. Throws EACH_NO_LIST, EACH_KEY, EACH_TOO_MANY, EACH_DISTRIBUTED, and what reading batches and writing lists throws.
 */
export async function openMap(
  work: MapWork,
  { most = Number.POSITIVE_INFINITY, distributed = false }: Pick<Call, 'most' | 'distributed'> = {},
): Promise<State> {
  const { node, run, host } = work
  // A list of an earlier map that had no items, or failed, is none of this one.
  const { itemsAt: _, ...state } = work.state
  const { retry: __, ...message } = state.message
  const { items, payload } =
    node.over === 'batches'
      ? await batches(work)
      : { items: listed(node, work.settings, message.payload), payload: message.payload }
  const index = indexOf(items)
  if (items.length > most) {
    throw new PipelineError('EACH_TOO_MANY', `The list has ${items.length} items, this engine takes ${most} here`)
  }
  if (node.over === 'items') await journal(work, node.path, 'each', hashOf([...index.keys()]), { total: items.length })
  if (items.length === 0) {
    const none = node.over === 'items' ? { items: [], done: 0, failed: 0 } : payload
    return { ...state, error: null, ...(await offered([])), port: 'empty', message: { ...message, payload: none } }
  }
  const each = [...(run.each ?? []), node.path]
  return {
    ...state,
    error: null,
    message: { ...message, payload },
    ...(await offered(
      items.map(({ key, value }) => ({
        run: { item: itemPath(run.item, key), each },
        message: { payload: value },
      })),
    )),
    port: 'item',
  }

  /** In the state, or where the engine reads them: there is no place for many in a state. */
  async function offered(given: NonNullable<State['items']>): Promise<Pick<State, 'items' | 'itemsAt'>> {
    if (!distributed) return { items: given }
    const { signal } = work
    const small = []
    for (const item of given) small.push(await packedItem(item, host.stores.objects, signal))
    const lists = await work.lists()
    return { itemsAt: await lists.write({ run: run.id, item: run.item, map: node.path }, small, signal) }
  }

  async function batches({ settings, signal }: MapWork): Promise<{ items: Item[]; payload: unknown }> {
    const { datasetQuery } = await import('../../steps/dataset/query/query.ts')
    const items: Item[] = []
    const { objects } = host.stores
    const step = datasetQuery(async ({ rows, index }) => {
      // Rows are content: what travels is a reference.
      const value = plainJson(await stored(rows, [], objects, signal), 'A batch')
      items.push({ key: String(index), value })
    })
    const config = nodeConfig(step.config, { ...work, node: asStep(node), message, settings })
    const given = Object.entries(isRecord(message.payload) ? message.payload : {})
    const input = Object.fromEntries(given.filter(([name]) => name in step.input.properties))
    const { output, replayed } = await executeStep(host, { step, config, node: node.path, input, run, signal })
    if (!replayed) return { items, payload: output }
    // The journal knows the result, not the rows: they are read once more, beside it.
    const { stores, http, clock, log } = host
    const quiet = { progress: () => undefined, finish: async () => undefined }
    await step.run(input, config, { run, node: node.path, attempt: 1, signal, stores, http, clock, log, ...quiet })
    return { items, payload: output }
  }
}

const asStep = (node: MapNode): StepNode => ({
  ...{
    kind: 'step',
    id: node.id,
    path: node.path,
    type: node.type,
    name: node.name,
    tab: node.tab,
    config: node.config,
  },
  ...{ entry: 'work', durable: true, timeoutSeconds: node.timeoutSeconds, concurrency: 1, delivers: false, ports: {} },
  ...{ retry: node.retry, catch: node.catch },
})

/** Brings the items together, and writes down how each ended. Of batches it throws the first error. Throws FENCED, OUTPUT_TOO_LARGE, EACH_RESULTS. */
export async function closeMap(work: MapWork): Promise<State> {
  const { node, state, run, host, signal } = work
  const { items: _, itemsAt, results, ...rest } = state
  const ended: JoinedItem[] = []
  const letters = lettersOf(work)
  const told = itemsAt === undefined ? results : await (await work.lists()).ends(itemsAt, results, signal)
  const all = recordsOf(told)
  for (let at = 0; at < all.length; at += atOnce)
    ended.push(...(await Promise.all(all.slice(at, at + atOnce).map(close))))
  if (node.over === 'batches') {
    const first = ended.find((item) => item.state === 'failed')
    if (first?.state === 'failed') throw PipelineError.fromJSON({ ...first.error, retryable: false })
    return { ...rest, error: null, port: 'joined' }
  }
  const done = ended.filter((item) => item.state === 'done').length
  const failed = ended.length - done
  const keys = ended.map(({ key }) => key)
  await journal(work, node.join ?? node.path, 'join', hashOf([node.path, ...keys]), {
    total: keys.length,
    done,
    failed,
  })
  const payload = { items: ended, done, failed }
  return { ...rest, error: null, message: { ...rest.message, payload }, port: 'joined' }

  async function close(result: unknown): Promise<JoinedItem> {
    const item = states.parse({ message: {}, ...(isRecord(result) ? result : {}) })
    const end = await endOf(item, host.stores.objects, signal)
    const path = item.run?.item ?? ''
    if (node.over === 'items' && !work.over) {
      const ref = { ...run, item: path, each: [...(run.each ?? []), node.path] }
      const letter = end.state === 'failed' ? { letter: await letters(ref, end.error, errorIn(item)) } : {}
      const of = { run: ref, node: node.path, join: node.join ?? node.path, startedAt: host.clock.now() }
      const { written, kept } = await putItem(host.stores.postgres, { ...of, ...letter }, end)
      if (!kept) host.log.error('A failed item could not become a dead letter', { run: run.id, item: path })
      if (written) meter.add('pipeline.items.processed', { kind: 'item', outcome: end.state })
    }
    return { key: splitPath(path).key, ...end }
  }
}

async function endOf(
  item: State,
  objects: MapWork['host']['stores']['objects'],
  signal: AbortSignal,
): Promise<ItemEnd> {
  const error = errorIn(item)
  if (error !== null) {
    return { state: 'failed', error: { code: error.code, message: textOf(error.message), retryable: false } }
  }
  const { message } = await unpacked(item, objects, signal)
  return { state: 'done', output: plainJson(message.payload, 'msg.payload') }
}

/** A line of the journal for the list itself, as Node-RED writes it. */
async function journal(
  { host, run, over }: MapWork,
  node: string,
  step: string,
  inputHash: string,
  output: Json,
): Promise<void> {
  if (over) return
  const startedAt = host.clock.now().toISOString()
  const { id, epoch, item } = run
  try {
    const ref = { run: id, epoch, node, item, step, inputHash, attempt: 1, startedAt }
    await finishStep(host.stores.postgres, ref, output)
  } catch (error) {
    if (PipelineError.from(error).code !== 'STEP_DONE') throw error
  }
}
