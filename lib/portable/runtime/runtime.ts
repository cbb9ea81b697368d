import { PipelineError } from '../../errors.ts'
import { meter } from '../../metrics/meter.ts'
import type { HttpClient } from '../../net/http.ts'
import { endingOf } from '../../runs/ending.ts'
import type { FlightHost, StepEvent } from '../../runs/flight.ts'
import { loadStep, stepKey } from '../../runs/journal.ts'
import { plainJson } from '../../runs/json.ts'
import { type Ending, endRun } from '../../runs/lifecycle.ts'
import { StepLines } from '../../runs/lines.ts'
import { liven, refOf } from '../../runs/live.ts'
import type { RunRef, Trigger } from '../../runs/run.ts'
import { systemTimer } from '../../runs/time.ts'
import { parser } from '../../schema.ts'
import type { Logger } from '../../steps/step.ts'
import { goOn, unlessStopped } from '../../stopped.ts'
import type { Stores } from '../../stores/stores.ts'
import { type Call, CallSchema, type CaughtError, type State } from '../call.ts'
import type { Pipeline, Plan, PlanNode, StepNode } from '../plan/schema.ts'
import { type Entries, stepEntries } from './entries.ts'
import { CallError, callError, errorIn } from './errors.ts'
import { firstMessage } from './first-message.ts'
import { beginRun, failureOf, type HeldRun, heldBy, holdRun, letGo } from './hold.ts'
import type { Lists } from './lists.ts'
import { closeMap, openMap } from './maps.ts'
import { objectEvent } from './object-event.ts'
import { packed, unpacked } from './payloads.ts'
import type { PlanSettings } from './settings.ts'

/** What the runtime works with. The stores are not closed by it. */
export interface RuntimeOptions {
  plan: Plan
  pipeline: Pipeline
  settings: PlanSettings
  stores: Stores
  http: HttpClient
  log: Logger
  /** Node types; those of this palette when left out. */
  entries?: Entries
  /** Whether runs of a pipeline keep the order that its plan wants (skip, queue, replace); else the engine sees to that. */
  turns?: boolean
  /** Told of each try of a step. */
  onStep?(event: StepEvent): void
  /** Where lists of distributed maps lie; without it they are EACH_DISTRIBUTED. */
  lists?(): Promise<Lists | undefined>
}

/** A unit of a call: a node, and of a map which end of it. */
interface Unit {
  node: PlanNode
  part: 'open' | 'close' | undefined
}

const calls = parser(CallSchema, 'The call', 'CALL_INVALID')

/**
 * Does the steps of one pipeline outside Node-RED, call by call, as lib/portable/call.ts says it. Nothing is kept in memory between calls:
 * each may come to another process. What is done is in the journal, by run, node and item, so that a call that comes twice is answered from it.
 */
export class StepRuntime {
  readonly #options: RuntimeOptions
  readonly #nodes: ReadonlyMap<string, PlanNode>
  readonly #lines: StepLines
  /** Places of steps that may be at work only so many times in a process. */
  readonly #busy = new Map<string, Promise<unknown>[]>()

  constructor(options: RuntimeOptions) {
    this.#options = options
    this.#nodes = new Map(options.pipeline.regions.flatMap(({ nodes }) => nodes.map((node) => [node.id, node])))
    this.#lines = new StepLines(options.stores.postgres)
  }

  /** Does a call. Throws a {@link CallError}. `signal`: the process has to end, or the engine's time is over. */
  async call(given: unknown, signal: AbortSignal): Promise<State> {
    let node: PlanNode | undefined
    let held: HeldRun | undefined
    let call: Call | undefined
    try {
      call = calls.parse(given)
      const units = call.units.filter((unit) => unit !== '#begin').map((unit) => this.#unit(unit))
      const { stores, pipeline } = this.#options
      const found = await this.#held(call)
      held = found
      const error = errorIn(call.state)
      const { caught: _, port: __, ...rest } = call.state
      const { run, message } = call.state
      const first = run === undefined ? { message: { ...message, ...firstMessage(pipeline.trigger, found.input) } } : {}
      let state: State = await unpacked({ ...rest, ...first, run: runOf(found, call), error }, stores.objects, signal)
      for (const unit of units) {
        node = unit.node
        state = await this.#do(unit, state, found, call, signal)
      }
      if (call.exit === true) {
        const { run } = state
        state = {
          ...(run === undefined ? {} : { run }),
          error: state.error ?? null,
          message: { payload: state.message.payload },
        }
      }
      return await packed({ ...state, error: state.error ?? null }, pipeline.choiceProperties, stores.objects, signal)
    } catch (thrown) {
      const error = callError(thrown, node)
      if (held !== undefined && call !== undefined) await this.#failed(error, node, held, call)
      throw error
    }
  }

  /** Ends a run as failed that has no further try, or whose work is lost; does nothing where it is over, or in other hands. Throws STORE_*. */
  async giveUp(run: string, error: CaughtError): Promise<void> {
    const held = await heldBy(this.#options.stores.postgres, run)
    if (held !== undefined) await this.#over(held, { outcome: 'failed', error: PipelineError.fromJSON(error) })
  }

  /** The run as this call finds it; made when the trigger's own state comes. */
  async #held({ state, execution }: Call): Promise<HeldRun> {
    const { postgres } = this.#options.stores
    if (state.run !== undefined) return holdRun(postgres, state.run.id)
    const { pipeline } = this.#options
    const object = pipeline.trigger.kind === 'object' ? objectEvent(state.message.payload, pipeline.trigger) : undefined
    const slot = instant(state.slot || object?.slot || execution)
    if (slot === undefined) {
      throw new PipelineError('CALL_INVALID', 'The first call of a run names neither `state.slot` nor `execution`')
    }
    const input = plainJson(object?.event ?? state.message.payload ?? pipeline.payload, 'What the run starts with')
    const overlap = this.#options.turns === true ? pipeline.overlap : 'parallel'
    return beginRun(postgres, { flow: pipeline.id, slot, trigger: triggerOf(state.trigger, pipeline), input, overlap })
  }

  readonly #lists = async (): Promise<Lists> => {
    const lists = await this.#options.lists?.()
    if (lists !== undefined) return lists
    throw new PipelineError(
      'EACH_DISTRIBUTED',
      'A list that the engine reads goes through a bucket: name it in YSH_RESULTS, or keep the objects of ysh-stores in one',
    )
  }

  #unit(text: string): Unit {
    const [id = '', part] = text.split(/#(?=(?:open|close)$)/)
    const node = this.#nodes.get(id)
    const isMap = node?.kind === 'map'
    if (node === undefined || isMap !== (part !== undefined)) {
      throw new PipelineError(
        'CALL_INVALID',
        `The plan has no unit ${text}: compile and deploy plan and engine together`,
      )
    }
    return { node, part: part === 'open' || part === 'close' ? part : undefined }
  }

  async #do({ node, part }: Unit, state: State, held: HeldRun, call: Call, signal: AbortSignal): Promise<State> {
    const { settings } = this.#options
    const live = liven(held, new Map(), systemTimer.monotonic())
    const run: RunRef = { ...refOf(live), ...eachOf(state) }
    const host = this.#host(live)
    if (node.kind === 'map') {
      const work = { host, settings, signal, node, state, run, over: held.state === 'done', lists: this.#lists }
      if (part === 'close') return closeMap(work)
      return timed(node.timeoutSeconds, signal, (until) => openMap({ ...work, signal: until }, call))
    }
    if (node.kind === 'end') return this.#end(node.tolerance, state, held)
    if (node.kind !== 'step')
      throw new PipelineError('CALL_INVALID', `${node.id} is a ${node.kind}: the engine does it`)
    const entry = this.#options.entries?.[node.type] ?? stepEntries[node.type]
    if (entry === undefined) {
      throw new PipelineError('STEP_UNSUPPORTED', `${node.type} (${node.id}) cannot be done outside Node-RED yet`)
    }
    const ref = { run: run.id, node: node.path, item: run.item }
    const known = node.durable ? await loadStep(host.stores.postgres, ref) : undefined
    if (held.state === 'done' && known?.state === 'failed') {
      const failure = await failureOf(host.stores.postgres, ref)
      if (failure !== undefined) throw failure
    }
    if (known !== undefined) live.steps.set(stepKey(node.path, run.item), known)
    const does = await entry()
    const message = { ...state.message, ...(state.error ? { error: state.error } : {}) }
    const { message: next, port } = await this.#inPlace(node, signal, () =>
      timed(node.timeoutSeconds, signal, (until) => does({ host, settings, node, message, run, signal: until })),
    )
    // A run that is over without an end node: what it was to do is owed anew.
    if (node.ports[port] === null && this.#isOwn(node)) await this.#over(held, { outcome: 'done' })
    const { error, ...rest } = next
    // A step's own result takes the error away; what only passes the message on lets it be.
    return { ...state, message: plain(rest), error: error === undefined ? null : (state.error ?? null), port }
  }

  /** Waits until fewer than `concurrency` of the node are at work in this process. */
  async #inPlace<T>({ id, concurrency }: StepNode, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const busy = this.#busy.get(id) ?? []
    this.#busy.set(id, busy)
    while (busy.length >= concurrency) await unlessStopped(signal, () => Promise.race(busy))
    goOn(signal)
    const done = work()
    const place = done.then(
      () => undefined,
      () => undefined,
    )
    busy.push(place)
    try {
      return await done
    } finally {
      busy.splice(busy.indexOf(place), 1)
    }
  }

  async #end(tolerance: string, state: State, held: HeldRun): Promise<State> {
    const { settings } = this.#options
    const { error, ending } = endingOf(
      state.message.payload,
      caughtOf(state.error),
      String(settings.filled(tolerance)) || '0',
    )
    await this.#over(held, ending)
    if (error !== undefined) throw new CallError('run', { ...error, ...sourceOf(state.error) })
    return { ...state, port: 'done' }
  }

  /** Whether a node stands in the run's own region, and not in that of an item. */
  #isOwn({ id }: PlanNode): boolean {
    return this.#options.pipeline.regions[0]?.nodes.some((node) => node.id === id) === true
  }

  async #over(held: { id: string; epoch: number; state: string }, ending: Ending): Promise<void> {
    if (held.state !== 'running') return
    const { stores, pipeline } = this.#options
    await endRun(stores.postgres, held, ending)
    meter.add('pipeline.runs.count', { flow: pipeline.name, outcome: ending.outcome })
    await letGo(stores.postgres, held.id)
  }

  /** An error in the run's own region that nobody catches is its end: the engine has nobody to tell us later. */
  async #failed(error: CallError, node: PlanNode | undefined, held: HeldRun, { retries = 0 }: Call): Promise<void> {
    const { log } = this.#options
    const isOwn = node === undefined || this.#isOwn(node)
    const retry = node !== undefined && 'retry' in node ? node.retry : null
    const caught = node !== undefined && 'catch' in node && node.catch !== null
    const again = error.class === 'retryable' || error.class === 'timeout'
    const left = again && retries < (retry?.maxRetries ?? 0)
    if (error.class === 'run' || error.error.code === 'STOPPED' || !isOwn || caught || left || held.state === 'done')
      return
    try {
      await this.#over(held, { outcome: 'failed', error: PipelineError.fromJSON(error.error) })
    } catch (thrown) {
      log.warn('The run could not be ended in the journal', { run: held.id, error: PipelineError.from(thrown) })
    }
  }

  #host(live: ReturnType<typeof liven>): FlightHost {
    const { stores, http, log, onStep } = this.#options
    return {
      ...{ owner: `portable/${live.id}`, stores, lines: this.#lines, http, clock: systemTimer, log },
      live: new Map([[live.id, live]]),
      visitors: new Set(),
      emit: (event) => onStep?.(event),
      lost: () => undefined,
    }
  }
}

const runOf = ({ id, flow, slot }: HeldRun, { state }: Call) => ({ ...{ id, flow, slot }, ...eachOf(state) })

function eachOf({ run }: State): Pick<RunRef, 'item' | 'each'> {
  return { item: run?.item ?? '', ...(run?.each === undefined ? {} : { each: run.each }) }
}

function triggerOf(given: string | undefined, { trigger }: Pipeline): Exclude<Trigger, 'message'> {
  if (given === 'manual' || given === 'schedule') return given
  if (given === 'event' || given === 'alert' || given === 'late') return 'event'
  return trigger.kind === 'schedule' || trigger.kind === 'manual' ? trigger.kind : 'event'
}

/** An instant as Node-RED writes it, so that a slot is the same run on all engines. */
function instant(slot: string | undefined): string | undefined {
  return slot !== undefined && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(slot) ? new Date(slot).toISOString() : slot
}

/** Work by the engine's signal and the node's own limit. */
async function timed<T>(seconds: number, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  if (seconds === 0) return work(signal)
  const limit = new AbortController()
  const timer = setTimeout(
    () => limit.abort(new PipelineError('TIMEOUT', `A try took longer than ${seconds} s`, { retryable: true })),
    Math.min(seconds * 1_000, 2 ** 31 - 1),
  )
  try {
    return await work(AbortSignal.any([signal, limit.signal]))
  } finally {
    clearTimeout(timer)
  }
}

function caughtOf(error: CaughtError | null | undefined) {
  return error ? { code: error.code, message: error.message, retryable: false } : undefined
}

const sourceOf = (error: CaughtError | null | undefined) =>
  error?.source === undefined ? {} : { source: error.source }

function plain(message: Record<string, unknown>): Record<string, unknown> {
  const copy: Record<string, unknown> = JSON.parse(JSON.stringify(message))
  return copy
}
