import type { EventEmitter } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { PipelineError } from '../../lib/errors.ts'
import type { FlowTrigger, RunEngine } from '../../lib/runs/engine.ts'
import type { Logger } from '../../lib/steps/step.ts'
import type { Lease } from './lingering.ts'
import { stopped } from './message.ts'

/** Pause before opening is tried again for triggers that wait, in milliseconds: doubles up to the second figure. */
const againMs = [2_000, 60_000] as const

/** An engine with the stores under it, closed together. */
export interface OpenEngine {
  engine: RunEngine
  close(): Promise<void>
}

/** What became of the stores, without opening them. `unused`: nothing has asked for them yet. */
export type StoresHealth =
  | { is: 'unused' }
  | { is: 'opening' }
  | { is: 'failed'; code: string }
  | { is: 'open'; engine: RunEngine }

/** What the service needs of its node. */
export interface StoresServiceOptions {
  /** A share in the open engine. */
  acquire(): Lease<OpenEngine>
  /** Node-RED's events: `flows:started`. */
  events: EventEmitter
  log: Logger
  /** Told what becomes of the opening, for the status of the nodes that use the stores. */
  report(state: 'opening' | 'open' | PipelineError): void
}

/** What is put onto the engine as soon as there is one. */
interface Attached {
  put(engine: RunEngine): () => void
  withdraw?: () => void
}

/**
 * What `ysh-stores` offers to nodes: the run engine, opened on first use and shared. A trigger registers here; after every
 * `flows:started` the engine sends unfinished runs anew.
 */
export class StoresService {
  readonly #options: StoresServiceOptions
  readonly #closing = new AbortController()
  readonly #attached = new Set<Attached>()
  readonly #started = () => {
    this.#flowsStarted = true
    this.#nextStart.resolve()
    this.#nextStart = Promise.withResolvers()
    if (this.#engine !== undefined) this.#replay(this.#engine)
  }
  #lease: Lease<OpenEngine> | undefined
  #opening: Promise<RunEngine> | undefined
  #engine: RunEngine | undefined
  #problem: PipelineError | undefined
  #flowsStarted = false
  #nextStart = Promise.withResolvers<void>()
  #trying = false

  constructor(options: StoresServiceOptions) {
    this.#options = options
    options.events.on('flows:started', this.#started)
  }

  /**
   * The engine. Opens the stores on first use; a failed opening is tried again by the next call. Throws STORE_… and
   * whatever else the stores say, STOPPED when `signal` aborts or the node is closed.
   */
  async engine(signal?: AbortSignal): Promise<RunEngine> {
    if (this.#closing.signal.aborted) throw stopped()
    if (this.#opening === undefined) {
      this.#opening = this.#open()
      // Each caller gets the error; one that gave up waiting must not leave an unhandled rejection behind.
      this.#opening.catch(() => undefined)
    }
    return untilAborted(
      this.#opening,
      AbortSignal.any([this.#closing.signal, ...(signal === undefined ? [] : [signal])]),
    )
  }

  /** What became of the stores; opens nothing. */
  health(): StoresHealth {
    if (this.#engine !== undefined) return { is: 'open', engine: this.#engine }
    if (this.#problem !== undefined) return { is: 'failed', code: this.#problem.code }
    return { is: this.#opening === undefined ? 'unused' : 'opening' }
  }

  /**
   * Registers what starts a flow, and opens the stores for it: at once, or as soon as they can be opened. Returns how to take it
   * back; a trigger node does so when it closes.
   */
  register(flow: string, trigger: FlowTrigger): () => void {
    return this.attach((engine) => engine.register(flow, trigger))
  }

  /**
   * Attaches something to the engine, and opens the stores for it: at once, or as soon as they can be opened. Returns how to take it back;
   * a node does so when it closes. `put` may be called again, after the engine was closed and opened anew.
   */
  attach(put: (engine: RunEngine) => () => void): () => void {
    const entry: Attached = { put }
    this.#attached.add(entry)
    if (this.#engine === undefined) void this.#keepTrying()
    else entry.withdraw = put(this.#engine)
    return () => {
      entry.withdraw?.()
      this.#attached.delete(entry)
    }
  }

  /**
   * Resolves at the next `flows:started`. For a node that is being made that is when all nodes are there and what it sends arrives.
   * Rejects with STOPPED when `signal` aborts or the node is closed.
   */
  async flowsStarted(signal: AbortSignal): Promise<void> {
    await untilAborted(this.#nextStart.promise, AbortSignal.any([this.#closing.signal, signal]))
  }

  /** Gives the engine back. Without `linger` it is closed unless others hold it too. */
  async close(options: { linger: boolean }): Promise<void> {
    this.#closing.abort()
    this.#options.events.off('flows:started', this.#started)
    for (const { withdraw } of this.#attached) withdraw?.()
    this.#attached.clear()
    await this.#lease?.release(options)
  }

  async #open(): Promise<RunEngine> {
    this.#options.report('opening')
    try {
      this.#lease = this.#options.acquire()
      const { engine } = await this.#lease.value
      if (this.#closing.signal.aborted) throw stopped()
      this.#engine = engine
      this.#problem = undefined
      for (const entry of this.#attached) entry.withdraw = entry.put(engine)
      this.#options.report('open')
      if (this.#flowsStarted) this.#replay(engine)
      return engine
    } catch (thrown) {
      this.#opening = undefined
      const error = PipelineError.from(thrown, 'STORE_UNAVAILABLE')
      this.#problem = error
      await this.#lease?.release({ linger: false })
      if (!this.#closing.signal.aborted) this.#options.report(error)
      throw error
    }
  }

  /** Opens for the triggers, again and again: nothing else would wake a schedule whose database came up late. */
  async #keepTrying(): Promise<void> {
    if (this.#trying) return
    this.#trying = true
    const { signal } = this.#closing
    try {
      for (
        let pause: number = againMs[0];
        !signal.aborted && this.#attached.size > 0;
        pause = Math.min(pause * 2, againMs[1])
      ) {
        try {
          await this.engine()
          return
        } catch (thrown) {
          if (signal.aborted) return
          this.#options.log.error('The stores could not be opened for the triggers; trying again', {
            error: thrown,
            againSeconds: pause / 1_000,
          })
          await sleep(pause, undefined, { signal }).catch(() => undefined)
        }
      }
    } finally {
      this.#trying = false
    }
  }

  /**
   * All nodes are there: unfinished runs may go on. Each `flows:started` counts, also one that comes while an earlier replay is
   * under way: the messages of that one went to nodes that are closed by now.
   */
  #replay(engine: RunEngine): void {
    engine.replay().catch((thrown: unknown) => {
      if (!this.#closing.signal.aborted)
        this.#options.log.error('Unfinished runs could not be taken up yet', { error: thrown })
    })
  }
}

function whyAborted(reason: unknown): PipelineError {
  if (reason instanceof PipelineError) return reason
  if (reason instanceof DOMException && reason.name === 'TimeoutError')
    return new PipelineError('STORE_TIMEOUT', 'The stores took too long to open; they may be coming up still')
  return stopped()
}

async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) throw whyAborted(signal.reason)
  let give: (() => void) | undefined
  const aborted = new Promise<never>((_, reject) => {
    give = () => reject(whyAborted(signal.reason))
    signal.addEventListener('abort', give, { once: true })
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    if (give !== undefined) signal.removeEventListener('abort', give)
  }
}
