import type { Json } from '../stores/cache/port.ts'
import type { PostgresStore, Queryable } from '../stores/postgres/port.ts'
import { holdFence } from './fence.ts'
import { outputText } from './journal.ts'
import { hasDied } from './leases.ts'
import type { Claimant } from './lifecycle.ts'
import type { OnlyItem } from './only.ts'
import type { RunRef, Trigger } from './run.ts'
import type { Item } from './window.ts'

/** Channel on which processes tell each other of items to be had, and of the last one recorded. */
export const itemsChannel = 'ysh_items'

/** Most items put into the table with one statement. */
const batch = 5_000

/** The list of an `each` whose items several processes share. */
export interface SharedList {
  run: RunRef
  /** The `each`. */
  node: string
  items: readonly Item[]
  /** What each item's message carries besides. */
  message: Json
}

/**
 * Puts the items of a list that the join has not recorded where every process may take them. Those that this process had taken
 * before, or that were taken under an earlier epoch, are free again. Throws FENCED, OUTPUT_TOO_LARGE for the message.
 */
export async function shareItems(
  store: PostgresStore,
  { run, node, items, message }: SharedList,
  seen: ReadonlySet<string>,
  owner: string,
): Promise<void> {
  const text = outputText(`the each ${node}`, message)
  const open = items.flatMap((item, place) => (seen.has(item.key) ? [] : [{ ...item, place }]))
  await store.transaction(async (tx) => {
    await holdFence(tx, run)
    await tx.query(
      `insert into pipeline.shared_list (run_id, node, parent, each, message) values ($1, $2, $3, $4, $5::jsonb)
       on conflict (run_id, node, parent) do update set each = excluded.each, message = excluded.message`,
      [run.id, node, run.item, run.each ?? [], text],
    )
    await tx.query(
      `delete from pipeline.shared_item where run_id = $1 and node = $2 and parent = $3 and not key = any($4::text[])`,
      [run.id, node, run.item, open.map(({ key }) => key)],
    )
    for (let at = 0; at < open.length; at += batch) {
      await tx.query(
        `insert into pipeline.shared_item as i (run_id, node, parent, key, place, value)
         select $1, $2, $3, x.key, x.place, x.value
         from jsonb_to_recordset($4::jsonb) as x (key text, place integer, value jsonb)
         on conflict (run_id, node, parent, key) do update set owner = null
         where i.owner = $5::text or i.epoch <> $6::integer`,
        [run.id, node, run.item, JSON.stringify(open.slice(at, at + batch)), owner, run.epoch],
      )
    }
    await tx.query('select pg_notify($1, $2)', [itemsChannel, node])
  })
}

/** An item that this process has taken. */
export interface TakenItem {
  id: string
  flow: string
  slot: string
  trigger: Trigger
  epoch: number
  created_at: Date
  parent: string
  key: string
  value: Json
  each: string[]
  message: Json
  redrive_of: string | null
  only_items: OnlyItem[] | null
}

/**
 * Takes at most `most` items of the given `each`: free ones, those taken under an earlier epoch of their run, and those whose
 * taker has died.
 */
export async function takeItems(q: Queryable, node: string, most: number, who: Claimant): Promise<TakenItem[]> {
  const { rows } = await q.query<TakenItem & Record<string, unknown>>(
    `with free as (
       select i.run_id, i.parent, i.key, r.epoch
       from pipeline.shared_item i join pipeline.run r on r.id = i.run_id and r.state = 'running'
       where i.node = $2::text and (i.owner is null or i.epoch <> r.epoch or (i.owner <> $1::text and ${hasDied('i.owner', '$1', '$4')}))
       order by r.created_at, i.place limit $3::integer
       for update of i skip locked
     )
     update pipeline.shared_item i set owner = $1::text, epoch = free.epoch
     from free
       join pipeline.shared_list l on l.run_id = free.run_id and l.node = $2::text and l.parent = free.parent
       join pipeline.run r on r.id = free.run_id
     where i.run_id = free.run_id and i.node = $2::text and i.parent = free.parent and i.key = free.key
     returning r.id, r.flow, r.slot, r.trigger, free.epoch, r.created_at, i.parent, i.key, i.value, l.each, l.message,
       r.redrive_of, r.only_items`,
    [who.owner, node, most, who.silentMs],
  )
  return rows
}

/** Takes a recorded item off the table, and wakes whoever waits for the last one: near the end, for several may go at once. */
export async function dropItem(q: Queryable, run: string, node: string, parent: string, key: string): Promise<void> {
  await q.query(
    `with gone as (
       delete from pipeline.shared_item where run_id = $1 and node = $2 and parent = $3 and key = $4 returning 1
     ), left_over as (
       select count(*) as n from (
         select from pipeline.shared_item where run_id = $1 and node = $2 and parent = $3 limit 65) as few
     )
     select pg_notify($5, $2) from gone, left_over where n <= 64`,
    [run, node, parent, key, itemsChannel],
  )
}

/** Whether all items of a shared list have been recorded. */
export async function allRecorded(q: Queryable, run: string, node: string, parent: string): Promise<boolean> {
  const { rowCount } = await q.query(
    'select from pipeline.shared_item where run_id = $1 and node = $2 and parent = $3 limit 1',
    [run, node, parent],
  )
  return rowCount === 0
}

/**
 * Puts items back that were taken and cannot be sent from here now. Nobody is called: whoever looks next takes them, and this process
 * would only take them again.
 */
export async function putBackItems(
  q: Queryable,
  run: string,
  node: string,
  items: readonly TakenItem[],
): Promise<void> {
  await q.query(
    `update pipeline.shared_item i set owner = null
     from unnest($3::text[], $4::text[]) as back(parent, key)
     where i.run_id = $1 and i.node = $2 and i.parent = back.parent and i.key = back.key`,
    [run, node, items.map(({ parent }) => parent), items.map(({ key }) => key)],
  )
}

/** Gives back what this process has taken of a run, and calls the others. */
export async function giveBackItems(q: Queryable, run: string, owner: string): Promise<void> {
  await q.query(
    `with back as (
       update pipeline.shared_item set owner = null where run_id = $1 and owner = $2 returning node
     )
     select pg_notify($3, node) from (select distinct node from back) as nodes`,
    [run, owner, itemsChannel],
  )
}

/** Which of these runs still go on under the epoch known here. */
export async function stillRunning(q: Queryable, runs: readonly { id: string; epoch: number }[]): Promise<Set<string>> {
  const { rows } = await q.query<{ id: string; epoch: number }>(
    `select id, epoch from pipeline.run where id = any($1::uuid[]) and state = 'running'`,
    [runs.map(({ id }) => id)],
  )
  const epochs = new Map(rows.map((row) => [row.id, row.epoch]))
  return new Set(runs.filter(({ id, epoch }) => epochs.get(id) === epoch).map(({ id }) => id))
}
