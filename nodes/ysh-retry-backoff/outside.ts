import { PipelineError } from '../../lib/errors.ts'
import type { RunEngine } from '../../lib/runs/engine.ts'
import { type KeptEntry, type KeptMessage, maxKeptBytes } from '../../lib/runs/kept.ts'
import type { RetryPolicy } from '../../lib/runs/retry.ts'
import { dueUnder } from '../../lib/runs/retry-decision.ts'
import { sleepUntil, systemTimer } from '../../lib/runs/time.ts'
import type { Json } from '../../lib/stores/cache/port.ts'
import type { NodeHandle } from '../kit/behaviour.ts'
import type { Message } from '../kit/red.ts'
import type { StoresService } from '../kit/stores-service.ts'
import { jsonText } from './state.ts'
import type { WaitingList } from './waiting.ts'

/** How often messages are looked for that another process left behind, and pause after trouble with the stores. */
const lookMs = 30_000
const troubleMs = 5_000

/** What waiting outside of runs needs of its node. */
export interface OutsideOptions {
  handle: NodeHandle<object>
  stores: StoresService
  policy: RetryPolicy
  waiting: WaitingList
  /** Most messages that may wait. */
  limit: number
  /** Shows the status; with the try that has just gone out. */
  show(sent: number | undefined): void
}

/** A message with its due time (epoch milliseconds). */
export interface OutsideWait {
  id: string
  /** As it will go out. */
  message: Message
  attempt: number
  dueAt: number
}

/**
 * Messages from outside any run that wait for their next try. What JSON can say waits in the database and outlives restart and deploy;
 * the rest waits in memory, and the node says so once.
 */
export class Outside {
  readonly #options: OutsideOptions
  /** How many wait in memory alone. */
  #inMemory = 0
  #warned = false
  #engine: RunEngine | undefined
  /** Messages that are being taken out of the database. */
  readonly #sending = new Set<Promise<void>>()

  constructor(options: OutsideOptions) {
    this.#options = options
    void this.#adopt()
  }

  /** Has a message wait; false when there are too many. */
  async wait({ id, message, attempt, dueAt }: OutsideWait): Promise<boolean> {
    const { handle, limit, waiting } = this.#options
    const text = jsonText(message, maxKeptBytes)
    if (text !== undefined) {
      try {
        const engine = await this.#open()
        const entry = { id, node: handle.path, attempt, text, dueAt: new Date(dueAt) }
        if (!(await engine.kept.keep(entry, limit))) return false
        // Closed meanwhile: the row waits for the next instance of this node.
        if (!handle.signal.aborted) this.#armKept({ id, attempt, dueAt: new Date(dueAt) })
        return true
      } catch (thrown) {
        // Without the stores it waits all the same, only not through a restart.
        if (handle.signal.aborted) throw thrown
        handle.log.error('A message could not be kept: it waits in memory, and a restart loses it', {
          error: PipelineError.from(thrown),
        })
      }
    } else if (!this.#warned) {
      this.#warned = true
      handle.log.warn(
        'A message holds what JSON cannot say (an HTTP response, bytes), or more than 1 MiB: it waits in memory, and a restart or deploy loses it',
      )
    }
    if (this.#inMemory >= limit) return false
    this.#inMemory += 1
    const stop = this.#arm(
      id,
      dueAt,
      async () => {
        handle.send([message, null])
        this.#options.show(attempt)
      },
      () => {
        this.#inMemory -= 1
      },
    )
    waiting.add(id, { attempt, dueAt, stop })
    return true
  }

  /** What waits in the database stays there for the node's next instance; of a node that is deleted it goes too. */
  async close(removed: boolean): Promise<void> {
    const { handle } = this.#options
    if (this.#inMemory > 0) {
      handle.log.warn('Messages that waited in memory for their next try are lost', { messages: this.#inMemory })
    }
    await Promise.all(this.#sending)
    if (!removed || this.#engine === undefined) return
    const messages = await this.#engine.kept.forget(handle.path)
    if (messages > 0) handle.log.warn('The node was deleted, and the messages that waited in it with it', { messages })
  }

  /** Takes up what an earlier instance or another process left behind: once all nodes are there, and again every half minute. */
  async #adopt(): Promise<void> {
    const { stores, handle, policy, limit, waiting, show } = this.#options
    const { signal, path: node } = handle
    try {
      await stores.flowsStarted(signal)
      for (;;) {
        let pause = lookMs
        try {
          const engine = await this.#open()
          const now = Date.now()
          for (const entry of await engine.kept.adopt(node, limit)) {
            if (signal.aborted || waiting.has(entry.id)) continue
            this.#armKept({ ...entry, dueAt: new Date(dueUnder(policy, entry.dueAt.getTime(), now)) })
          }
          if (waiting.size > 0) show(undefined)
        } catch (error) {
          // The stores' own node says what is wrong with them.
          handle.log.debug('Waiting messages could not be looked for yet', { error: PipelineError.from(error) })
          pause = troubleMs
        }
        await systemTimer.sleep(pause, signal)
      }
    } catch (error) {
      if (!signal.aborted) handle.log.error('Waiting messages are not looked for any more', { error })
    }
  }

  #armKept({ id, attempt, dueAt }: KeptEntry): void {
    const at = dueAt.getTime()
    const stop = this.#arm(id, at, async () => {
      const sending = this.#sendKept(id, attempt, dueAt)
      this.#sending.add(sending)
      try {
        await sending
      } finally {
        this.#sending.delete(sending)
      }
    })
    this.#options.waiting.add(id, { attempt, dueAt: at, stop })
    this.#options.handle.log.debug(`Try ${attempt} waits until ${dueAt.toISOString()}`)
  }

  /** Whoever takes it out of the database sends it: one process, once. */
  async #sendKept(id: string, attempt: number, dueAt: Date): Promise<void> {
    const { handle, show } = this.#options
    for (;;) {
      try {
        const engine = await this.#open()
        const json = await engine.kept.take(id)
        if (!isMessage(json)) return
        if (handle.send([json, null])) return show(attempt)
        await this.#putBack(engine, { id, node: handle.path, attempt, text: JSON.stringify(json), dueAt })
        return
      } catch (thrown) {
        if (handle.signal.aborted) return
        handle.log.error('A message that is due could not be taken out of the database yet', {
          error: PipelineError.from(thrown),
        })
        await systemTimer.sleep(troubleMs, handle.signal)
      }
    }
  }

  /** The node was closed while a message was taken out: back it goes, for the node's next instance. */
  async #putBack(engine: RunEngine, message: KeptMessage): Promise<void> {
    const { handle, limit } = this.#options
    try {
      await engine.kept.keep(message, limit + 1)
    } catch (error) {
      handle.log.error('A message that was due while the node closed is lost', { error: PipelineError.from(error) })
    }
  }

  /** Calls `due` at an instant, unless it is called off or the node closes before. Returns how to call it off. */
  #arm(id: string, at: number, due: () => Promise<void>, ended: () => void = () => {}): () => void {
    const { handle, waiting } = this.#options
    const stop = new AbortController()
    const run = async () => {
      try {
        await sleepUntil(systemTimer, at, AbortSignal.any([stop.signal, handle.signal]))
      } catch {
        return // called off
      }
      waiting.delete(id)
      ended()
      try {
        await due()
      } catch (error) {
        if (!handle.signal.aborted) handle.log.error('A message that was due could not be sent', { error })
      }
    }
    void run()
    return () => stop.abort()
  }

  async #open(): Promise<RunEngine> {
    const { stores, handle } = this.#options
    this.#engine = await stores.engine(handle.signal)
    return this.#engine
  }
}

function isMessage(json: Json | undefined): json is { [property: string]: Json } {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}
