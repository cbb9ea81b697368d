import { PipelineError } from '../errors.ts'
import { failPoint } from '../fail-point.ts'
import type { Logger } from '../steps/step.ts'
import type { PostgresStore } from '../stores/postgres/port.ts'
import type { EngineEvent, FlowTrigger } from './engine-types.ts'
import { loadJournal } from './journal.ts'
import type { Sign } from './leases.ts'
import { lettersFull } from './letter.ts'
import { type Claimant, claimable, claimRun, type Ending, endRun, nextQueued } from './lifecycle.ts'
import { callOff, callOffWaits, type LiveRun, liven, refOf } from './live.ts'
import { nextDue, parkRun } from './parking.ts'
import type { RunRef } from './run.ts'
import { sleepUntil, type Timer } from './time.ts'

/** What a hand works with. */
export interface HandOptions {
  owner: string
  store: PostgresStore
  clock: Timer
  log: Logger
  /** Most runs in hand at once; the others wait, or go to another process. */
  runsAtOnce: number
  /** An owner silent for longer (ms) counts as dead. */
  silentMs: number
  /** Aborted when the engine closes: nothing is taken up or sent any more. */
  closing: AbortSignal
}

/** Nobody may be called dead before we have seen the store answer for as long: until then only who is silent for this long (ms). */
const unseenMs = 900_000
/** The same right after the database's clock has jumped: every sign of life is of the other time. */
const jumpedMs = 366 * 86_400_000

/** The runs in this process's hand: how they come into it, are sent, and leave it. */
export class Hand {
  readonly live = new Map<string, LiveRun>()
  readonly triggers = new Map<string, FlowTrigger>()
  readonly listeners = new Set<(event: EngineEvent) => void>()
  readonly #options: HandOptions
  #turn: Promise<void> = Promise.resolve()
  #waiting: Promise<void> | undefined
  /** Whether all nodes are there: before that nothing is taken up. */
  #open = false
  /** Places kept for runs that are being started. */
  #starting = 0
  /** Another process of the same name was here first: it has the runs. */
  #stoodDown = false
  /** Since when, without a gap, this process has given signs of life, and when it gave the last one; monotonic. */
  #signs: { since: number; last: number; at: number; jumped: boolean } | undefined
  /** Wakes this process for the next parked run. */
  #alarm: { at: number; off: AbortController } | undefined
  /** Whether the runs of an earlier process have been looked through. */
  #inherited = false

  constructor(options: HandOptions) {
    this.#options = options
  }

  /** How many more runs there is room for. */
  get room(): number {
    if (this.#stoodDown) return 0
    return Math.max(0, this.#options.runsAtOnce - owned(this.live).length - this.#starting)
  }

  /** Keeps a place while a run is being started; `work` is told whether there is one. */
  async withPlace<T>(work: (place: boolean) => Promise<T>): Promise<T> {
    const place = this.room > 0
    if (!place) return work(false)
    this.#starting += 1
    try {
      return await work(true)
    } finally {
      this.#starting -= 1
    }
  }

  /** How this process asks for runs; at its start also for those of its predecessor. */
  claimant(): Claimant {
    const { store, owner, silentMs, clock } = this.#options
    // After an outage of the store everybody looks dead to whoever is back first.
    const seen = this.#signs !== undefined && clock.monotonic() - this.#signs.since >= silentMs
    const from = this.#inherited ? 'none' : store.kind === 'embedded' ? 'all' : 'mine'
    return {
      owner,
      from,
      silentMs: seen ? silentMs : this.#signs?.jumped === true ? jumpedMs : unseenMs,
      now: clock.now(),
    }
  }

  /** This process has given a sign of life. A twin is an older one of the same name: two would steal each other's runs. */
  signed({ twin, at }: Sign): void {
    const { clock, silentMs, log, owner } = this.#options
    const now = clock.monotonic()
    const before = this.#signs
    const gap = before === undefined || now - before.last > silentMs
    const jumpMs = before === undefined ? 0 : at - before.at - (now - before.last)
    if (Math.abs(jumpMs) > silentMs / 2) {
      log.warn('The clock of the database has jumped', { seconds: Math.round(jumpMs / 1_000) })
      this.#signs = { since: now, last: now, at, jumped: true }
    } else this.#signs = { since: gap ? now : before.since, last: now, at, jumped: before?.jumped === true && !gap }
    if (twin === this.#stoodDown) return
    this.#stoodDown = twin
    const name = owner.split('/')[0]
    if (twin) {
      log.error('Another process of the same name works on these stores: this one starts and takes up no runs', {
        code: 'REPLICA_NAME',
        name,
        remedy: 'give each Node-RED a name of its own: YSH_REPLICA in its environment',
      })
    } else log.warn('The other process of the same name has gone: runs are taken up again', { name })
  }

  /** All nodes are there: from now on runs are taken up. */
  async open(): Promise<void> {
    this.#open = true
    await this.takeUp()
  }

  /**
   * Takes up what is to be had, as far as there is room: unfinished runs that nobody holds, then queued ones whose turn it is. One
   * at a time; a call while another waits for its turn is the same call.
   */
  takeUp(): Promise<void> {
    this.#waiting ??= this.#turn.then(() => {
      this.#waiting = undefined
      return this.#open ? this.#takeUp() : undefined
    })
    const turn = this.#waiting
    this.#turn = turn.catch(() => undefined) // the caller has it
    return turn
  }

  /** {@link takeUp} for those who do not wait for it; what goes wrong is logged, and the upkeep tries again. */
  wake(): void {
    this.takeUp().catch((error: unknown) => this.warn('Runs could not be taken up yet', error))
  }

  async #takeUp(): Promise<void> {
    const { store, closing, log, clock } = this.#options
    const flows = [...this.triggers.keys()]
    const done = () => closing.aborted || this.room === 0
    const take = async (ids: string[]) => {
      for (const id of ids) {
        if (done()) return
        const run = await claimRun(store, id, this.claimant())
        if (run === 'poisoned') log.error('A run has failed: processes kept dying while they worked on it', { run: id })
        if (typeof run === 'string') continue
        const first = run.epoch === 1
        const steps = first ? new Map() : await loadJournal(store, id)
        this.begin(liven(run, steps, this.#options.clock.monotonic()), first ? 'started' : 'resumed')
      }
    }
    if (!done()) {
      const ids = await claimable(store, flows, owned(this.live), this.claimant())
      await take(ids)
      if (!done()) this.#inherited = true
    }
    if (!done()) await take(await nextQueued(store, flows))
    // Others may have parked runs; they are never due within the minute in which they are parked, and this looks often in it.
    if (!closing.aborted) this.#wakeAt(await nextDue(store, flows, clock.now()))
  }

  /** Sends a run's first message. */
  begin(live: LiveRun, state: 'started' | 'resumed'): RunRef {
    failPoint('run-started')
    const run = refOf(live)
    const before = this.live.get(live.id)
    if (before !== undefined && before !== live) this.drop(before) // a guest takes the whole run over
    this.live.set(live.id, live)
    this.emit({ kind: 'run', state, run })
    if (!this.#options.closing.aborted) this.triggers.get(live.flow)?.send(run, live.input)
    return run
  }

  /** Sends a run anew: its older messages are dropped from now on, steps still at work are joined. */
  resend(live: LiveRun): void {
    live.generation += 1
    live.windows.clear()
    callOffWaits(live)
    live.failures.clear()
    live.movedAt = this.#options.clock.monotonic()
    this.begin(live, 'resumed')
  }

  /** A run leaves memory until something in it is due (epoch milliseconds); whoever looks after runs then takes it up. */
  async park(live: LiveRun, dueAt: number): Promise<void> {
    const run = refOf(live)
    // First out of hand: nothing of it may begin while it is being parked.
    this.drop(live)
    await parkRun(this.#options.store, live, new Date(dueAt))
    this.emit({ kind: 'run', state: 'parked', run, dueAt: new Date(dueAt).toISOString() })
    this.#wakeAt(dueAt)
  }

  /** Takes up what is due at an instant (epoch milliseconds), unless it wakes earlier anyway. */
  #wakeAt(at: number | undefined): void {
    if (at === undefined || (this.#alarm !== undefined && this.#alarm.at <= at)) return
    this.#alarm?.off.abort()
    const alarm = { at, off: new AbortController() }
    this.#alarm = alarm
    const { clock, closing } = this.#options
    sleepUntil(clock, at, AbortSignal.any([alarm.off.signal, closing])).then(
      () => {
        this.#alarm = undefined
        this.wake()
      },
      () => undefined, // the engine closes, or an earlier alarm took its place
    )
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
      failPoint('run-ended')
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
    this.wake()
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

/** The runs that are this process's own: it is no guest in them. */
function owned(live: ReadonlyMap<string, LiveRun>): string[] {
  return [...live.values()].filter((run) => !run.guest).map((run) => run.id)
}
