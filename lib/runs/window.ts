import { PipelineError } from '../errors.ts'
import type { Json } from '../stores/cache/port.ts'
import { splitPath } from './identity.ts'
import type { LiveRun } from './live.ts'
import type { RunRef } from './run.ts'

/** Most items of one list. Their keys are in memory while the run lives. */
export const maxItems = 100_000
/** Longest key of an item, in characters. */
export const maxKeyLength = 300

/** An item of an `each`. */
export interface Item {
  /** Unique in the list and derived from the content, so that a replay finds it again wherever it stands. */
  key: string
  value: Json
}

/** An item on its way. */
export interface SentItem extends Item {
  index: number
  total: number
}

/** The items of one `each` in one run, while they are out. */
export interface Window {
  /** The message's run as it came into the `each`. */
  run: RunRef
  /** Node id of the `each`. */
  node: string
  items: readonly Item[]
  /** Position of each key in `items`. */
  index: ReadonlyMap<string, number>
  /** Most items that are out at once. */
  limit: number
  /** The next item to look at. */
  cursor: number
  out: Set<string>
  /** Keys that the join has recorded: a set, never a counter, so that doubles and replays cannot raise it. */
  seen: Set<string>
  /** The join that records the items; known from the first one on. */
  join: string | undefined
  /** Sent on, or about to be. */
  completed: boolean
  /** Its `each` was closed: no more items go out; what is on its way may still be recorded. */
  closed: boolean
  /**
   * The items lie in a table where other processes may take them, and `out` are those that this one has taken: `list` where the
   * `each` opened it, which also completes it, `taken` elsewhere.
   */
  shared: false | 'list' | 'taken'
  /** Of shared items those that are out, with their values: what is kept of one that fails. */
  values: Map<string, Json>
  send(item: SentItem, run: RunRef): void
  /** What the join's message is made of; opaque here. */
  message: unknown
}

/** The key of the window of an `each` in its run. */
export function windowKey(node: string, parent: string): string {
  return `${node}\n${parent}`
}

/** Whether the window is the one that counts: it was not opened anew, and its run goes on. */
export function isOpen(live: LiveRun, window: Window): boolean {
  return live.windows.get(windowKey(window.node, window.run.item)) === window
}

/** Whether the join has recorded all items. */
export function isFull(window: Window): boolean {
  return window.shared === false && window.seen.size === window.index.size
}

/** The window that the item of a message belongs to. Throws JOIN_WITHOUT_EACH, JOIN_TWICE. */
export function windowOf(live: LiveRun, run: RunRef, join: string): { window: Window; key: string } {
  const node = run.each?.at(-1)
  const { parent, key } = splitPath(run.item)
  const window = node === undefined ? undefined : live.windows.get(windowKey(node, parent))
  if (window === undefined || !(window.index.has(key) || window.out.has(key))) {
    const message = 'This message is no item of an each node: a join brings together what an each has sent'
    throw new PipelineError('JOIN_WITHOUT_EACH', message, { details: { item: run.item } })
  }
  if (window.join !== undefined && window.join !== join) {
    const message = `Items of one each went to two joins, ${window.join} and ${join}: wire them to one`
    throw new PipelineError('JOIN_TWICE', message)
  }
  return { window, key }
}

/** Position of each key. Throws EACH_KEY (a key twice, empty or too long), EACH_TOO_MANY. */
export function indexOf(items: readonly Item[]): Map<string, number> {
  if (items.length > maxItems) {
    throw new PipelineError(
      'EACH_TOO_MANY',
      `The list has ${items.length} items, at most ${maxItems} go through an each`,
    )
  }
  const index = new Map<string, number>()
  for (const [at, { key }] of items.entries()) {
    if (key === '' || key.length > maxKeyLength || !key.isWellFormed()) {
      const message = `Item ${at} has a key of ${key.length} characters; it must have 1 to ${maxKeyLength}, and be valid Unicode`
      throw new PipelineError('EACH_KEY', message)
    }
    const first = index.get(key)
    if (first !== undefined) {
      throw new PipelineError('EACH_KEY', `Items ${first} and ${at} have the same key "${key}": keys tell items apart`)
    }
    index.set(key, at)
  }
  return index
}
