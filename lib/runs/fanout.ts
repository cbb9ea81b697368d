import { PipelineError } from '../errors.ts'
import type { Logger } from '../steps/step.ts'
import type { Json } from '../stores/cache/port.ts'
import type { Queryable } from '../stores/postgres/port.ts'
import { fenced } from './fence.ts'
import { hashOf, itemPath, splitPath } from './identity.ts'
import { type ItemEnd, putItem, readItems, seenItems } from './items.ts'
import { finishStep } from './journal.ts'
import { isOf, type LiveRun } from './live.ts'
import type { RunRef, StepRef } from './run.ts'
import type { Timer } from './time.ts'
import { type Item, type SentItem, type Window, windowKey } from './window.ts'

/** Most items of one list. Their keys are in memory while the run lives. */
export const maxItems = 100_000
/** Longest key of an item, in characters. */
export const maxKeyLength = 300

/** What an `each` asks for. */
export interface OpenRequest {
  run: RunRef
  /** Stable id of the `each` node. */
  node: string
  items: readonly Item[]
  /** Most items that are on their way at once. */
  window: number
  /** What the join's message is made of. */
  message: unknown
  /** Sends one item on; called again whenever the join has recorded one. */
  send(item: SentItem, run: RunRef): void
}

/** One item in a join's result. */
export type JoinedItem = { key: string } & ItemEnd

/** What a join sends once all items are there. */
export interface Joined {
  /** The run as it came into the `each`. */
  run: RunRef
  /** The message that came into the `each`. */
  message: unknown
  /** In the order of the list. */
  items: JoinedItem[]
  done: number
  failed: number
}

/** What the fan-out needs of its engine. */
export interface FanOutHost {
  store: Queryable
  clock: Timer
  log: Logger
  live: Map<string, LiveRun>
  lost(live: LiveRun): void
}

/**
 * `each` and `join`: a list goes out item by item, at most a window of them at once, and comes together again. What the join
 * has seen is in the journal, so a replay sends only the rest.
 */
export class FanOut {
  readonly #host: FanOutHost
  readonly #joins = new Map<string, (joined: Joined) => void>()

  constructor(host: FanOutHost) {
    this.#host = host
  }

  /** Announces a join node: `send` is called once per window, when all its items are there. Returns how to take it back. */
  registerJoin(node: string, send: (joined: Joined) => void): () => void {
    this.#joins.set(node, send)
    return () => {
      if (this.#joins.get(node) === send) this.#joins.delete(node)
    }
  }

  /**
   * Opens the window of an `each` for a message and sends the first items; those that the join has recorded before are not
   * sent again. Resolves with how many there are, and how many of them were there already. An empty list opens nothing.
   * Throws FENCED, EACH_KEY (a key twice, empty or too long), EACH_TOO_MANY.
   */
  async open(request: OpenRequest): Promise<{ total: number; seen: number }> {
    const { run, node, items } = request
    const live = this.#liveOf(run)
    const index = indexOf(items)
    const { seen, join } = await seenItems(this.#host.store, run, node)
    // The list is fixed in the journal before its first item goes out.
    await this.#journal(live, run, node, 'each', hashOf([...index.keys()]), { total: items.length })
    if (!isOf(this.#host.live.get(run.id), run)) throw fenced(run.id, 'it was started anew meanwhile')
    if (items.length === 0) return { total: 0, seen: 0 }
    const window: Window = {
      run,
      node,
      items,
      index,
      limit: Math.max(1, request.window),
      cursor: 0,
      out: new Set(),
      seen: new Set([...seen].filter((key) => index.has(key))),
      join,
      completed: false,
      send: request.send,
      message: request.message,
    }
    live.windows.set(windowKey(node, run.item), window)
    live.movedAt = this.#host.clock.monotonic()
    if (window.seen.size === items.length) await this.#complete(live, window)
    else this.#pump(live, window)
    return { total: items.length, seen: window.seen.size }
  }

  /**
   * Records how an item ended, once, and lets the next one out; after the last one the join's callback gets the result. A
   * double is no error. Throws FENCED, JOIN_WITHOUT_EACH, OUTPUT_TOO_LARGE.
   */
  async record(run: RunRef, join: string, end: ItemEnd): Promise<'recorded' | 'double'> {
    const live = this.#liveOf(run)
    const node = run.each?.at(-1)
    const { parent, key } = splitPath(run.item)
    const window = node === undefined ? undefined : live.windows.get(windowKey(node, parent))
    if (window === undefined || !window.index.has(key)) {
      throw new PipelineError(
        'JOIN_WITHOUT_EACH',
        `This message is no item of an each node: a join brings together what an each has sent`,
        {
          details: { item: run.item },
        },
      )
    }
    if (window.join !== undefined && window.join !== join) {
      throw new PipelineError(
        'JOIN_TWICE',
        `Items of one each went to two joins, ${window.join} and ${join}: wire them to one`,
      )
    }
    if (window.completed) return 'double'
    const double = window.seen.has(key)
    if (!double) {
      try {
        await putItem(this.#host.store, { run, node: window.node, join, startedAt: this.#host.clock.now() }, end)
      } catch (error) {
        if (PipelineError.from(error).code === 'FENCED') this.#host.lost(live)
        throw error
      }
    }
    if (live.windows.get(windowKey(window.node, parent)) !== window) return 'double' // started anew meanwhile
    window.join = join
    window.seen.add(key)
    window.out.delete(key)
    live.failures.delete(run.item)
    live.movedAt = this.#host.clock.monotonic()
    if (!double) live.lines += 1
    if (window.seen.size === window.items.length) await this.#complete(live, window)
    else this.#pump(live, window)
    return double ? 'double' : 'recorded'
  }

  /** Forgets the open windows of an `each` node that is closed. */
  close(node: string): void {
    for (const live of this.#host.live.values()) {
      for (const [key, window] of live.windows) if (window.node === node) live.windows.delete(key)
    }
  }

  #liveOf(run: RunRef): LiveRun {
    const live = this.#host.live.get(run.id)
    if (!isOf(live, run)) throw fenced(run.id, 'the message is older than its latest start, or the run has ended')
    return live
  }

  #pump(live: LiveRun, window: Window): void {
    const { run, node, items } = window
    const isOpen = () => live.windows.get(windowKey(node, run.item)) === window
    while (window.out.size < window.limit && window.cursor < items.length && isOpen()) {
      const index = window.cursor++
      const item = items[index]
      if (item === undefined || window.seen.has(item.key)) continue
      window.out.add(item.key)
      window.send(
        { ...item, index, total: items.length },
        { ...run, item: itemPath(run.item, item.key), each: [...(run.each ?? []), node] },
      )
    }
  }

  /** Hands all items to the join, once per window. */
  async #complete(live: LiveRun, window: Window): Promise<void> {
    const send = window.join === undefined ? undefined : this.#joins.get(window.join)
    if (window.completed || window.join === undefined) return
    if (send === undefined) {
      // Its node is gone from the flow; the watchdog ends the run when nothing else goes on.
      this.#host.log.warn('All items are there, but their join is not', { run: live.id, join: window.join })
      return
    }
    window.completed = true
    try {
      const ends = await readItems(this.#host.store, window.run, window.node)
      const items = window.items.flatMap(({ key }): JoinedItem[] => {
        const end = ends.get(key)
        return end === undefined ? [] : [{ key, ...end }]
      })
      const done = items.filter((item) => item.state === 'done').length
      const failed = items.length - done
      const result: Record<string, Json> = { total: items.length, done, failed }
      await this.#journal(live, window.run, window.join, 'join', hashOf([window.node, ...window.index.keys()]), result)
      if (live.windows.get(windowKey(window.node, window.run.item)) !== window) return
      window.items = [] // only doubles can still come
      send({ run: window.run, message: window.message, items, done, failed })
    } catch (error) {
      window.completed = false // the item's message fails with this; sent again, it completes
      throw error
    }
  }

  /** A journal line of an each or a join itself; a replay finds it there. */
  async #journal(
    live: LiveRun,
    run: RunRef,
    node: string,
    step: string,
    inputHash: string,
    output: Json,
  ): Promise<void> {
    const ref: StepRef = {
      run: live.id,
      epoch: live.epoch,
      node,
      item: run.item,
      step,
      inputHash,
      attempt: 1,
      startedAt: this.#host.clock.now().toISOString(),
    }
    try {
      await finishStep(this.#host.store, ref, output)
    } catch (thrown) {
      const error = PipelineError.from(thrown)
      if (error.code === 'STEP_DONE') return
      if (error.code === 'FENCED') this.#host.lost(live)
      throw error
    }
  }
}

function indexOf(items: readonly Item[]): Map<string, number> {
  if (items.length > maxItems) {
    throw new PipelineError(
      'EACH_TOO_MANY',
      `The list has ${items.length} items, at most ${maxItems} go through an each`,
    )
  }
  const index = new Map<string, number>()
  for (const [at, { key }] of items.entries()) {
    if (key === '' || key.length > maxKeyLength) {
      throw new PipelineError(
        'EACH_KEY',
        `Item ${at} has a key of ${key.length} characters; it must have 1 to ${maxKeyLength}`,
      )
    }
    const first = index.get(key)
    if (first !== undefined) {
      throw new PipelineError('EACH_KEY', `Items ${first} and ${at} have the same key "${key}": keys tell items apart`)
    }
    index.set(key, at)
  }
  return index
}
