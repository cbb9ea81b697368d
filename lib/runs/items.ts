import { PipelineError } from '../errors.ts'
import type { Json } from '../stores/cache/port.ts'
import type { Queryable } from '../stores/postgres/port.ts'
import { fenced } from './fence.ts'
import { splitPath } from './identity.ts'
import type { ItemEnd } from './joined.ts'
import { journalError, outputText } from './journal.ts'
import type { JournalError, RunRef } from './run.ts'

/** Whose item it is. */
export interface ItemRef {
  /** The item's own run reference. */
  run: RunRef
  /** The `each`. */
  node: string
  join: string
  startedAt: Date
}

/**
 * Records an item, once: a second record of the same item changes nothing. Throws FENCED, OUTPUT_TOO_LARGE. Resolves with
 * whether this call did it.
 */
export async function putItem(q: Queryable, { run, node, join, startedAt }: ItemRef, end: ItemEnd): Promise<boolean> {
  const { rows } = await q.query<{ held: number; written: number }>(
    `with fence as (
       select from pipeline.run where id = $1::uuid and epoch = $2::int and state = 'running' for share
     ), put as (
       insert into pipeline.step (run_id, epoch, node, item, step, input_hash, attempts, state, output, error, recorded_by,
         started_at, finished_at)
       select $1::uuid, $2::int, $3::text, $4::text, 'item', '', 1, $5::text, $6::jsonb, $7::jsonb, $8::text,
         $9::timestamptz, clock_timestamp()
       from fence
       on conflict (run_id, node, item) do nothing
       returning 1
     )
     select (select count(*) from fence)::int as held, (select count(*) from put)::int as written`,
    [
      run.id,
      run.epoch,
      node,
      run.item,
      end.state,
      end.state === 'done' ? outputText(`item ${run.item}`, end.output) : null,
      end.state === 'failed' ? JSON.stringify(end.error) : null,
      join,
      startedAt.toISOString(),
    ],
  )
  if (rows[0]?.held !== 1) throw fenced(run.id, `epoch ${run.epoch} is over, or the run has ended`)
  return rows[0].written === 1
}

// Direct children of the parent: their path is the parent's and one more key, and keys hold no slash.
const children = `run_id = $1::uuid and node = $2::text and recorded_by is not null
  and case when $3::text = '' then position('/' in item) = 0
      else starts_with(item, $3::text || '/') and position('/' in substr(item, length($3::text) + 2)) = 0 end`

/** Keys of the items that the join has recorded for the `each` of this message, and which join it was. */
export async function seenItems(
  q: Queryable,
  run: RunRef,
  node: string,
): Promise<{ seen: Set<string>; join: string | undefined }> {
  const { rows } = await q.query<{ item: string; recorded_by: string }>(
    `select item, recorded_by from pipeline.step where ${children}`,
    [run.id, node, run.item],
  )
  return { seen: new Set(rows.map((row) => splitPath(row.item).key)), join: rows[0]?.recorded_by }
}

/** How the items of the `each` of this message ended, by key. */
export async function readItems(q: Queryable, run: RunRef, node: string): Promise<Map<string, ItemEnd>> {
  const { rows } = await q.query<{ item: string; state: 'done' | 'failed'; output: Json; error: JournalError | null }>(
    `select item, state, output, error from pipeline.step where ${children}`,
    [run.id, node, run.item],
  )
  return new Map(
    rows.map(({ item, state, output, error }) => [
      splitPath(item).key,
      state === 'done' ? { state, output } : { state, error: error ?? unknownError },
    ]),
  )
}

const unknownError = journalError(new PipelineError('UNEXPECTED', 'The item failed without an error'))
