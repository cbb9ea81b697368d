import type { Timer } from '../runs/time.ts'
import { goOn } from '../stopped.ts'
import type { Call, State } from './call.ts'
import { chosen } from './choice.ts'
import type { MapNode, Pipeline, PlanNode, StepNode } from './plan/schema.ts'
import { CallError, isCaught } from './runtime/errors.ts'
import { waitBefore } from './waits.ts'

/** What executes a plan in one process: the step runtime, and time. */
export interface ExecutorOptions {
  call(call: Call, signal: AbortSignal): Promise<State>
  clock: Pick<Timer, 'sleep' | 'monotonic'>
  /** From 0 to below 1, for waits that are spread. */
  random?(): number
  /** Told of each wait of the flow. */
  onWait?(node: string, seconds: number): void
  signal: AbortSignal
}

/** What a run starts with. */
export interface RunStart {
  /** The same slot is the same run: what is done is not done again. */
  slot: string
  payload: unknown
}

/** How a run ended; `error` of one that failed. */
export type RunOutcome = { outcome: 'done'; state: State } | { outcome: 'failed'; error: CallError; state: State }

/**
 * Executes a pipeline here, as its plan says: no engine beside it. Retries wait in memory; after a crash the same slot goes on where it was,
 * with fresh tries. Throws STOPPED, and what is no {@link CallError}.
 */
export async function executePipeline(
  pipeline: Pipeline,
  start: RunStart,
  options: ExecutorOptions,
): Promise<RunOutcome> {
  return new Execution(pipeline, options).run(start)
}

class Execution {
  readonly #pipeline: Pipeline
  readonly #options: ExecutorOptions
  readonly #nodes: ReadonlyMap<string, PlanNode>
  #slot = ''

  constructor(pipeline: Pipeline, options: ExecutorOptions) {
    this.#pipeline = pipeline
    this.#options = options
    this.#nodes = new Map(pipeline.regions.flatMap(({ nodes }) => nodes.map((node) => [node.id, node])))
  }

  async run({ slot, payload }: RunStart): Promise<RunOutcome> {
    this.#slot = slot
    let state: State = { message: { payload }, slot }
    try {
      state = await this.#call(['#begin'], state)
      state = await this.#follow(this.#pipeline.regions[0]?.start ?? null, state)
      return { outcome: 'done', state }
    } catch (thrown) {
      if (!(thrown instanceof CallError) || thrown.error.code === 'STOPPED') throw thrown
      return { outcome: 'failed', error: thrown, state }
    }
  }

  /** Follows a region to its end. Throws an error that nobody in it catches. */
  async #follow(start: string | null, given: State): Promise<State> {
    let state = given
    for (let id = start; id !== null; ) {
      goOn(this.#options.signal)
      const node = this.#node(id)
      try {
        const done = await this.#act(node, state)
        state = done.state
        id = done.next
      } catch (thrown) {
        const handler = node.kind === 'step' || node.kind === 'map' ? node.catch : null
        if (!isCaught(thrown) || handler === null) throw thrown
        state = { ...state, error: thrown.error }
        id = handler.to
      }
    }
    return state
  }

  async #act(node: PlanNode, state: State): Promise<{ state: State; next: string | null }> {
    switch (node.kind) {
      case 'wait':
        this.#options.onWait?.(node.path, node.seconds)
        await this.#options.clock.sleep(node.seconds * 1_000, this.#options.signal)
        return { state, next: node.next }
      case 'choice':
        return { state, next: chosen(node, state.message) }
      case 'end':
        return { state: await this.#call([node.id], state), next: null }
      case 'step': {
        const after = await this.#tried(node, [node.id], state)
        return { state: after, next: portOf(node, after) }
      }
      case 'map':
        return this.#map(node, state)
    }
  }

  async #map(node: MapNode, state: State): Promise<{ state: State; next: string | null }> {
    const opened = await this.#tried(node, [`${node.id}#open`], state)
    if (opened.port === 'empty') return { state: opened, next: node.empty }
    const region = this.#pipeline.regions.find(({ id }) => id === node.region)
    const { items = [], ...base } = opened
    const results: State[] = []
    let next = 0
    const work = async () => {
      for (let at = next++; at < items.length; at = next++) {
        const item = items[at]
        if (item === undefined) return
        const run = { id: '', flow: '', slot: '', ...base.run, ...item.run }
        const one: State = { ...base, run, message: { ...base.message, ...item.message } }
        results[at] = await this.#item(region?.start ?? null, one)
      }
    }
    // All settle before an error goes on: nothing of the run is at work behind it.
    const lanes = await Promise.allSettled(Array.from({ length: Math.min(node.window, items.length) }, work))
    for (const lane of lanes) if (lane.status === 'rejected') throw lane.reason
    const closed = await this.#call([`${node.id}#close`], { ...base, results })
    return { state: closed, next: node.next }
  }

  /** An item's error is a value: its neighbours go on. */
  async #item(start: string | null, state: State): Promise<State> {
    try {
      const { run, error = null, message } = await this.#follow(start, state)
      return { ...(run === undefined ? {} : { run }), error, message: { payload: message.payload } }
    } catch (thrown) {
      if (!isCaught(thrown)) throw thrown
      return { ...state, error: thrown.error }
    }
  }

  async #tried(node: StepNode | MapNode, units: string[], state: State): Promise<State> {
    const { clock, signal, random = Math.random } = this.#options
    const began = clock.monotonic()
    for (let retries = 0; ; retries++) {
      try {
        return await this.#call(units, state, retries)
      } catch (thrown) {
        const { retry } = node
        const again = thrown instanceof CallError && (thrown.class === 'retryable' || thrown.class === 'timeout')
        if (!again || !isCaught(thrown) || retry === null || retries >= retry.maxRetries) throw thrown
        const waitMs = waitBefore(retry, retries + 1, thrown, random)
        if (waitMs === undefined || clock.monotonic() - began + waitMs >= retry.deadlineSeconds * 1_000) throw thrown
        await clock.sleep(waitMs, signal)
      }
    }
  }

  #call(units: string[], state: State, retries = 0): Promise<State> {
    const call: Call = { pipeline: this.#pipeline.id, units, retries, execution: this.#slot, state }
    return this.#options.call(call, this.#options.signal)
  }

  #node(id: string): PlanNode {
    const node = this.#nodes.get(id)
    if (node === undefined) throw new Error(`The plan has no node ${id}`)
    return node
  }
}

/** Which node follows a step. */
export function portOf({ ports }: StepNode, { port = '' }: State): string | null {
  const target = ports[port]
  if (target !== undefined) return target
  const [only, ...others] = new Set(Object.values(ports))
  return others.length === 0 ? (only ?? null) : null
}
