import type { PostgresStore } from '../stores/postgres/port.ts'
import type { DeadLetters } from './dead-letters.ts'
import type { FanOut } from './fanout.ts'
import type { Hand } from './hand.ts'
import { journalError } from './journal.ts'
import { heldRuns, keepAlive, pruneRuns, releaseAstray } from './leases.ts'
import type { LiveRun } from './live.ts'
import type { Timer } from './time.ts'
import { judge } from './watchdog.ts'

/** How often the runs are looked after. */
const lookMs = 5_000
/** Looks between two signs of life, between two searches for work given back, and between two prunings. */
const every = { sign: 2, search: 6, prune: 720 }
const defaultStallMs = 300_000

/** What {@link lookAfter} looks after. */
export interface UpkeepOptions {
  owner: string
  store: PostgresStore
  clock: Timer
  hand: Hand
  fanOut: FanOut
  letters: DeadLetters
  keepDays: number
  /** Ends it. */
  signal: AbortSignal
}

/**
 * Looks after the runs in hand until the signal aborts: signs of life, runs lost to others, stalls, work given back by others,
 * old runs. Trouble is logged and tried again.
 */
export async function lookAfter(options: UpkeepOptions): Promise<void> {
  const { clock, signal, hand } = options
  for (let look = 0; !signal.aborted; look += 1) {
    try {
      await clock.sleep(lookMs, signal)
      await once(options, look)
    } catch (error) {
      if (!signal.aborted) hand.warn('The runs could not be looked after; trying again', error)
    }
  }
}

async function once(
  { owner, store, hand, keepDays, fanOut, letters, clock, signal }: UpkeepOptions,
  look: number,
): Promise<void> {
  if (look % every.sign === 0) {
    await keepAlive(store, owner)
    const mine = [...hand.live.values()]
    const ids = mine.map((live) => live.id)
    const held = ids.length === 0 ? new Map<string, number>() : await heldRuns(store, owner, ids)
    for (const live of mine) if (held.get(live.id) !== live.epoch) hand.lost(live)
    await releaseAstray(store, owner, [...hand.live.keys()])
  }
  for (const live of [...hand.live.values()]) {
    if (!signal.aborted) await watch(live, hand, fanOut, clock)
  }
  if (look % every.search === 0) await hand.takeUp()
  if (look % every.prune === 0) {
    // Letters first: a run with open ones stays.
    await letters.prune(keepDays)
    await pruneRuns(store, keepDays)
  }
}

async function watch(live: LiveRun, hand: Hand, fanOut: FanOut, clock: Timer): Promise<void> {
  const verdict = judge(live, clock.monotonic(), hand.triggers.get(live.flow)?.stallMs ?? defaultStallMs)
  if (verdict === undefined) return
  hand.stalled(live)
  if (verdict.act === 'fail') await hand.end(live, { outcome: 'failed', error: verdict.error })
  else if (verdict.act === 'replay') {
    live.replayedAt = live.lines
    hand.resend(live)
  } else {
    for (const { run, join, error } of verdict.items) {
      await fanOut.record(run, join, { state: 'failed', error: journalError(error) })
    }
  }
}
