import type { Queryable } from '../stores/postgres/port.ts'
import { fenced } from './fence.ts'
import { itemPath } from './identity.ts'
import type { LiveRun } from './live.ts'
import type { Timer } from './time.ts'
import { isFull } from './window.ts'

/** Only for a wait longer than this (ms) is a run worth parking. */
const worthMs = 60_000
/**
 * How long (ms) nothing may have moved: nodes of other packages are not seen, and one that works on another branch of the run should
 * have its chance.
 */
const quietMs = 10_000

/**
 * Until when (epoch milliseconds) a run can be parked: everything pending in it waits for its next try, the first for more than a
 * minute. Undefined while anything is at work, has failed, or is on its way.
 */
export function parkableUntil(live: LiveRun, clock: Timer): number | undefined {
  if (live.guest || live.waits.size === 0 || live.flights.size > 0 || live.failures.size > 0) return undefined
  if (clock.monotonic() - live.movedAt < quietMs) return undefined
  const dueAt = Math.min(...[...live.waits.values()].map((wait) => wait.dueAt))
  if (dueAt - clock.now().getTime() <= worthMs) return undefined
  const waiting = new Set([...live.waits.values()].map((wait) => wait.item))
  // An item of which an inner each has made a list waits with its own items.
  for (const { run } of live.windows.values()) waiting.add(run.item)
  for (const window of live.windows.values()) {
    if (window.completed) continue
    // Of items in a table nobody knows here how they fare elsewhere.
    if (window.closed || window.shared || isFull(window)) return undefined
    for (const key of window.out) if (!waiting.has(itemPath(window.run.item, key))) return undefined
  }
  return dueAt
}

/** Parks a run until an instant: nobody holds it. Throws FENCED when this process does not hold it (any more). */
export async function parkRun(q: Queryable, run: { id: string; epoch: number }, dueAt: Date): Promise<void> {
  const { rowCount } = await q.query(
    `update pipeline.run set state = 'waiting', due_at = $3::timestamptz, owner = null, updated_at = clock_timestamp()
     where id = $1::uuid and epoch = $2::int and state = 'running'`,
    [run.id, run.epoch, dueAt.toISOString()],
  )
  if (rowCount === 0) throw fenced(run.id, `epoch ${run.epoch} is over, or the run has ended`)
}

/** When, after `now`, the next parked run of the given flows is due, in epoch milliseconds. */
export async function nextDue(q: Queryable, flows: readonly string[], now: Date): Promise<number | undefined> {
  const { rows } = await q.query<{ due_at: Date | null }>(
    `select min(due_at) as due_at from pipeline.run where state = 'waiting' and owner is null and flow = any($1::text[])
       and due_at > $2::timestamptz`,
    [flows, now.toISOString()],
  )
  return rows[0]?.due_at?.getTime()
}
