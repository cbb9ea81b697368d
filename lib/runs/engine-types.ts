import type { PipelineError } from '../errors.ts'
import type { HttpClient } from '../net/http.ts'
import type { Logger } from '../steps/step.ts'
import type { Json } from '../stores/cache/port.ts'
import type { Stores } from '../stores/stores.ts'
import type { StepEvent } from './flight.ts'
import type { OutboxDelivered, ReceiverOptions } from './outbox-lane.ts'
import type { Overlap, RunRef } from './run.ts'
import type { Schedule } from './schedule.ts'
import type { Timer } from './time.ts'

/** What starts a flow; registered under the flow's id. */
export interface FlowTrigger {
  /** Sends a run's first message: a new run, or one that is sent anew after a crash, a deploy or a stall. */
  send(run: RunRef, input: Json): void
  /** A run in which nothing moves for this long is sent anew once, then fails as STALLED. Default 5 minutes. */
  stallMs?: number
  /** Topic of the outbox: each of its entries starts a run of this flow, whose slot is the entry's key and whose input its payload. */
  topic?: string
}

/** Delivers an outbox entry; it is tried again later when this throws. */
export type Deliver = (entry: OutboxDelivered, surroundings: DeliverSurroundings) => Promise<void>

/** What a delivery has to work with. */
export interface DeliverSurroundings {
  stores: Stores
  http: HttpClient
  signal: AbortSignal
}

/** How a receiver wants its entries, with the stores for its tidying. */
export type DeliverOptions = Omit<ReceiverOptions, 'tidy'> & {
  /** See {@link ReceiverOptions}. */
  tidy?(surroundings: DeliverSurroundings): Promise<void>
}

/** What became of `RunEngine.start`. */
export type StartAnswer =
  | { outcome: 'started'; run: RunRef }
  /** `queued`: starts when the runs before it have ended; `duplicate`: the slot has its run already. */
  | { outcome: 'queued' | 'skipped' | 'duplicate'; id: string }

/** What happens in an engine, for status lines, progress bars and logs. */
export type EngineEvent =
  | ({ kind: 'step' } & StepEvent)
  | { kind: 'run'; state: 'started' | 'resumed' | 'done'; run: RunRef }
  /** Left memory: everything that is pending in it waits, the first until `dueAt` (ISO). */
  | { kind: 'run'; state: 'parked'; run: RunRef; dueAt: string }
  | { kind: 'run'; state: 'failed' | 'cancelled'; run: RunRef; error: PipelineError }

/** Surroundings of an engine. */
export interface EngineOptions {
  stores: Stores
  http: HttpClient
  log: Logger
  /** Name of this process among those on the same store, the same after a restart: it gets its own runs back at once. */
  owner: string
  clock?: Timer
  /** Most runs in hand at once; more wait, or go to another process on the same store. Default 20. */
  runsAtOnce?: number
  /** How long ended runs stay in the journal. Default 90 days. */
  keepDays?: number
}

/** What `RunEngine.keepSchedule` wants. */
export interface KeepSchedule {
  flow: string
  schedule: Schedule
  overlap: Overlap
  /** What each run starts with. */
  input: Json
  /** Told the next slot, for a status line. */
  onNext?(next: Date | undefined): void
  /** Ends it. */
  signal: AbortSignal
}
