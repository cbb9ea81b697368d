import type { PostgresStore } from '../stores/postgres/port.ts'
import type { DeadLetters } from './dead-letters.ts'
import type { FanOut } from './fanout.ts'
import type { Hand } from './hand.ts'
import { journalError } from './journal.ts'
import { pruneKept } from './kept.ts'
import { heldRuns, keepAlive, pruneRuns, releaseAstray } from './leases.ts'
import type { LiveRun } from './live.ts'
import type { OutboxDelivery } from './outbox-delivery.ts'
import { parkableUntil } from './parking.ts'
import type { Timer } from './time.ts'
import { judge } from './watchdog.ts'

/** How often the runs are looked after: where others wait for our signs of life and the other way round, more often. */
const lookMs = { server: 2_000, embedded: 5_000 } as const
const pruneMs = 3_600_000
const defaultStallMs = 300_000

/** What {@link lookAfter} looks after. */
export interface UpkeepOptions {
  owner: string
  store: PostgresStore
  clock: Timer
  hand: Hand
  fanOut: FanOut
  outbox: OutboxDelivery
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
  const { clock, signal, hand, store } = options
  let pruned = Number.NEGATIVE_INFINITY
  while (!signal.aborted) {
    try {
      await clock.sleep(lookMs[store.kind], signal)
      await once(options)
      if (clock.monotonic() - pruned >= pruneMs) {
        await options.letters.prune(options.keepDays) // first: a run with open ones stays
        await pruneRuns(store, options.keepDays)
        await pruneKept(store, options.keepDays)
        pruned = clock.monotonic()
      }
    } catch (error) {
      if (!signal.aborted) hand.warn('The runs could not be looked after; trying again', error)
    }
  }
}

async function once({ owner, store, hand, fanOut, outbox, clock, signal }: UpkeepOptions): Promise<void> {
  outbox.wake()
  hand.signed(await keepAlive(store, owner))
  const mine = [...hand.live.values()].filter((live) => !live.guest)
  const ids = mine.map((live) => live.id)
  const held = ids.length === 0 ? new Map<string, number>() : await heldRuns(store, owner, ids)
  for (const live of mine) if (held.get(live.id) !== live.epoch) hand.lost(live)
  await releaseAstray(store, owner, [...hand.live.keys()])
  for (const live of [...hand.live.values()]) {
    if (!signal.aborted) await watch(live, hand, fanOut, clock)
  }
  for (const live of [...hand.live.values()]) {
    const until = parkableUntil(live, clock)
    if (until !== undefined && !signal.aborted) await hand.park(live, until)
  }
  await hand.takeUp()
  await fanOut.spread.check()
}

async function watch(live: LiveRun, hand: Hand, fanOut: FanOut, clock: Timer): Promise<void> {
  const verdict = judge(live, clock.monotonic(), hand.triggers.get(live.flow)?.stallMs ?? defaultStallMs)
  if (verdict === undefined) return
  if (verdict.act === 'store-back') {
    if (live.guest) await fanOut.spread.leave([live])
    else hand.resend(live)
    return
  }
  hand.stalled(live)
  // The process that has the run judges it as a whole; here only its items count, and others may have more luck with them.
  if (live.guest && verdict.act !== 'fail-items') await fanOut.spread.leave([live])
  else if (verdict.act === 'fail') await hand.end(live, { outcome: 'failed', error: verdict.error })
  else if (verdict.act === 'replay') {
    live.replayedAt = live.lines
    hand.resend(live)
  } else {
    for (const { run, join, error } of verdict.items) {
      await fanOut.record(run, join, { state: 'failed', error: journalError(error) })
    }
  }
}
