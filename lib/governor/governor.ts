import { PipelineError } from '../errors.ts'
import { type Memory, readMemory } from './memory.ts'
import { Processor } from './processor.ts'
import { listenerHere, type Wait } from './told.ts'

/** Work that is counted out. */
export type Kind = 'pdf' | 'model' | 'embed'

const mb = 1_048_576

/** How the governor decides; bytes and milliseconds. */
export interface GovernorOptions {
  /** What one more of a kind takes, about. */
  needs: Record<Kind, number>
  /** Stays free for everything else: loads, the database, Node-RED. */
  reserve: number
  /** Who has begun to wait goes on when so much more is free: else it would go to and fro with every page. */
  slack: number
  /** How often those who wait look again. */
  lookMs: number
  /** For how long what somebody needs is not yet to be seen in what is taken. */
  settleMs: number
  /** Of a kind. */
  mostWaiting: number
}

const usual: GovernorOptions = {
  needs: { pdf: 128 * mb, model: 24 * mb, embed: 32 * mb },
  reserve: 64 * mb,
  slack: 32 * mb,
  lookMs: 500,
  settleMs: 4_000,
  mostWaiting: 1_000,
}

/** What it reads; tests bend it. */
export interface Readings {
  memory(): Memory
  /** Whether the processor is held back. */
  held(): boolean
  now(): number
}

/** How things stand; for metrics. Bytes. */
export interface GovernorState {
  limit: number
  free: number
  /** Whether the processor is held back. */
  held: boolean
  kinds: Record<
    Kind,
    {
      active: number
      waiting: number
      /** How many have had to wait so far. */
      waits: number
      /** How many more would be let in now. */
      room: number
    }
  >
}

interface Waiter {
  enter(): void
  tell(wait: Wait): void
}

interface Lane {
  active: number
  waits: number
  readonly waiting: Set<Waiter>
}

const kinds = ['pdf', 'model', 'embed'] as const

/**
 * Admits heavy work by what memory is free and whether the processor is held back. One of each kind always goes on, so that nobody waits for
 * ever; the others wait for room, first come first served. It takes nothing back from who is at work.
 */
export class Governor {
  readonly #readings: Readings
  readonly #options: GovernorOptions
  readonly #lanes: Record<Kind, Lane> = { pdf: lane(), model: lane(), embed: lane() }
  /** Who came in so lately that what it takes is not seen yet. */
  readonly #young = new Set<{ bytes: number; at: number }>()
  readonly #pressed = new Set<() => void>()
  #timer: NodeJS.Timeout | undefined

  constructor(readings: Readings = fromSystem(), options: Partial<GovernorOptions> = {}) {
    this.#readings = readings
    this.#options = { ...usual, ...options }
  }

  /**
   * Resolves when one more of a kind may begin, with what must be called at its end (again does nothing). While it waits, the listener of
   * `toldOfWaits` is told why. Rejects with what the signal was aborted with; GOVERNOR_BUSY (retryable) when too many wait already, or for longer
   * than `ms`.
   */
  async admit(kind: Kind, { signal, ms }: { signal: AbortSignal; ms?: number }): Promise<() => void> {
    signal.throwIfAborted()
    const { active, waiting } = this.#lanes[kind]
    if (active > 0 && (waiting.size > 0 || this.#obstacle(kind, false) !== undefined))
      await this.#wait(kind, signal, ms)
    else this.#begin(kind)
    let ended = false
    return () => {
      if (ended) return
      ended = true
      this.#lanes[kind].active -= 1
      this.#look()
    }
  }

  /** Calls a listener when somebody begins to wait for memory, so that it may let go of what it only keeps warm. Returns how to stop that. */
  onPressure(listener: () => void): () => void {
    this.#pressed.add(listener)
    return () => this.#pressed.delete(listener)
  }

  /** How things stand. */
  state(): GovernorState {
    const { limit, free } = this.#readings.memory()
    const held = this.#readings.held()
    const spare = this.#spare(free)
    const of = (kind: Kind) => {
      const { active, waits, waiting } = this.#lanes[kind]
      const fits = held ? 0 : Math.max(0, Math.floor(spare / this.#options.needs[kind]))
      return { active, waits, waiting: waiting.size, room: Math.max(fits, active === 0 ? 1 : 0) }
    }
    return { limit, free, held, kinds: { pdf: of('pdf'), model: of('model'), embed: of('embed') } }
  }

  /** Why one more of a kind may not begin now. */
  #obstacle(kind: Kind, waited: boolean): Wait | undefined {
    const { needs, slack } = this.#options
    const free = this.#spare(this.#readings.memory().free)
    const needed = needs[kind]
    const figures = { free: Math.max(0, free), needed }
    if (free < needed + (waited ? slack : 0)) {
      const text = `waits for memory: ${Math.floor(figures.free / mb)} MB free, ${Math.ceil(needed / mb)} MB needed`
      return { ...figures, why: 'memory', text }
    }
    if (!this.#readings.held()) return undefined
    return { ...figures, why: 'processor', text: 'waits for the processor: the machine is held back (CPU credits?)' }
  }

  /** What of the free memory heavy work may take. */
  #spare(free: number): number {
    const { reserve, settleMs } = this.#options
    const now = this.#readings.now()
    let spare = free - reserve
    for (const young of this.#young) {
      if (now - young.at > settleMs) this.#young.delete(young)
      else spare -= young.bytes
    }
    return spare
  }

  #begin(kind: Kind): void {
    this.#lanes[kind].active += 1
    this.#young.add({ bytes: this.#options.needs[kind], at: this.#readings.now() })
  }

  async #wait(kind: Kind, signal: AbortSignal, ms: number | undefined): Promise<void> {
    const queue = this.#lanes[kind]
    const { mostWaiting, lookMs } = this.#options
    if (queue.waiting.size >= mostWaiting) throw busy(`${mostWaiting} wait already`)
    queue.waits += 1
    const listener = listenerHere()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const waiter: Waiter = {
      enter: () => {
        queue.waiting.delete(waiter)
        resolve()
      },
      tell: (wait) => listener?.(wait),
    }
    const abort = () => reject(signal.reason)
    const late = ms === undefined ? undefined : setTimeout(() => reject(busy(`no room within ${ms / 1_000} s`)), ms)
    queue.waiting.add(waiter)
    signal.addEventListener('abort', abort, { once: true })
    this.#timer ??= setInterval(() => this.#look(), lookMs)
    for (const press of this.#pressed) press()
    try {
      const why = this.#obstacle(kind, true)
      if (why !== undefined) waiter.tell(why)
      await promise
    } finally {
      queue.waiting.delete(waiter)
      clearTimeout(late)
      signal.removeEventListener('abort', abort)
      this.#rest()
    }
  }

  /** Lets in who fits, and tells the others why they do not. */
  #look(): void {
    for (const kind of kinds) {
      const queue = this.#lanes[kind]
      let obstacle: Wait | undefined
      for (const waiter of queue.waiting) {
        if (obstacle === undefined && queue.active > 0) obstacle = this.#obstacle(kind, true)
        if (obstacle !== undefined) waiter.tell(obstacle)
        else {
          this.#begin(kind)
          waiter.enter()
        }
      }
    }
    this.#rest()
  }

  #rest(): void {
    if (kinds.some((kind) => this.#lanes[kind].waiting.size > 0)) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}

function lane(): Lane {
  return { active: 0, waits: 0, waiting: new Set() }
}

function busy(why: string): PipelineError {
  return new PipelineError('GOVERNOR_BUSY', `There is no memory for more at once: ${why}`, { retryable: true })
}

function fromSystem(): Readings {
  const processor = new Processor()
  return { memory: () => readMemory(), held: () => processor.held(), now: () => performance.now() }
}

/** The governor of this process. */
export const governor = new Governor()
