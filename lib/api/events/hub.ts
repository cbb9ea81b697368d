import type { Json } from '../../stores/cache/port.ts'
import type { Scope } from '../access/caller.ts'

/** Something that happened, as subscribers hear of it. */
export interface ApiEvent {
  /** Grows in the order in which things became visible; the token to go on from. */
  position: number
  /** `version`: a dataset or collection has a new version. `run`: a run has begun or ended. `alert`: an incident has opened or closed. */
  type: 'version' | 'run' | 'alert'
  /** Name of the dataset, id of the flow, source of the incident. */
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
export const scopeOfTopic = { version: 'datasets', run: 'runs', alert: 'runs' } as const satisfies Record<
  ApiEvent['type'],
  Scope
>

/** Hears of events, across processes. One for all subscribers of a process: it reads each event once. */
export interface EventHub {
  /**
   * Events of the topics after a position (left out: from now on), in order, none left out. Throws EVENTS_GONE when the position is older than
   * what is kept. The iterator waits for more until the signal aborts; it never holds more than a page of events for a slow reader.
   */
  subscribe(topics: readonly Topic[], options: { after?: number; signal: AbortSignal }): AsyncIterable<ApiEvent>
  /** Position of the newest event. */
  newest(): Promise<number>
}
