import { PipelineError } from '../errors.ts'
import type { Logger } from '../steps/step.ts'
import type { Json } from '../stores/cache/port.ts'
import type { PostgresStore } from '../stores/postgres/port.ts'
import { itemPath } from './identity.ts'
import { loadItems } from './journal.ts'
import type { Claimant } from './lifecycle.ts'
import { type LiveRun, liven } from './live.ts'
import { redriveOf } from './only.ts'
import type { RunRef } from './run.ts'
import { allRecorded, giveBackItems, putBackItems, stillRunning, type TakenItem, takeItems } from './shared-items.ts'
import type { Timer } from './time.ts'
import { type SentItem, type Window, windowKey } from './window.ts'

/** An `each` on this process whose items are shared: what it needs to send one on. */
export interface SharedEach {
  /** Most items on their way at once in this process. */
  window: number
  send(item: SentItem, run: RunRef, message: Json): void
}

/** What the spread needs of its engine. */
export interface SpreadHost {
  store: PostgresStore
  clock: Timer
  log: Logger
  live: Map<string, LiveRun>
  claimant(): Claimant
  /** Forgets a run of which this process did some items. */
  drop(live: LiveRun): void
  /** All items of the window are recorded. */
  complete(live: LiveRun, window: Window): Promise<void>
}

/**
 * Items that several processes share: they lie in a table, each process takes as many as its window holds and sends them through
 * its own copy of the flow. The run stays where it is; a process that only does items of it is its guest, under the same epoch,
 * so that a take-over fences guests too.
 */
export class Spread {
  readonly #host: SpreadHost
  readonly #eaches = new Map<string, SharedEach>()
  readonly #turns = new Map<string, { running: Promise<void>; again: boolean }>()

  constructor(host: SpreadHost) {
    this.#host = host
  }

  /** Announces the `each` of a flow on this process. Returns how to take it back. */
  register(node: string, each: SharedEach): () => void {
    this.#eaches.set(node, each)
    this.look(node)
    return () => {
      if (this.#eaches.get(node) === each) this.#eaches.delete(node)
    }
  }

  /** Something may be to be had, or over: of one `each`, or of all. */
  look(node?: string): void {
    for (const each of node === undefined ? this.#eaches.keys() : [node]) this.#turn(each)
  }

  /** One at a time for each node; what comes meanwhile makes one more. */
  #turn(node: string): void {
    const turn = this.#turns.get(node)
    if (turn !== undefined) {
      turn.again = true
      return
    }
    const made = { running: Promise.resolve(), again: false }
    this.#turns.set(node, made)
    made.running = (async () => {
      try {
        do {
          made.again = false
          await this.#pull(node)
          await this.#settle(node)
        } while (made.again)
      } catch (error) {
        this.#host.log.warn('Shared items could not be looked for; trying again', { error: PipelineError.from(error) })
      } finally {
        this.#turns.delete(node)
      }
    })()
  }

  /** Resolves when no look is under way. */
  async settled(): Promise<void> {
    await Promise.all([...this.#turns.values()].map(({ running }) => running))
  }

  /** Takes what there is room for. */
  async #pull(node: string): Promise<void> {
    const each = this.#eaches.get(node)
    if (each === undefined) return
    const { store, claimant } = this.#host
    const room = each.window - this.#out(node)
    if (room <= 0) return
    const taken = await takeItems(store, node, room, claimant())
    const runs = new Map<string, TakenItem[]>()
    for (const item of taken) runs.set(item.id, [...(runs.get(item.id) ?? []), item])
    for (const [id, items] of runs) await this.#take(id, node, items)
  }

  async #take(id: string, node: string, items: TakenItem[]): Promise<void> {
    const { store, clock, live: all } = this.#host
    const first = items[0]
    if (first === undefined) return
    const steps = await loadItems(
      store,
      id,
      items.map(({ parent, key }) => itemPath(parent, key)),
    )
    const each = this.#eaches.get(node)
    const known = all.get(id)
    const ready =
      known === undefined || known.guest || items.every(({ parent }) => known.windows.has(windowKey(node, parent)))
    if (each === undefined || !ready || (known !== undefined && known.epoch !== first.epoch)) {
      // Its node was closed meanwhile, or what is known of the run here is out of date, or its each is about to open anew.
      await putBackItems(store, id, node, items)
      return
    }
    const live = known ?? this.#guest(first)
    for (const [key, entry] of steps) if (!live.steps.has(key)) live.steps.set(key, entry)
    live.movedAt = clock.monotonic()
    for (const item of items) this.#send(live, node, each, item)
  }

  #guest({ id, flow, slot, trigger, epoch, created_at, redrive_of, only_items }: TakenItem): LiveRun {
    const redrive = redriveOf(redrive_of, only_items)
    const run = { id, flow, slot, trigger, epoch, input: null, createdAt: created_at, ...redrive }
    const live: LiveRun = { ...liven(run, new Map(), this.#host.clock.monotonic()), guest: true }
    this.#host.live.set(id, live)
    return live
  }

  #send(live: LiveRun, node: string, each: SharedEach, { parent, key, value, each: around, message }: TakenItem): void {
    const { id, flow, slot, epoch, generation } = live
    const base: RunRef = {
      id,
      flow,
      slot,
      epoch,
      generation,
      item: parent,
      ...(around.length > 0 ? { each: around } : {}),
    }
    const place = windowKey(node, parent)
    const window = live.windows.get(place) ?? sharedWindow(base, node, 'taken', [])
    live.windows.set(place, window)
    if (window.out.has(key)) return
    window.out.add(key)
    window.values.set(key, value)
    if (window.shared === 'taken') window.message = message
    each.send(
      { key, value, index: window.index.get(key) ?? 0, total: window.index.size },
      { ...base, item: itemPath(parent, key), each: [...around, node] },
      message,
    )
  }

  /** Items of this `each` on their way in this process. */
  #out(node: string): number {
    let out = 0
    for (const live of this.#host.live.values()) {
      for (const window of live.windows.values()) if (window.shared && window.node === node) out += window.out.size
    }
    return out
  }

  /** Completes the windows whose items are all there, and forgets the runs of others with nothing left to do here. */
  async #settle(node: string): Promise<void> {
    const { store, live: all, complete, drop } = this.#host
    for (const live of [...all.values()]) {
      for (const window of [...live.windows.values()]) {
        if (!window.shared || window.node !== node || window.completed || window.out.size > 0) continue
        if (window.shared === 'taken') live.windows.delete(windowKey(node, window.run.item))
        else if (await allRecorded(store, live.id, node, window.run.item)) await complete(live, window)
      }
      if (live.guest && live.windows.size === 0 && live.flights.size === 0) drop(live)
    }
  }

  /** Drops the runs of others that go on no more, or are out of date here. */
  async check(): Promise<void> {
    const guests = [...this.#host.live.values()].filter((live) => live.guest)
    if (guests.length > 0) {
      const alive = await stillRunning(this.#host.store, guests)
      for (const live of guests) if (!alive.has(live.id)) this.#host.drop(live)
    }
    this.look()
  }

  /** Gives back the items of the runs of others, and forgets these: before a replay, and at the end. */
  async leave(guests = [...this.#host.live.values()].filter((live) => live.guest)): Promise<void> {
    for (const live of guests) this.#host.drop(live)
    for (const live of guests) await giveBackItems(this.#host.store, live.id, this.#host.claimant().owner)
  }
}

/** A window whose items lie in the table. */
export function sharedWindow(run: RunRef, node: string, shared: 'list' | 'taken', keys: readonly string[]): Window {
  return {
    run,
    node,
    items: keys.map((key) => ({ key, value: null })),
    index: new Map(keys.map((key, at) => [key, at])),
    limit: 0,
    cursor: keys.length,
    out: new Set(),
    seen: new Set(),
    join: undefined,
    completed: false,
    closed: false,
    shared,
    values: new Map(),
    send: () => {},
    message: undefined,
  }
}
