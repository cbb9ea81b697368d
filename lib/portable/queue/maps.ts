import { parser, Type } from '../../schema.ts'
import type { Queryable } from '../../stores/postgres/port.ts'
import { type State, StateSchema } from '../call.ts'
import { type Item, type Place, places } from './job.ts'

/** What an item begins with, besides what its list shares. */
const StartSchema = Type.Object({
  run: Type.Object({ item: Type.String(), each: Type.Array(Type.String()) }),
  message: Type.Record(Type.String(), Type.Unknown()),
})
const starts = parser(StartSchema, 'The beginning of an item', 'QUEUE_JOB')
const states = parser(StateSchema, 'The message of a list', 'QUEUE_JOB')

/** A list with where it stands in the run, and what its items share. */
export interface QueueMap {
  place: Place
  base: State
}

/** An item that is to begin. */
export interface Begun {
  place: number
  state: State
}

/**
 * Notes a list, `window` of its items as begun, in the transaction that ends the job which has opened it; `id` is that job's. Resolves with
 * those that begin.
 */
export async function noteMap(
  tx: Queryable,
  id: string,
  { map, state, window }: { map: Place; state: State; window: number },
): Promise<Begun[]> {
  const { items = [], ...base } = state
  await tx.query('insert into pipeline.queue_map (id, run, place, base) values ($1, $2, $3::jsonb, $4::jsonb)', [
    ...[id, state.run?.id ?? '', JSON.stringify(map), JSON.stringify(base)],
  ])
  await tx.query(
    `insert into pipeline.queue_item (map, place, start, begun)
     select $1::uuid, (n - 1)::int, item, n <= $3::int from jsonb_array_elements($2::jsonb) with ordinality as t (item, n)`,
    [id, JSON.stringify(items), window],
  )
  return items.slice(0, window).map((start, place) => ({ place, state: stateOf(base, start) }))
}

/**
 * Notes how an item has ended, once. Resolves with the next one to begin, with the list where this was the last result that it lacked, and with
 * nothing where others are still at work, or the list is gone.
 */
export async function noteResult(
  tx: Queryable,
  { map: id, place }: Item,
  result: State,
): Promise<{ next: Begun; map: QueueMap } | { over: QueueMap } | undefined> {
  // Those that end at once take turns here, or each would find the other's result missing.
  const map = await readMap(tx, id, 'for update')
  if (map === undefined) return undefined
  const { rowCount } = await tx.query(
    'update pipeline.queue_item set result = $3::jsonb where map = $1 and place = $2 and result is null',
    [id, place, JSON.stringify(result)],
  )
  if (rowCount === 0) return undefined
  const { rows } = await tx.query<{ place: number; start: unknown }>(
    `update pipeline.queue_item set begun = true where map = $1 and place = (
       select min(place) from pipeline.queue_item where map = $1 and not begun) returning place, start`,
    [id],
  )
  const [next] = rows
  if (next !== undefined)
    return { map, next: { place: next.place, state: stateOf(map.base, starts.parse(next.start)) } }
  const open = await tx.query('select 1 from pipeline.queue_item where map = $1 and result is null limit 1', [id])
  return open.rows.length > 0 ? undefined : { over: map }
}

/** The results of a list, in its order. */
export async function readResults(q: Queryable, id: string): Promise<unknown[]> {
  const { rows } = await q.query<{ result: unknown }>(
    'select result from pipeline.queue_item where map = $1 order by place',
    [id],
  )
  return rows.map(({ result }) => result)
}

/** Forgets a list. */
export async function dropMap(tx: Queryable, id: string): Promise<void> {
  await tx.query('delete from pipeline.queue_map where id = $1', [id])
}

/** Forgets all lists of a run. */
export async function dropMaps(tx: Queryable, run: string): Promise<void> {
  await tx.query('delete from pipeline.queue_map where run = $1', [run])
}

async function readMap(tx: Queryable, id: string, lock: 'for update'): Promise<QueueMap | undefined> {
  const { rows } = await tx.query<{ place: unknown; base: unknown }>(
    `select place, base from pipeline.queue_map where id = $1 ${lock}`,
    [id],
  )
  const [row] = rows
  return row && { place: places.parse(row.place), base: states.parse(row.base) }
}

function stateOf(
  base: State,
  { run, message }: { run: { item: string; each: string[] }; message: State['message'] },
): State {
  return {
    ...base,
    run: { id: '', flow: '', slot: '', ...base.run, ...run },
    message: { ...base.message, ...message },
  }
}
