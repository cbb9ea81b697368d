import { PipelineError } from '../../errors.ts'
import type { Logger } from '../../steps/step.ts'
import type { PostgresStore, Queryable } from '../../stores/postgres/port.ts'
import type { JobInsert } from '../../vendor/pg-boss.ts'
import type { Call, CaughtError, State } from '../call.ts'
import { portOf } from '../executor.ts'
import type { MapNode, Pipeline, StepNode } from '../plan/schema.ts'
import { type CallError, callError, isCaught } from '../runtime/errors.ts'
import { waitBefore } from '../waits.ts'
import { longestJobSeconds } from './boss.ts'
import type { Job, NodeJob, StartJob } from './job.ts'
import { dropMap, dropMaps, readResults } from './maps.ts'
import { type Move, Moves } from './moves.ts'

/** What does the calls of a pipeline. */
export interface Runtime {
  call(call: Call, signal: AbortSignal): Promise<State>
  /** Ends a run as failed, unless it is over. */
  giveUp(run: string, error: CaughtError): Promise<void>
}

/** What follows a job, written in the transaction that ends it. */
export type Follow = (tx: Queryable) => Promise<JobInsert<Job>[]>

/** How much longer than the step's own limit pg-boss waits before it gives a job to another worker. */
const marginSeconds = 300
/** When a run that has to wait for its turn looks again whether it has come; doubles up to the second figure. */
const turnMs = [1_000, 30_000] as const
/** How long a job is kept when it is done: what it did is in the journal. */
const keptSeconds = 86_400

/** What a {@link Line} works with. */
export interface LineOptions {
  pipeline: Pipeline
  runtime: Runtime
  store: PostgresStore
  log: Logger
  /** From 0 to below 1, for waits that are spread. */
  random?: () => number
  /** Milliseconds that a wait takes in truth; tests are in a hurry. */
  inTruth?: (ms: number) => number
}

/** Does the jobs of one pipeline: a call of the step runtime each, and says which jobs follow. */
export class Line {
  readonly #options: LineOptions
  readonly #moves: Moves

  constructor(options: LineOptions) {
    this.#options = options
    this.#moves = new Moves(options.pipeline)
  }

  /** Does a job. What it throws is for pg-boss to try again: the stores are away. `id` is the job's. */
  async does(id: string, job: Job, signal: AbortSignal): Promise<Follow> {
    return job.do === 'start' ? this.#start(job, signal) : this.#node(id, job, signal)
  }

  /** What follows a job that took its workers down again and again. */
  async lost(job: Job): Promise<Follow> {
    const error = new PipelineError('POISONED', 'Several workers died in a row while they worked on this job')
    if (job.do === 'start') {
      this.#options.log.error('A run could not be begun', { pipeline: job.pipeline, slot: job.slot, error })
      return nothing
    }
    return this.#failed(job, callError(error, this.#moves.node(job.node)))
  }

  async #start(job: StartJob, signal: AbortSignal): Promise<Follow> {
    const { slot, trigger, payload = this.#options.pipeline.payload } = job
    try {
      const state = await this.#call(slot, ['#begin'], { slot, trigger, message: { payload } }, signal)
      return (tx) => this.#inserts(this.#moves.begin(tx, slot, state))
    } catch (thrown) {
      const error = callError(thrown, undefined)
      const { code } = error.error
      if (code === 'STOPPED') return () => this.#again(job, 0)
      if (code === 'RUN_QUEUED') {
        const looks = (job.looks ?? 0) + 1
        return () => this.#again({ ...job, looks }, Math.min(turnMs[0] * 2 ** (looks - 1), turnMs[1]))
      }
      if (error.class !== 'run' && error.error.retryable) throw thrown
      const told = { pipeline: job.pipeline, slot, error: PipelineError.fromJSON(error.error) }
      if (error.class === 'run') this.#options.log.info('A run was not begun', told)
      else this.#options.log.error('A run could not be begun', told)
      return nothing
    }
  }

  async #node(id: string, job: NodeJob, signal: AbortSignal): Promise<Follow> {
    const node = this.#moves.node(job.node)
    const since = job.since ?? Date.now()
    const { state, slot, retries } = job
    try {
      switch (node?.kind) {
        case 'wait':
          return (tx) => this.#inserts(this.#moves.go(tx, job, node.next, state))
        case 'step': {
          const after = await this.#call(slot, [node.id], state, signal, retries)
          return (tx) => this.#inserts(this.#moves.go(tx, job, portOf(node, after), after))
        }
        case 'end': {
          const after = await this.#call(slot, [node.id], state, signal)
          return (tx) => this.#inserts(this.#moves.go(tx, job, null, after))
        }
        case 'map':
          return job.part === 'close' ? await this.#close(job, node, signal) : await this.#open(id, job, node, signal)
        default:
          throw new PipelineError('CALL_INVALID', `The plan has no work ${job.node}: the job is of another version`)
      }
    } catch (thrown) {
      const error = callError(thrown, node)
      if (error.error.code === 'STOPPED') return () => this.#again(job, 0)
      const tried = node?.kind === 'step' || (node?.kind === 'map' && job.part === undefined) ? node : undefined
      const retry = tried && this.#retry({ ...job, since }, tried, error)
      return retry === undefined ? this.#failed(job, error) : () => this.#inserts(Promise.resolve([retry]))
    }
  }

  async #open(id: string, job: NodeJob, node: MapNode, signal: AbortSignal): Promise<Follow> {
    const opened = await this.#call(job.slot, [`${node.id}#open`], job.state, signal, job.retries)
    if (opened.port === 'empty') return (tx) => this.#inserts(this.#moves.go(tx, job, node.empty, opened))
    return (tx) => this.#inserts(this.#moves.open(tx, id, job, opened, node.window))
  }

  async #close(job: NodeJob, node: MapNode, signal: AbortSignal): Promise<Follow> {
    const { map = '', slot, state } = job
    const results = await readResults(this.#options.store, map)
    const closed = await this.#call(slot, [`${node.id}#close`], { ...state, results }, signal)
    return async (tx) => {
      await dropMap(tx, map)
      return this.#inserts(this.#moves.go(tx, job, node.next, closed))
    }
  }

  /** The next try, where the plan's policy has one left. */
  #retry(job: NodeJob & { since: number }, node: StepNode | MapNode, error: CallError): Move | undefined {
    const { random = Math.random } = this.#options
    const { retry } = node
    const isAgain = error.class === 'retryable' || error.class === 'timeout'
    if (!isAgain || retry === null || job.retries >= retry.maxRetries) return undefined
    const inMs = waitBefore(retry, job.retries + 1, error, random)
    const passed = Math.max(Date.now() - job.since, job.waited)
    if (inMs === undefined || passed + inMs >= retry.deadlineSeconds * 1_000) return undefined
    return { job: { ...job, retries: job.retries + 1, waited: job.waited + inMs }, inMs }
  }

  /** An error that is not tried again goes to the Catch; else it is the item's end, or the run's. */
  async #failed(job: NodeJob, error: CallError): Promise<Follow> {
    const node = this.#moves.node(job.node)
    const state = { ...job.state, error: error.error }
    if (isCaught(error)) {
      const handler = node?.kind === 'step' || node?.kind === 'map' ? node.catch : null
      const { map, part } = job
      const gone = async (tx: Queryable) => {
        if (part === 'close' && map !== undefined) await dropMap(tx, map)
      }
      if (handler !== null) {
        return async (tx) => {
          await gone(tx)
          return this.#inserts(this.#moves.go(tx, job, handler.to, state))
        }
      }
      if (job.item !== undefined) {
        return async (tx) => {
          await gone(tx)
          return this.#inserts(this.#moves.end(tx, job, state))
        }
      }
    }
    const run = state.run?.id
    if (run === undefined) return nothing
    await this.#options.runtime.giveUp(run, error.error)
    return async (tx) => {
      await dropMaps(tx, run)
      return []
    }
  }

  #call(slot: string, units: string[], state: State, signal: AbortSignal, retries = 0): Promise<State> {
    const { pipeline, runtime } = this.#options
    return runtime.call({ pipeline: pipeline.id, units, retries, execution: slot, state }, signal)
  }

  /** The same job once more: its worker has to end, or its run has to wait. */
  async #again(job: Job, ms: number): Promise<JobInsert<Job>[]> {
    return [this.#insert(job, ms)]
  }

  async #inserts(moves: Promise<Move[]>): Promise<JobInsert<Job>[]> {
    return (await moves).map(({ job, inMs }) => this.#insert(job, inMs))
  }

  #insert(job: Job, ms: number): JobInsert<Job> {
    const { inTruth = (same) => same } = this.#options
    const seconds = inTruth(ms) / 1_000
    const node = job.do === 'node' ? this.#moves.node(job.node) : undefined
    const limit = node !== undefined && 'timeoutSeconds' in node ? node.timeoutSeconds : 0
    const isUnlimited = node?.kind === 'step' && limit === 0
    const expireInSeconds = isUnlimited ? longestJobSeconds : Math.min(limit + marginSeconds, longestJobSeconds)
    return {
      ...{ data: job, expireInSeconds: Math.ceil(expireInSeconds), deleteAfterSeconds: keptSeconds },
      ...(seconds > 0 ? { startAfter: seconds } : {}),
    }
  }
}

const nothing: Follow = async () => []
