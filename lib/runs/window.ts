import type { Json } from '../stores/cache/port.ts'
import type { RunRef } from './run.ts'

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
  send(item: SentItem, run: RunRef): void
  /** What the join's message is made of; opaque here. */
  message: unknown
}

/** The key of the window of an `each` in its run. */
export function windowKey(node: string, parent: string): string {
  return `${node}\n${parent}`
}
