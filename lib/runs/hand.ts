import { PipelineError } from '../errors.ts'
import type { Logger } from '../steps/step.ts'
import type { PostgresStore } from '../stores/postgres/port.ts'
import type { EngineEvent, FlowTrigger } from './engine-types.ts'
import { loadJournal } from './journal.ts'
import { lettersFull } from './letter.ts'
import { type Claimant, claimable, claimRun, type Ending, endRun, nextQueued } from './lifecycle.ts'
import { callOff, type LiveRun, liven, refOf } from './live.ts'
import type { RunRef } from './run.ts'
import type { Timer } from './time.ts'

/** What a hand works with. */
export interface HandOptions {
  owner: string
  store: PostgresStore
  clock: Timer
  log: Logger
  /** An owner silent for longer (ms) counts as dead. */
  silentMs: number
  /** Aborted when the engine closes: nothing is taken up or sent any more. */
  closing: AbortSignal
}

/** The runs in this process's hand: how they come into it, are sent, and leave it. */
export class Hand {
  readonly live = new Map<string, LiveRun>()
  readonly triggers = new Map<string, FlowTrigger>()
  readonly listeners = new Set<(event: EngineEvent) => void>()
  readonly #options: HandOptions
  #turn: Promise<void> = Promise.resolve()
  /** Whether all nodes are there: before that nothing is taken up. */
  #open = false
  /** Whether the runs of an earlier process have been looked through. */
  #inherited = false

  constructor(options: HandOptions) {
    this.#options = options
  }

  /** How this process asks for runs; at its start also for those of its predecessor. */
  claimant(): Claimant {
    const { store, owner, silentMs } = this.#options
    return { owner, from: this.#inherited ? 'none' : store.kind === 'embedded' ? 'all' : 'mine', silentMs }
  }

  /** All nodes are there: from now on runs are taken up. */
  async open(): Promise<void> {
    this.#open = true
    await this.takeUp()
  }

  /** Takes up what is to be had: unfinished runs that nobody holds, then queued ones whose turn it is. One call at a time. */
  takeUp(): Promise<void> {
    const turn = this.#turn.then(() => (this.#open ? this.#takeUp() : undefined))
    this.#turn = turn.catch(() => undefined) // the caller has it
    return turn
  }

  async #takeUp(): Promise<void> {
    const { store, closing, log } = this.#options
    const who = this.claimant()
    const flows = [...this.triggers.keys()]
    const take = async (ids: string[], state: 'started' | 'resumed') => {
      for (const id of ids) {
        if (closing.aborted) return
        const run = await claimRun(store, id, who)
        if (run === 'poisoned') log.error('A run has failed: processes kept dying while they worked on it', { run: id })
        if (typeof run === 'string') continue
        this.begin(liven(run, await loadJournal(store, id), this.#options.clock.monotonic()), state)
      }
    }
    if (!closing.aborted) await take(await claimable(store, flows, [...this.live.keys()], who), 'resumed')
    this.#inherited = true
    if (!closing.aborted) await take(await nextQueued(store, flows), 'started')
  }

  /** Sends a run's first message. */
  begin(live: LiveRun, state: 'started' | 'resumed'): RunRef {
    const run = refOf(live)
    this.live.set(live.id, live)
    this.emit({ kind: 'run', state, run })
    if (!this.#options.closing.aborted) this.triggers.get(live.flow)?.send(run, live.input)
    return run
  }

  /** Sends a run anew: its older messages are dropped from now on, steps still at work are joined. */
  resend(live: LiveRun): void {
    live.generation += 1
    live.windows.clear()
    live.failures.clear()
    live.movedAt = this.#options.clock.monotonic()
    this.begin(live, 'resumed')
  }

  /** Nothing moves in a run. */
  stalled(live: LiveRun): void {
    this.#options.log.warn('Nothing moves in a run', { run: live.id, flow: live.flow })
  }

  /** Ends a run in the journal. Throws FENCED. Resolves with its duration in seconds. */
  async end(live: LiveRun, ending: Ending): Promise<number> {
    try {
      const { seconds, unkept } = await endRun(this.#options.store, live, ending)
      if (unkept) {
        const error = lettersFull(live.flow)
        this.#options.log.error('A failed run could not become a dead letter', { run: live.id, error })
      }
      this.ended(live, ending)
      return seconds
    } catch (error) {
      if (PipelineError.from(error).code === 'FENCED') this.lost(live)
      throw error
    }
  }

  /** A run has ended: its messages go no further, and the next queued one of its flow starts. */
  ended(live: LiveRun, ending: Ending): void {
    const run = refOf(live)
    this.drop(live)
    if (ending.outcome === 'done') this.emit({ kind: 'run', state: 'done', run })
    else {
      const error = ending.error ?? new PipelineError('RUN_FAILED', `Run ${run.id} of ${run.flow} failed`)
      this.emit({ kind: 'run', state: ending.outcome, run, error })
    }
    this.takeUp().catch((error: unknown) => this.warn('The next run could not be started yet', error))
  }

  /** A run went into other hands. */
  lost(live: LiveRun): void {
    if (this.live.get(live.id) !== live) return
    this.#options.log.warn('A run went into other hands, or was ended elsewhere', { run: live.id, flow: live.flow })
    this.drop(live)
  }

  /** Calls off what works for a run, and forgets it. */
  drop(live: LiveRun): void {
    if (this.live.get(live.id) === live) this.live.delete(live.id)
    callOff(live)
  }

  /** Resolves when no claim is under way. */
  async settled(): Promise<void> {
    await this.#turn
  }

  emit(event: EngineEvent): void {
    for (const listener of this.listeners) {
      try {
        listener(event)
      } catch (error) {
        this.warn('A listener failed', error)
      }
    }
  }

  warn(message: string, error: unknown): void {
    this.#options.log.warn(message, { error: PipelineError.from(error) })
  }
}
