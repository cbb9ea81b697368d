import type { Json } from '../../stores/cache/port.ts'
import type { Scope } from '../access/caller.ts'

/** Something that happened, as subscribers hear of it. */
export interface ApiEvent {
  /** Grows by one in the order in which things became visible; the token to go on from. */
  position: number
  /**
   * `version`: a dataset has a new version. `collection`: a collection of documents has. `run`: a run has changed its state. `alert`: an
   * incident has opened or closed.
   */
  type: 'version' | 'collection' | 'run' | 'alert'
  /** Name of the dataset or collection, id of the flow, key of the incident. */
  subject: string
  /** ISO; the database's clock. */
  at: string
  data: Json
}

/** What a subscriber wants. `subject` left out takes all of the type. */
export interface Topic {
  type: ApiEvent['type']
  subject?: string
}

/** The scope that a topic needs beside `events`. */
export const scopeOfTopic = {
  version: 'datasets',
  collection: 'documents',
  run: 'runs',
  alert: 'runs',
} as const satisfies Record<ApiEvent['type'], Scope>

/** Whether somebody who wants these topics wants the event. */
export function wants(topics: readonly Topic[], { type, subject }: ApiEvent): boolean {
  return topics.some((topic) => topic.type === type && (topic.subject === undefined || topic.subject === subject))
}

/** Hears of events, across processes. One for all subscribers of a process: it reads each event once. */
export interface EventHub {
  /**
   * Events of the topics (`all`: every one) after a position (left out: from now on), in order, none left out. The iterator waits for more until
   * the signal aborts; it never holds more than a page of events for a slow reader. Throws EVENTS_GONE when the position is older than what
   * is kept (also later, when the reader was too slow for that), STOPPED when the hub closes, and what the store throws (retryable).
   */
  subscribe(topics: readonly Topic[] | 'all', options: { after?: number; signal: AbortSignal }): AsyncIterable<ApiEvent>
  /** Position of the newest event. */
  newest(): Promise<number>
  /** Throws EVENTS_GONE, with `oldest` and `newest` in its details, when nobody can go on from there. */
  check(after: number): Promise<void>
}
