import type { PipelineError } from '../errors.ts'
import type { JournalEntry } from './journal.ts'
import type { ClaimedRun } from './lifecycle.ts'
import type { RunRef } from './run.ts'
import { stopped } from './time.ts'
import type { Window } from './window.ts'

/** A step that is at work now. */
export interface Flight {
  inputHash: string
  /** Settles when the step has ended and is in the journal. */
  ended: Promise<unknown>
}

/** A message that waits for its next try. */
export interface Wait {
  /** The message's item, '' outside an each. */
  item: string
  /** Epoch milliseconds. */
  dueAt: number
  /** Calls it off: the message goes no further. */
  stop: AbortController
}

/** A run that this process executes: what the database knows of it, and what only memory needs. */
export interface LiveRun extends ClaimedRun {
  /** Another process has the run; this one works on some of its items. */
  guest: boolean
  /** Raised when the run's messages are sent anew within this process. */
  generation: number
  /** The journal without its outputs. */
  steps: Map<string, JournalEntry>
  flights: Map<string, Flight>
  /** Open each/join pairs, by `windowKey`. */
  windows: Map<string, Window>
  /** Messages that wait for their next try, by node and message. */
  waits: Map<string, Wait>
  /** The last error of each item ('' outside an each), until something goes on with it. */
  failures: Map<string, { node: string; error: PipelineError }>
  /** Calls off everything that works for the run. */
  controller: AbortController
  /** When something last moved, on the monotonic clock. */
  movedAt: number
  /** Journal lines written: tells a replay that went on from one that got stuck at the same place. */
  lines: number
  /** `lines` at the last replay by the watchdog. */
  replayedAt: number | undefined
}

/** A claimed run, ready to be executed. */
export function liven(run: ClaimedRun, steps: Map<string, JournalEntry>, now: number): LiveRun {
  return {
    ...run,
    guest: false,
    generation: 1,
    steps,
    flights: new Map(),
    windows: new Map(),
    waits: new Map(),
    failures: new Map(),
    controller: new AbortController(),
    movedAt: now,
    lines: 0,
    replayedAt: undefined,
  }
}

/** What travels in `msg.run` at the top of a run. */
export function refOf(live: LiveRun): RunRef {
  const { id, flow, slot, epoch, generation } = live
  return { id, flow, slot, epoch, item: '', generation }
}

/** Whether a message of this run may still go on. */
export function isOf(live: LiveRun | undefined, run: RunRef): live is LiveRun {
  return live !== undefined && live.epoch === run.epoch && live.generation === run.generation
}

/** Calls off the run's work in this process. */
export function callOff(live: LiveRun): void {
  live.controller.abort(stopped())
  live.windows.clear()
  callOffWaits(live)
}

/** Calls off what waits for its next try: a message that comes anew will find the wait in the journal. */
export function callOffWaits(live: LiveRun): void {
  const waits = [...live.waits.values()]
  live.waits.clear()
  for (const { stop } of waits) stop.abort(stopped())
}
