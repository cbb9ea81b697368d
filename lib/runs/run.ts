import { type Infer, Type } from '../schema.ts'
import type { Json } from '../stores/cache/port.ts'

/** Which run a step works for. Travels in `msg.run` as plain data. */
export interface RunRef {
  /** UUIDv5 of flow and slot. */
  id: string
  /** Stable id of the flow (the trigger node's id). */
  flow: string
  /** The scheduled instant in ISO UTC, or the event's key. */
  slot: string
  /** Fencing number: raised by whoever takes the run over; a step of an older epoch commits nothing. */
  epoch: number
  /** Key of the item inside an each/join, else ''. Inside nested ones the encoded keys, outermost first, joined by `/`. */
  item: string
  /** Node ids of the `each` nodes around this message, outermost first; as many as `item` has keys. */
  each?: string[]
  /**
   * Raised each time one process sends the run's messages anew (after a deploy, when the steps in flight live on); a
   * message of an older generation is dropped. Absent outside a flow.
   */
  generation?: number
}

/** What set a run off. `message`: a run of one step, for a message that came from outside any run; never replayed. */
export type Trigger = 'schedule' | 'manual' | 'event' | 'message'

/** Where a run is. `waiting` is parked until a due time; `skipped` never ran because another run of its flow did. */
export type RunState = 'queued' | 'running' | 'waiting' | 'done' | 'failed' | 'skipped' | 'cancelled'

/** Where a step, or an item that a join has seen, is. */
export type StepState = 'running' | 'retry' | 'done' | 'failed'

/** What happens when a run is due while another of the same flow is unfinished; `parallel` lets them run side by side. */
export type Overlap = 'skip' | 'queue' | 'replace' | 'parallel'

/**
 * One try of one step, as plain data: any thread of this machine can journal its end with it
 * (`finishStep` in journal.ts) on a connection of its own.
 */
export interface StepRef {
  run: string
  epoch: number
  /** The node's stable id. */
  node: string
  item: string
  /** Step name and version, `aneel-fetch@1`; for a person to read. */
  step: string
  inputHash: string
  /** 1 for the first try. */
  attempt: number
  /** ISO. */
  startedAt: string
}

/** An error as the journal keeps it. */
export const JournalErrorSchema = Type.Object(
  {
    code: Type.String(),
    message: Type.String(),
    retryable: Type.Boolean(),
  },
  { title: 'JournalError' },
)
/** {@link JournalErrorSchema} as a type. */
export type JournalError = Infer<typeof JournalErrorSchema>

/** A run as it stands in the journal, for display. Times are ISO. */
export interface RunRow {
  id: string
  flow: string
  slot: string
  trigger: Trigger
  input: Json
  state: RunState
  epoch: number
  owner: string | null
  error: JournalError | null
  summary: Json
  createdAt: string
  updatedAt: string
  finishedAt: string | null
}

/** A step as it stands in the journal, for display. Times are ISO. */
export interface StepRow {
  node: string
  item: string
  step: string
  state: StepState
  attempts: number
  nextAt: string | null
  output: Json
  error: JournalError | null
  startedAt: string
  finishedAt: string | null
}
