import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { PipelineError } from '../errors.ts'
import { meter } from '../metrics/meter.ts'
import type { HttpClient } from '../net/http.ts'
import type { Infer, Schema } from '../schema.ts'
import { type Artifact, putArtifact } from '../stores/objects/artifacts.ts'
import { type Migration, migrate } from '../stores/postgres/migrate.ts'
import type { PostgresStore, Queryable } from '../stores/postgres/port.ts'
import type { Stores } from '../stores/stores.ts'
import { alertTopic } from './alert.ts'
import { logAlert } from './alert-log.ts'
import { alertMigrations } from './alert-migrations.ts'
import { DeadLetters } from './dead-letters.ts'
import type {
  Deliver,
  DeliverOptions,
  EngineEvent,
  EngineOptions,
  FlowTrigger,
  KeepSchedule,
  StartAnswer,
} from './engine-types.ts'
import { executeStep, type StepAnswer, type StepWork } from './execute.ts'
import { FanOut } from './fanout.ts'
import { fenced } from './fence.ts'
import { Hand } from './hand.ts'
import { KeptMessages, keptMigrations } from './kept.ts'
import { keepAlive, releaseRuns, sayGoodbye } from './leases.ts'
import { type Ending, failLostMessages, type RunRequest, runsChannel, startRun } from './lifecycle.ts'
import { StepLines } from './lines.ts'
import { callOff, isOf, type LiveRun, liven } from './live.ts'
import { runMigrations } from './migrations.ts'
import { OutboxDelivery } from './outbox-delivery.ts'
import { Retries } from './retries.ts'
import type { RunRef, Trigger } from './run.ts'
import { cancelRun, type RunAction, type RunReplay, replayRun, resumeRun } from './run-actions.ts'
import { keepSchedule } from './scheduler.ts'
import { itemsChannel } from './shared-items.ts'
import { stopped, systemTimer, type Timer } from './time.ts'
import { lookAfter } from './upkeep.ts'

export type { Deliver, EngineEvent, EngineOptions, FlowTrigger, KeepSchedule, StartAnswer } from './engine-types.ts'

/** An owner silent for longer has died, or is cut off: its runs may be taken over. It gives a sign every 2 s. */
const silentMs = 8_000
/** Runs in hand at once, unless said otherwise. */
const usualRuns = 20
/** What is left of Node-RED's 15 s for closing stays for the stores. */
const closeMs = 8_000

/**
 * Makes the engine of a process: brings the journal's tables up to date, announces the process, and looks after its runs until
 * it is closed. Nothing is taken up before the first `replay`.
 */
export async function createEngine(options: EngineOptions): Promise<RunEngine> {
  const { postgres } = options.stores
  await migrate(postgres, [...runMigrations, ...keptMigrations, ...alertMigrations])
  const engine = new RunEngine(options)
  await engine.open()
  return engine
}

/** The runs of one process over one set of stores; made by {@link createEngine}. */
export class RunEngine {
  /** This process among those on the same store: the name given and a random instance. */
  readonly owner: string
  /** `each` and `join`. */
  readonly fanOut: FanOut
  /** Tries of messages in runs. */
  readonly retries: Retries
  /** Messages from outside any run that wait for their next try. */
  readonly kept: KeptMessages
  /** What failed for good, and how it is done again. */
  readonly letters: DeadLetters
  readonly #options: EngineOptions
  readonly #clock: Timer
  readonly #hand: Hand
  readonly #outbox: OutboxDelivery
  readonly #lines: StepLines
  readonly #visitors = new Set<LiveRun>()
  readonly #closing = new AbortController()
  #upkeep: Promise<void> = Promise.resolve()

  constructor(options: EngineOptions) {
    const store = options.stores.postgres
    const { log } = options
    this.#options = options
    this.#clock = options.clock ?? systemTimer
    this.owner = `${options.owner.replaceAll('/', '-')}/${randomBytes(6).toString('hex')}`
    const common = { store, clock: this.#clock, log }
    const hand = new Hand({
      ...common,
      owner: this.owner,
      silentMs,
      closing: this.#closing.signal,
      runsAtOnce: options.runsAtOnce ?? usualRuns,
    })
    this.#hand = hand
    const ofRuns = { ...common, live: hand.live, lost: (live: LiveRun) => hand.lost(live) }
    this.fanOut = new FanOut({ ...ofRuns, claimant: () => hand.claimant(), drop: (live) => hand.drop(live) })
    this.retries = new Retries({ ...ofRuns, closing: this.#closing.signal })
    this.kept = new KeptMessages({ store, claimant: () => hand.claimant() })
    this.#outbox = new OutboxDelivery({
      ...common,
      owner: this.owner,
      defaults: new Map([[alertTopic, logAlert(log)]]),
      keepDays: options.keepDays ?? 90,
      signal: this.#closing.signal,
    })
    this.#lines = new StepLines(store)
    this.letters = new DeadLetters({
      stores: options.stores,
      log,
      isCurrent: (run) => this.isCurrent(run),
      wake: () => hand.wake(),
    })
  }

  /** What the engine works on; for what serves it beside any run. Closed with the engine. */
  get stores(): Stores {
    return this.#options.stores
  }

  /** The guarded client that it fetches with. */
  get http(): HttpClient {
    return this.#options.http
  }

  /** Ids of the flows that something here starts. */
  get flows(): string[] {
    return [...this.#hand.triggers.keys()]
  }

  /** Announces the process and begins to look after its runs. */
  async open(): Promise<void> {
    const store = this.#options.stores.postgres
    this.#hand.signed(await keepAlive(store, this.owner))
    const lost = await failLostMessages(store, this.#hand.claimant())
    if (lost > 0) this.#options.log.warn('Messages outside any run were lost when their process ended', { lost })
    this.#upkeep = lookAfter({
      owner: this.owner,
      store,
      clock: this.#clock,
      hand: this.#hand,
      fanOut: this.fanOut,
      outbox: this.#outbox,
      letters: this.letters,
      keepDays: this.#options.keepDays ?? 90,
      signal: this.#closing.signal,
    })
    if (store.kind === 'embedded') return // nobody else is there to call
    void store.listen(runsChannel, () => this.#hand.wake(), this.#closing.signal)
    void store.listen(itemsChannel, (node) => this.fanOut.spread.look(node), this.#closing.signal)
  }

  /** Registers what starts a flow. Returns how to take it back (when its node closes). */
  register(flow: string, trigger: FlowTrigger): () => void {
    const { triggers } = this.#hand
    triggers.set(flow, trigger)
    const deaf = trigger.topic === undefined ? undefined : this.#receive(flow, trigger.topic)
    return () => {
      deaf?.()
      if (triggers.get(flow) === trigger) triggers.delete(flow)
    }
  }

  /** Has each outbox entry of a topic start a run of the flow; started twice, it is a duplicate and does no harm. */
  #receive(flow: string, topic: string): () => void {
    return this.#outbox.register(topic, async ({ key, payload }) => {
      await this.start({ flow, slot: key, trigger: 'event', input: payload, overlap: 'queue' })
    })
  }

  /**
   * Delivers the outbox entries of a topic to a receiver that is no flow: a mail server, a webhook. Returns how to take it back (when
   * its node closes); nothing is delivered then before the next {@link replay}.
   */
  deliver(topic: string, deliver: Deliver, { tidy, ...options }: DeliverOptions = {}): () => void {
    const { stores, http } = this.#options
    return this.#outbox.register(topic, (entry, signal) => deliver(entry, { stores, http, signal }), {
      ...options,
      ...(tidy === undefined ? {} : { tidy: (signal) => tidy({ stores, http, signal }) }),
    })
  }

  /** Tells a listener what happens. Returns how to stop it. */
  subscribe(listener: (event: EngineEvent) => void): () => void {
    this.#hand.listeners.add(listener)
    return () => this.#hand.listeners.delete(listener)
  }

  /**
   * Starts the run of a slot, at most once, and has the flow's trigger send its first message. Throws FLOW_UNKNOWN when the
   * flow has no trigger here, RUN_QUEUE_FULL (retryable), OUTPUT_TOO_LARGE for the input, STOPPED when the engine closes.
   */
  async start(request: Omit<RunRequest, 'trigger'> & { trigger: Exclude<Trigger, 'message'> }): Promise<StartAnswer> {
    this.#closing.signal.throwIfAborted()
    if (!this.#hand.triggers.has(request.flow)) {
      throw new PipelineError('FLOW_UNKNOWN', `Nothing here starts the flow ${request.flow}`)
    }
    return this.#hand.withPlace(async (place) => {
      const started = await startRun(this.#options.stores.postgres, request, this.owner, place)
      if ('replaced' in started)
        this.#replaced(started.replaced, started.outcome === 'started' ? started.run.id : started.id)
      if (started.outcome !== 'started') return { outcome: started.outcome, id: started.id }
      const live = liven(started.run, new Map(), this.#clock.monotonic())
      return { outcome: 'started', run: this.#hand.begin(live, 'started') }
    })
  }

  #replaced(ids: readonly string[], by: string): void {
    for (const id of ids) {
      const live = this.#hand.live.get(id)
      const error = new PipelineError('REPLACED', `Run ${by} of the same flow took its place`)
      if (live !== undefined) this.#hand.ended(live, { outcome: 'cancelled', error })
    }
  }

  /**
   * Starts the runs of a flow by a schedule, with `input`, until the signal aborts. Throws SCHEDULE_INVALID at once; all other
   * trouble is logged and tried again.
   */
  async keepSchedule(options: KeepSchedule): Promise<void> {
    const { flow, schedule, overlap, input, onNext, signal } = options
    await keepSchedule({
      flow,
      schedule,
      store: this.#options.stores.postgres,
      clock: this.#clock,
      log: this.#options.log,
      fire: async (slot) => {
        await this.start({ flow, slot, trigger: 'schedule', input, overlap })
      },
      ...(onNext === undefined ? {} : { onNext }),
      signal: AbortSignal.any([signal, this.#closing.signal]),
    })
  }

  /**
   * To be called whenever the flows have started. Runs that live on in this process are sent anew (steps still at work are
   * joined); unfinished runs of an earlier process of this name, or given back, or of a dead owner, are taken over. Runs
   * whose trigger is gone are given back. What the store refuses for the moment the upkeep makes up for.
   */
  async replay(): Promise<void> {
    this.#outbox.open()
    const { live, triggers } = this.#hand
    const left = this.fanOut.spread.leave()
    const gone = [...live.values()].filter((run) => !triggers.has(run.flow))
    for (const run of gone) this.#hand.drop(run)
    for (const run of [...live.values()]) this.#hand.resend(run)
    const ids = gone.map((run) => run.id)
    await left
    if (ids.length > 0) await releaseRuns(this.#options.stores.postgres, this.owner, ids)
    await this.#hand.open()
  }

  /** Whether a message of this run may go on: what is older than the run's latest start, or whose run has ended, is dropped. */
  isCurrent(run: RunRef): boolean {
    return !this.#closing.signal.aborted && isOf(this.#hand.live.get(run.id), run)
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
        lines: this.#lines,
        http,
        clock: this.#clock,
        log,
        live: this.#hand.live,
        visitors: this.#visitors,
        emit: (event) => this.#hand.emit({ kind: 'step', ...event }),
        lost: (live) => this.#hand.lost(live),
      },
      work,
    )
  }

  /** Hears of other processes' notifications on a channel until the signal aborts; never on the embedded store, where nobody else is. */
  async heard(channel: string, told: (payload: string | undefined) => void, signal: AbortSignal): Promise<void> {
    const { postgres } = this.#options.stores
    if (postgres.kind === 'server')
      await postgres.listen(channel, told, AbortSignal.any([signal, this.#closing.signal]))
  }

  /** See {@link resumeRun}; it goes on as soon as it is its turn. */
  async resume(id: string, action: RunAction): Promise<void> {
    this.#closing.signal.throwIfAborted()
    await resumeRun(this.#options.stores.postgres, id, action)
    this.#hand.wake()
  }

  /** See {@link cancelRun}; what works for it in this process is called off at once, in others within two seconds. */
  async cancel(id: string, action: RunAction): Promise<void> {
    this.#closing.signal.throwIfAborted()
    const error = await cancelRun(this.#options.stores.postgres, id, action)
    const live = this.#hand.live.get(id.toLowerCase())
    if (live !== undefined) this.#hand.ended(live, { outcome: 'cancelled', error })
    else this.#hand.wake()
  }

  /** See {@link replayRun}; the new run starts as soon as it is its turn. */
  async rerun(id: string, action: RunAction & { from?: string }): Promise<RunReplay> {
    this.#closing.signal.throwIfAborted()
    const answer = await replayRun(this.#options.stores.postgres, id, action)
    this.#hand.wake()
    return answer
  }

  /** Looks something up in the journal, for people. */
  async read<T>(look: (q: PostgresStore) => Promise<T>): Promise<T> {
    this.#closing.signal.throwIfAborted()
    return look(this.#options.stores.postgres)
  }

  /** Changes something in the stores outside any run, in one transaction; for what a person does in the editor. */
  async change<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    this.#closing.signal.throwIfAborted()
    return this.#options.stores.postgres.transaction(work)
  }

  /** Stores what a message holds as bytes, for it cannot go into the journal; answers its SHA-256. */
  async keepBytes(bytes: Uint8Array, contentType: string, signal: AbortSignal): Promise<string> {
    this.#closing.signal.throwIfAborted()
    return (await putArtifact(this.#options.stores.objects, bytes, { contentType, signal })).sha256
  }

  /** Stores a file that came from outside; it stays where it is. */
  async keepFile(file: string, signal: AbortSignal): Promise<Artifact> {
    this.#closing.signal.throwIfAborted()
    return putArtifact(this.#options.stores.objects, { file }, { signal })
  }

  /** Brings further tables up to date, for a trigger that keeps some of its own. */
  async prepare(migrations: readonly Migration[]): Promise<void> {
    this.#closing.signal.throwIfAborted()
    await migrate(this.#options.stores.postgres, migrations)
  }

  /** The bytes of an object, for a message that is to carry them. Throws OBJECT_NOT_FOUND. */
  async bytesOf(key: string, signal: AbortSignal): Promise<Buffer> {
    this.#closing.signal.throwIfAborted()
    return this.#options.stores.objects.withFile(key, (file) => readFile(file), { signal })
  }

  /** Notes that a node which is no step failed for a run: should nobody take the error, the run fails with it, not as STALLED. */
  noteFailure(run: RunRef, node: string, thrown: unknown): void {
    const error = PipelineError.from(thrown)
    const live = this.#hand.live.get(run.id)
    if (!isOf(live, run) || error.code === 'FENCED' || error.code === 'STOPPED') return
    live.failures.set(run.item, { node, error })
    meter.add('pipeline.errors.count', { where: 'node' })
    meter.add('pipeline.errors.code', { code: error.code })
  }

  /**
   * Ends a run; what still works for it is called off, and the next queued run of the flow starts. Resolves with its duration.
   * Throws FENCED when the run is not in these hands or has ended, END_INSIDE_EACH for the message of a single item.
   */
  async end(run: RunRef, ending: Ending): Promise<{ seconds: number; trigger: Trigger }> {
    const live = this.#hand.live.get(run.id)
    if (!isOf(live, run)) throw fenced(run.id, 'the message is older than its latest start, or the run has ended')
    if (run.item !== '') {
      throw new PipelineError(
        'END_INSIDE_EACH',
        `The message of the single item ${run.item} cannot end the run: wire a join before the end`,
      )
    }
    return { seconds: await this.#hand.end(live, ending), trigger: live.trigger }
  }

  /** Calls all work off and gives the runs back. Nothing is sent any more; what had already begun to commit may still do so. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#closing.abort(stopped())
    const store = this.#options.stores.postgres
    const runs = [...this.#hand.live.values(), ...this.#visitors]
    const flights = runs.flatMap((live) => [...live.flights.values()].map((flight) => flight.ended))
    for (const live of runs) callOff(live)
    const others = [this.#upkeep, this.#hand.settled(), this.fanOut.spread.settled(), this.#outbox.settled()]
    await settled([...flights, ...others], this.#clock)
    try {
      await this.fanOut.spread.leave()
      await releaseRuns(store, this.owner, [...this.#hand.live.keys()])
      await sayGoodbye(store, this.owner)
    } catch (error) {
      this.#hand.warn('The runs could not be given back; they wait until this process counts as dead', error)
    }
    this.#hand.live.clear()
    this.#hand.triggers.clear()
  }
}

/** Waits for all to settle, but not for ever. */
async function settled(work: Promise<unknown>[], clock: Timer): Promise<void> {
  const done = new AbortController()
  const late = clock.sleep(closeMs, done.signal).catch(() => undefined) // called off: all have settled
  await Promise.race([Promise.allSettled(work), late])
  done.abort()
}
