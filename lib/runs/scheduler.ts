import { PipelineError } from '../errors.ts'
import type { Logger } from '../steps/step.ts'
import type { Queryable } from '../stores/postgres/port.ts'
import { type Calendar, calendar, choose, graceMs, maxCatchUp, type Schedule } from './schedule.ts'
import type { Timer } from './time.ts'

/** Longest sleep between two looks at the clock, so that a suspended machine or a moved clock is noticed. */
const lookMs = 60_000
/** Wait before looking again when the store was away. */
const troubleMs = 5_000

/** Surroundings of {@link keepSchedule}. */
export interface SchedulerOptions {
  /** Whose schedule: the trigger's id. */
  flow: string
  schedule: Schedule
  store: Queryable
  clock: Timer
  log: Logger
  /**
   * Starts the run of a slot (ISO UTC). Called again for the same slot after a crash, and by every replica: it must make
   * at most one run of it.
   */
  fire(slot: string): Promise<void>
  /** Told after each look, for a status line. */
  onNext?(next: Date | undefined): void
  /** Ends the loop. */
  signal: AbortSignal
}

/**
 * Fires the slots of a schedule until the signal aborts. The last slot dealt with is in the table `pipeline.schedule`, so
 * what passed while nothing ran is known at start; a new or changed schedule begins now. Trouble with the store is logged
 * and the slot stays due. Throws SCHEDULE_INVALID at once for a schedule that cannot be read.
 */
export async function keepSchedule(options: SchedulerOptions): Promise<void> {
  const { schedule, clock, log, signal } = options
  const instants = calendar(schedule.expression, schedule.timeZone)
  let lastSlot: Date | undefined
  let next: Date | undefined
  const fired = new Set<string>()
  while (!signal.aborted) {
    let pause = troubleMs
    try {
      const known = lastSlot
      lastSlot ??= await registerSchedule(options.store, options.flow, schedule, clock.now())
      if (lastSlot.getTime() - clock.now().getTime() > graceMs) lastSlot = await setBack(options, lastSlot)
      if (next !== undefined && next <= clock.now()) lastSlot = await deal(options, instants, lastSlot, fired)
      if (lastSlot !== known) {
        next = instants.next(lastSlot)
        options.onNext?.(next)
      }
      pause = next === undefined ? lookMs : Math.min(next.getTime() - clock.now().getTime(), lookMs)
    } catch (error) {
      if (signal.aborted) return
      log.error('The schedule could not be kept; its slot stays due', {
        flow: options.flow,
        error: PipelineError.from(error),
      })
    }
    try {
      // Never 0: a slot that came due meanwhile is found by the next look, which must let others run first.
      await clock.sleep(Math.max(pause, 1), signal)
    } catch {
      return // called off
    }
  }
}

/**
 * Fires what is due; resolves with the last slot dealt with. `fired` holds the newest slots of this process: after a clock was set back they are
 * due again, and have had their run.
 */
async function deal(
  { flow, schedule, store, clock, log, fire, signal }: SchedulerOptions,
  instants: Calendar,
  known: Date,
  fired: Set<string>,
): Promise<Date> {
  const now = clock.now()
  // What another replica has dealt with meanwhile is not due any more.
  const { rows } = await store.query<{ last_slot: Date }>('select last_slot from pipeline.schedule where flow = $1', [
    flow,
  ])
  const after = rows[0]?.last_slot ?? known
  const { slots, dropped } = instants.due(after, now)
  const chosen = choose(schedule.catchUp, slots, now)
  if (dropped || chosen.length < slots.length) {
    log.warn('Missed slots of the schedule are not made up', {
      flow,
      after: after.toISOString(),
      left: dropped ? `more than ${maxCatchUp}` : slots.length - chosen.length,
      catchUp: schedule.catchUp,
    })
  }
  for (const slot of chosen) {
    signal.throwIfAborted()
    const name = slot.toISOString()
    if (!fired.has(name)) {
      await fire(name)
      fired.add(name)
      const [oldest] = fired
      if (fired.size > maxCatchUp && oldest !== undefined) fired.delete(oldest)
    }
    await advance(store, flow, slot)
  }
  const newest = slots.at(-1)
  return newest === undefined ? after : advance(store, flow, newest)
}

/** Notes the schedule; resolves with the last slot dealt with, which is `now` for a new or changed one. */
async function registerSchedule(store: Queryable, flow: string, schedule: Schedule, now: Date): Promise<Date> {
  const { rows } = await store.query<{ last_slot: Date }>(
    `insert into pipeline.schedule as s (flow, expression, time_zone, catch_up, last_slot) values ($1, $2, $3, $4, $5)
     on conflict (flow) do update set expression = excluded.expression, time_zone = excluded.time_zone,
       catch_up = excluded.catch_up, updated_at = clock_timestamp(),
       last_slot = case when (s.expression, s.time_zone) = (excluded.expression, excluded.time_zone)
                   then s.last_slot else excluded.last_slot end
     returning last_slot`,
    [flow, schedule.expression, schedule.timeZone, schedule.catchUp, now.toISOString()],
  )
  return rows[0]?.last_slot ?? now
}

/**
 * The clock was ahead when the last slot was dealt with. Going on from now loses none that was passed over then; those that had their run
 * have it by their name, and get no other.
 */
async function setBack({ flow, store, clock, log }: SchedulerOptions, known: Date): Promise<Date> {
  const now = clock.now()
  const { rows } = await store.query<{ last_slot: Date }>(
    `update pipeline.schedule set last_slot = $2::timestamptz, updated_at = clock_timestamp()
     where flow = $1 and last_slot > $2::timestamptz returning last_slot`,
    [flow, now.toISOString()],
  )
  if (rows.length > 0)
    log.warn('The clock was set back: the schedule goes on from now', { flow, dealtWith: known.toISOString() })
  return rows[0]?.last_slot ?? now
}

async function advance(store: Queryable, flow: string, slot: Date): Promise<Date> {
  const { rows } = await store.query<{ last_slot: Date }>(
    `update pipeline.schedule set last_slot = greatest(last_slot, $2), updated_at = clock_timestamp()
     where flow = $1 returning last_slot`,
    [flow, slot.toISOString()],
  )
  return rows[0]?.last_slot ?? slot
}
