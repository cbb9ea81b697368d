import { PipelineError } from '../errors.ts'
import { failPoint } from '../fail-point.ts'
import { meter } from '../metrics/meter.ts'
import type { Logger } from '../steps/step.ts'
import type { Json } from '../stores/cache/port.ts'
import type { PostgresStore } from '../stores/postgres/port.ts'
import { fenced } from './fence.ts'
import { hashOf, itemPath } from './identity.ts'
import { putItem, readItems, seenItems } from './items.ts'
import type { ItemEnd, JoinedItem } from './joined.ts'
import { finishStep, stepKey } from './journal.ts'
import { plainJson } from './json.ts'
import { itemMessage, keptInput, type LetterDraft, letterId, lettersFull } from './letter.ts'
import type { Claimant } from './lifecycle.ts'
import { isOf, type LiveRun } from './live.ts'
import { narrowed } from './only.ts'
import type { JournalError, RunRef, StepRef } from './run.ts'
import { dropItem, shareItems } from './shared-items.ts'
import { Spread, sharedWindow } from './spread.ts'
import type { Timer } from './time.ts'
import { type Item, indexOf, isFull, isOpen, type SentItem, type Window, windowKey, windowOf } from './window.ts'

/** What an `each` asks for. */
export interface OpenRequest {
  run: RunRef
  /** Stable id of the `each` node. */
  node: string
  items: readonly Item[]
  /** Stable id of the `join` that will get the items, where it is known before one has come to it. */
  join?: string | undefined
  /** Most items that are on their way at once. */
  window: number
  /** What the join's message is made of. */
  message: unknown
  /**
   * Sends one item on; called again whenever the join has recorded one. `shared`: any process on the store may take items; they
   * are sent by whatever {@link FanOut.registerEach} has announced, and carry `message`, which must be JSON.
   */
  send: 'shared' | ((item: SentItem, run: RunRef) => void)
}

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
  store: PostgresStore
  clock: Timer
  log: Logger
  live: Map<string, LiveRun>
  claimant(): Claimant
  lost(live: LiveRun): void
  drop(live: LiveRun): void
}

/**
 * `each` and `join`: a list goes out item by item, at most a window of them at once, and comes together again. What the join
 * has seen is in the journal, so a replay sends only the rest.
 */
export class FanOut {
  readonly #host: FanOutHost
  readonly #joins = new Map<string, (joined: Joined) => void>()
  /** Items that several processes share. */
  readonly spread: Spread
  /** Runs whose flow had no room for a letter: said once a run. */
  readonly #full = new WeakSet<LiveRun>()

  constructor(host: FanOutHost) {
    this.#host = host
    this.spread = new Spread({ ...host, complete: (live, window) => this.#completeShared(live, window) })
  }

  /** Announces a join node: `send` is called once per window, when all its items are there. Returns how to take it back. */
  registerJoin(node: string, send: (joined: Joined) => void): () => void {
    this.#joins.set(node, send)
    // A window may have been opened anew, with all its items there, before its join was.
    for (const live of this.#host.live.values()) {
      for (const window of live.windows.values()) {
        if (window.shared) this.spread.look(window.node)
        else if (window.join === node && isFull(window)) {
          this.#complete(live, window).catch((error: unknown) => this.#failed(live, window.run, node, error))
        }
      }
    }
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
    const live = this.#liveOf(request.run)
    try {
      return await this.#open(live, request)
    } catch (error) {
      throw this.#failed(live, request.run, request.node, error)
    }
  }

  async #open(live: LiveRun, request: OpenRequest): Promise<{ total: number; seen: number }> {
    const { run, node } = request
    const items = this.#asked(live, request)
    const index = indexOf(items)
    const { seen, join = request.join } = await seenItems(this.#host.store, run, node)
    // The list is fixed in the journal before its first item goes out.
    await this.#journal(live, run, node, 'each', hashOf([...index.keys()]), { total: items.length })
    failPoint('each-open')
    if (!isOf(this.#host.live.get(run.id), run)) throw fenced(run.id, 'it was sent anew meanwhile')
    if (items.length === 0) return { total: 0, seen: 0 }
    if (request.send === 'shared') return this.#share(live, { ...request, items }, seen, join)
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
      closed: false,
      shared: false,
      values: new Map(),
      send: request.send,
      message: request.message,
    }
    live.windows.set(windowKey(node, run.item), window)
    live.movedAt = this.#host.clock.monotonic()
    if (isFull(window)) await this.#complete(live, window)
    else this.#pump(live, window)
    return { total: items.length, seen: window.seen.size }
  }

  /** Lays the items where every process may take them. */
  async #share(
    live: LiveRun,
    { run, node, items, message }: OpenRequest,
    seen: ReadonlySet<string>,
    join: string | undefined,
  ): Promise<{ total: number; seen: number }> {
    const { owner } = this.#host.claimant()
    const carried = plainJson(message, `What the items of the each ${node} carry`)
    await shareItems(this.#host.store, { run, node, items, message: carried }, seen, owner)
    if (!isOf(this.#host.live.get(run.id), run)) throw fenced(run.id, 'it was sent anew meanwhile')
    const window = {
      ...sharedWindow(
        run,
        node,
        'list',
        items.map(({ key }) => key),
      ),
      join,
      message,
    }
    live.windows.set(windowKey(node, run.item), window)
    live.movedAt = this.#host.clock.monotonic()
    this.spread.look(node)
    return { total: items.length, seen: [...seen].filter((key) => window.index.has(key)).length }
  }

  /** All shared items are recorded: which join did it stands with them. */
  async #completeShared(live: LiveRun, window: Window): Promise<void> {
    window.join ??= (await seenItems(this.#host.store, window.run, window.node)).join
    await this.#complete(live, window)
  }

  /**
   * Records how an item ended, once, and lets the next one out; one that failed becomes a dead letter (`tries`: how often it was tried,
   * as far as its message knows); after the last one the join's callback gets the result. A
   * double is no error. Resolves with how many of the items are there. Throws FENCED, JOIN_WITHOUT_EACH, JOIN_TWICE,
   * OUTPUT_TOO_LARGE.
   */
  async record(
    run: RunRef,
    join: string,
    end: ItemEnd,
    tries = 1,
  ): Promise<{ double: boolean; seen: number; total: number }> {
    const live = this.#liveOf(run)
    try {
      return await this.#record(live, run, join, end, tries)
    } catch (error) {
      throw this.#failed(live, run, join, error)
    }
  }

  async #record(
    live: LiveRun,
    run: RunRef,
    join: string,
    end: ItemEnd,
    tries: number,
  ): Promise<{ double: boolean; seen: number; total: number }> {
    const { window, key } = windowOf(live, run, join)
    const double = window.seen.has(key)
    const counts = () => {
      const seen = window.seen.size
      return { double, seen, total: Math.max(window.index.size, seen + window.out.size) }
    }
    if (window.completed) return counts()
    if (!double) {
      const letter = end.state === 'failed' ? this.#letter(live, window, run, key, end.error, tries) : undefined
      const { kept } = await putItem(
        this.#host.store,
        {
          run,
          node: window.node,
          join,
          startedAt: this.#host.clock.now(),
          redrive: live.redrive !== undefined,
          ...(letter === undefined ? {} : { letter }),
        },
        end,
      )
      if (!kept && !this.#full.has(live)) {
        this.#full.add(live)
        this.#host.log.error('A failed item could not become a dead letter', {
          run: run.id,
          item: run.item,
          error: lettersFull(run.flow),
        })
      }
    }
    if (!double) meter.add('pipeline.items.processed', { kind: 'item', outcome: end.state })
    failPoint('join-recorded')
    if (window.shared) await dropItem(this.#host.store, run.id, window.node, window.run.item, key)
    if (!isOpen(live, window)) return counts() // sent anew meanwhile
    window.join = join
    window.seen.add(key)
    window.out.delete(key)
    window.values.delete(key)
    live.failures.delete(run.item)
    live.movedAt = this.#host.clock.monotonic()
    if (!double) live.lines += 1
    if (window.shared) this.spread.look(window.node)
    else if (isFull(window)) await this.#complete(live, window)
    else this.#pump(live, window)
    return counts()
  }

  /** Lets no more items of an `each` out, whose node is closed; the replay that follows opens its windows anew. */
  close(node: string): void {
    for (const live of this.#host.live.values()) {
      for (const window of live.windows.values()) if (window.node === node) window.closed = true
    }
  }

  /** The items of the request; in a redrive only those asked for. */
  #asked(live: LiveRun, { run, node, items }: OpenRequest): readonly Item[] {
    const asked = narrowed(live.redrive?.only, run, node, items)
    if (asked.length === 0 && items.length > 0) {
      const message = 'None of the items that are redriven is in the list any more: nothing is sent'
      this.#host.log.warn(message, { run: run.id, node })
    }
    return asked
  }

  /** What is kept of a failed item: the message as its each sent it, the error, and how often it was tried. */
  #letter(live: LiveRun, window: Window, run: RunRef, key: string, error: JournalError, tries: number): LetterDraft {
    const failure = live.failures.get(run.item)
    const attempts = failure && live.steps.get(stepKey(failure.node, run.item))?.attempts
    const value = window.values.get(key) ?? window.items[window.index.get(key) ?? -1]?.value ?? null
    const { input, note, whole } = keptInput(itemMessage(value, window.message))
    const again = whole === undefined ? null : 'A redrive sends all of it: its each makes it anew.'
    return {
      id: letterId(run.id, window.node, run.item),
      input,
      note: [note, again].filter((part) => part !== null).join(' ') || null,
      error: { ...error, ...(failure === undefined ? {} : { source: failure.node }) },
      attempts: Math.max(tries, attempts ?? 1),
    }
  }

  #liveOf(run: RunRef): LiveRun {
    const live = this.#host.live.get(run.id)
    if (!isOf(live, run)) throw fenced(run.id, 'the message is older than its latest start, or the run has ended')
    return live
  }

  #pump(live: LiveRun, window: Window): void {
    const { run, node, items } = window
    while (window.out.size < window.limit && window.cursor < items.length && !window.closed && isOpen(live, window)) {
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
    // Without its join it waits: for the join to be registered, for the replay, or in the end for the watchdog.
    if (window.completed || window.closed || window.join === undefined || send === undefined) return
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
      failPoint('join-complete')
      if (!isOpen(live, window)) return
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
    } catch (error) {
      if (PipelineError.from(error).code !== 'STEP_DONE') throw error
    }
  }

  /** Notes an error for the watchdog: should nobody take it, the run fails with it. Hands it back. */
  #failed(live: LiveRun, run: RunRef, node: string, thrown: unknown): PipelineError {
    const error = PipelineError.from(thrown)
    if (error.code === 'FENCED') {
      // Said by the database, unless the run was only sent anew meanwhile.
      if (isOf(this.#host.live.get(run.id), run)) this.#host.lost(live)
    } else live.failures.set(run.item, { node, error })
    return error
  }
}
