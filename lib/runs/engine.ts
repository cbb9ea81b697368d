import { randomBytes } from 'node:crypto'
import { PipelineError } from '../errors.ts'
import type { HttpClient } from '../net/http.ts'
import type { Infer, Schema } from '../schema.ts'
import type { Logger } from '../steps/step.ts'
import type { Json } from '../stores/cache/port.ts'
import { migrate } from '../stores/postgres/migrate.ts'
import type { Stores } from '../stores/stores.ts'
import { executeStep, type StepAnswer, type StepWork } from './execute.ts'
import { FanOut } from './fanout.ts'
import { fenced } from './fence.ts'
import type { StepEvent } from './flight.ts'
import { journalError, loadJournal } from './journal.ts'
import { heldRuns, keepAlive, pruneRuns, releaseRuns, sayGoodbye } from './leases.ts'
import {
  type Claimant,
  type ClaimedRun,
  claimable,
  claimRun,
  type Ending,
  endRun,
  failLostMessages,
  nextQueued,
  type RunRequest,
  startRun,
} from './lifecycle.ts'
import { callOff, isOf, type LiveRun, liven, refOf } from './live.ts'
import { runMigrations } from './migrations.ts'
import type { RunRef, Trigger } from './run.ts'
import { stopped, systemTimer, type Timer } from './time.ts'
import { judge } from './watchdog.ts'

/** How often the engine looks after its runs. */
const lookMs = 5_000
/** Looks between two signs of life, between two searches for work given back, and between two prunings. */
const every = { sign: 2, sweep: 6, prune: 720 }
/** An owner silent for longer has died, or is cut off: its runs may be taken over. */
const silentMs = 45_000
/** What is left of Node-RED's 15 s for closing stays for the stores. */
const closeMs = 8_000
const defaultStallMs = 300_000

/** What starts a flow; registered under the flow's id. */
export interface FlowTrigger {
  /** Sends a run's first message: a new run, or one that is sent anew after a crash, a deploy or a stall. */
  send(run: RunRef, input: Json): void
  /** A run in which nothing moves for this long is sent anew once, then fails as STALLED. Default 5 minutes. */
  stallMs?: number
}

/** What became of {@link RunEngine.start}. */
export type StartAnswer =
  | { outcome: 'started'; run: RunRef }
  /** `queued`: starts when the runs before it have ended; `duplicate`: the slot has its run already. */
  | { outcome: 'queued' | 'skipped' | 'duplicate'; id: string }

/** What happens in an engine, for status lines, progress bars and logs. */
export type EngineEvent =
  | ({ kind: 'step' } & StepEvent)
  | { kind: 'run'; state: 'started' | 'resumed' | 'done'; run: RunRef }
  | { kind: 'run'; state: 'failed' | 'cancelled'; run: RunRef; error: PipelineError }

/** Surroundings of an engine. */
export interface EngineOptions {
  stores: Stores
  http: HttpClient
  log: Logger
  /** Name of this process among those on the same store, the same after a restart: it gets its own runs back at once. */
  owner: string
  clock?: Timer
  /** How long ended runs stay in the journal. Default 90 days. */
  keepDays?: number
}

/** A look at the engine's class from outside; see {@link createEngine}. */
export type RunEngine = Engine

/**
 * Makes the engine of a process: brings the journal's tables up to date, announces the process, and looks after its runs until
 * it is closed. Nothing is taken up before the first `replay`.
 */
export async function createEngine(options: EngineOptions): Promise<RunEngine> {
  const { postgres } = options.stores
  await migrate(postgres, runMigrations)
  const engine = new Engine(options)
  await keepAlive(postgres, engine.owner)
  const lost = await failLostMessages(postgres, engine.claimant(true))
  if (lost > 0) options.log.warn('Messages outside any run were lost when the process ended', { lost })
  engine.lookAfter()
  return engine
}

class Engine {
  readonly owner: string
  /** `each` and `join`. */
  readonly fanOut: FanOut
  readonly #options: EngineOptions
  readonly #clock: Timer
  readonly #triggers = new Map<string, FlowTrigger>()
  readonly #live = new Map<string, LiveRun>()
  readonly #visitors = new Set<LiveRun>()
  readonly #listeners = new Set<(event: EngineEvent) => void>()
  readonly #closing = new AbortController()
  #replayed = false
  #turn: Promise<unknown> = Promise.resolve()
  #upkeep: Promise<void> = Promise.resolve()

  constructor(options: EngineOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemTimer
    this.owner = `${options.owner.replaceAll('/', '-')}/${randomBytes(6).toString('hex')}`
    this.fanOut = new FanOut({
      store: options.stores.postgres,
      clock: this.#clock,
      log: options.log,
      live: this.#live,
      lost: (live) => this.#lost(live),
    })
  }

  /** Registers what starts a flow. Returns how to take it back (when its node closes). */
  register(flow: string, trigger: FlowTrigger): () => void {
    this.#triggers.set(flow, trigger)
    return () => {
      if (this.#triggers.get(flow) === trigger) this.#triggers.delete(flow)
    }
  }

  /** Tells a listener what happens. Returns how to stop it. */
  subscribe(listener: (event: EngineEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * Starts the run of a slot, at most once, and has the flow's trigger send its first message. Throws FLOW_UNKNOWN when the
   * flow has no trigger here, RUN_QUEUE_FULL, STOPPED when the engine closes.
   */
  async start(request: Omit<RunRequest, 'trigger'> & { trigger: Exclude<Trigger, 'message'> }): Promise<StartAnswer> {
    this.#closing.signal.throwIfAborted()
    if (!this.#triggers.has(request.flow)) {
      throw new PipelineError('FLOW_UNKNOWN', `Nothing here starts the flow ${request.flow}`)
    }
    const started = await startRun(this.#options.stores.postgres, request, this.owner)
    if (started.outcome !== 'started') return started
    for (const id of started.replaced) {
      const live = this.#live.get(id)
      const error = new PipelineError('REPLACED', `Run ${started.run.id} of the same flow took its place`)
      if (live !== undefined) this.#forget(live, { outcome: 'cancelled', error })
    }
    return { outcome: 'started', run: this.#begin(liven(started.run, new Map(), this.#clock.monotonic()), 'started') }
  }

  /**
   * To be called whenever the flows have started. Runs that live on in this process are sent anew (steps still at work are
   * joined); unfinished runs of an earlier process of this name, or given back, or of a dead owner, are taken over. Runs
   * whose trigger is gone are given back.
   */
  async replay(): Promise<void> {
    await this.#inTurn(async () => {
      const gone = [...this.#live.values()].filter((live) => !this.#triggers.has(live.flow))
      for (const live of gone) this.#drop(live)
      await releaseRuns(
        this.#options.stores.postgres,
        this.owner,
        gone.map((live) => live.id),
      )
      for (const live of this.#live.values()) this.#resend(live)
      await this.#sweep(!this.#replayed)
      this.#replayed = true
    })
  }

  /** Whether a message of this run may go on: what is older than the run's latest start, or whose run has ended, is dropped. */
  isCurrent(run: RunRef): boolean {
    return !this.#closing.signal.aborted && isOf(this.#live.get(run.id), run)
  }

  /** Executes a step for a message; see {@link executeStep}. */
  async execute<C extends Schema, I extends Schema, O extends Schema>(
    work: StepWork<C, I, O>,
  ): Promise<StepAnswer<Infer<O>>> {
    this.#closing.signal.throwIfAborted()
    const { stores, http, log } = this.#options
    return executeStep(
      {
        owner: this.owner,
        stores,
        http,
        clock: this.#clock,
        log,
        live: this.#live,
        visitors: this.#visitors,
        emit: (event) => this.#emit({ kind: 'step', ...event }),
        lost: (live) => this.#lost(live),
      },
      work,
    )
  }

  /**
   * Ends a run; what still works for it is called off, and the next queued run of the flow starts. Resolves with its duration.
   * Throws FENCED when the run is not in these hands or has ended, END_INSIDE_EACH for the message of a single item.
   */
  async end(run: RunRef, ending: Ending): Promise<{ seconds: number; trigger: Trigger }> {
    const live = this.#live.get(run.id)
    if (!isOf(live, run)) throw fenced(run.id, 'the message is older than its latest start, or the run has ended')
    if (run.item !== '') {
      throw new PipelineError(
        'END_INSIDE_EACH',
        `The message of the single item ${run.item} cannot end the run: wire a join before the end`,
      )
    }
    return { seconds: await this.#end(live, ending), trigger: live.trigger }
  }

  /** Calls all work off and gives the runs back. Nothing is sent any more; what had already begun to commit may still do so. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#closing.abort(stopped())
    await this.#upkeep
    await this.#turn.catch(() => undefined) // its caller has the error
    const runs = [...this.#live.values(), ...this.#visitors]
    const flights = runs.flatMap((live) => [...live.flights.values()].map((flight) => flight.ended))
    for (const live of runs) callOff(live)
    await settled(flights, this.#clock)
    try {
      await releaseRuns(this.#options.stores.postgres, this.owner, [...this.#live.keys()])
      await sayGoodbye(this.#options.stores.postgres, this.owner)
    } catch (error) {
      this.#warn('The runs could not be given back; the next process waits until this one counts as dead', error)
    }
    this.#live.clear()
    this.#triggers.clear()
  }

  /** How this process asks for runs; at its start also for those of its predecessor. */
  claimant(atStart: boolean): Claimant {
    const alone = this.#options.stores.postgres.kind === 'embedded'
    return { owner: this.owner, from: !atStart ? 'none' : alone ? 'all' : 'mine', silentMs }
  }

  /** Begins to look after the runs. */
  lookAfter(): void {
    this.#upkeep = this.#lookAfter()
  }

  async #lookAfter(): Promise<void> {
    const { signal } = this.#closing
    for (let look = 0; !signal.aborted; look += 1) {
      try {
        await this.#clock.sleep(lookMs, signal)
        await this.#look(look)
      } catch (error) {
        if (!signal.aborted) this.#warn('The runs could not be looked after; trying again', error)
      }
    }
  }

  async #look(look: number): Promise<void> {
    const { postgres } = this.#options.stores
    if (look % every.sign === 0) {
      await keepAlive(postgres, this.owner)
      const mine = [...this.#live.values()]
      const held =
        mine.length === 0
          ? new Map<string, number>()
          : await heldRuns(
              postgres,
              this.owner,
              mine.map((live) => live.id),
            )
      for (const live of mine) if (held.get(live.id) !== live.epoch) this.#lost(live)
    }
    for (const live of [...this.#live.values()]) await this.#watch(live)
    if (look % every.sweep === 0 && this.#replayed) await this.#inTurn(() => this.#sweep(false))
    if (look % every.prune === 0) await pruneRuns(postgres, this.#options.keepDays ?? 90)
  }

  async #watch(live: LiveRun): Promise<void> {
    const verdict = judge(live, this.#clock.monotonic(), this.#triggers.get(live.flow)?.stallMs ?? defaultStallMs)
    if (verdict === undefined) return
    if (verdict.act === 'fail') await this.#end(live, { outcome: 'failed', error: verdict.error })
    else if (verdict.act === 'replay') {
      this.#options.log.warn('Nothing moves in a run: it is sent anew', { run: live.id, flow: live.flow })
      live.replayedAt = live.lines
      this.#resend(live)
    } else {
      for (const { run, join, error } of verdict.items)
        await this.fanOut.record(run, join, { state: 'failed', error: journalError(error) })
    }
  }

  /** Takes up what is to be had: unfinished runs that nobody holds, then queued ones whose turn it is. */
  async #sweep(atStart: boolean): Promise<void> {
    const { postgres } = this.#options.stores
    const who = this.claimant(atStart)
    const flows = [...this.#triggers.keys()]
    const unfinished = await claimable(postgres, flows, [...this.#live.keys()], who)
    for (const [ids, state] of [
      [unfinished, 'resumed'],
      [await nextQueued(postgres, flows), 'started'],
    ] as const) {
      for (const id of ids) {
        this.#closing.signal.throwIfAborted()
        const run = await claimRun(postgres, id, who)
        if (run === 'poisoned')
          this.#options.log.error('A run has failed: processes kept dying while they worked on it', { run: id })
        if (typeof run === 'string') continue
        this.#begin(liven(run, await loadJournal(postgres, id), this.#clock.monotonic()), state)
      }
    }
  }

  #begin(live: LiveRun, state: 'started' | 'resumed'): RunRef {
    const run = refOf(live)
    this.#live.set(live.id, live)
    this.#emit({ kind: 'run', state, run })
    this.#triggers.get(live.flow)?.send(run, live.input)
    return run
  }

  #resend(live: LiveRun): void {
    live.generation += 1
    live.windows.clear()
    live.failures.clear()
    live.movedAt = this.#clock.monotonic()
    this.#begin(live, 'resumed')
  }

  async #end(live: LiveRun, ending: Ending): Promise<number> {
    try {
      const seconds = await endRun(this.#options.stores.postgres, live, ending)
      this.#forget(live, ending)
      return seconds
    } catch (error) {
      if (PipelineError.from(error).code === 'FENCED') this.#lost(live)
      throw error
    }
  }

  /** The run has ended: its messages go no further, and the next queued one of its flow starts. */
  #forget(live: LiveRun, ending: Ending): void {
    const run = refOf(live)
    this.#drop(live)
    if (ending.outcome === 'done') this.#emit({ kind: 'run', state: 'done', run })
    else {
      const error = ending.error ?? new PipelineError('RUN_FAILED', `Run ${run.id} of ${run.flow} failed`)
      this.#emit({ kind: 'run', state: ending.outcome, run, error })
    }
    this.#inTurn(() => this.#sweep(false)).catch((error: unknown) =>
      this.#warn('The next run could not be started yet', error),
    )
  }

  #lost(live: LiveRun): void {
    if (this.#live.get(live.id) !== live) return
    this.#options.log.warn('A run went into other hands, or was ended elsewhere', { run: live.id, flow: live.flow })
    this.#drop(live)
  }

  #drop(live: LiveRun): void {
    if (this.#live.get(live.id) === live) this.#live.delete(live.id)
    callOff(live)
  }

  /** One at a time: what claims runs. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(() => (this.#closing.signal.aborted ? undefined : work()))
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  #emit(event: EngineEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event)
      } catch (error) {
        this.#warn('A listener failed', error)
      }
    }
  }

  #warn(message: string, error: unknown): void {
    this.#options.log.warn(message, { error: PipelineError.from(error) })
  }
}

/** Waits for all to settle, but not for ever. */
async function settled(work: Promise<unknown>[], clock: Timer): Promise<void> {
  const done = new AbortController()
  const late = clock.sleep(closeMs, done.signal).catch(() => undefined) // called off: all have settled
  await Promise.race([Promise.allSettled(work), late])
  done.abort()
}
