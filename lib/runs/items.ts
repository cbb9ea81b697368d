import { PipelineError } from '../errors.ts'
import type { Json } from '../stores/cache/port.ts'
import type { Queryable } from '../stores/postgres/port.ts'
import { fenced } from './fence.ts'
import { splitPath } from './identity.ts'
import type { ItemEnd } from './joined.ts'
import { journalError, outputText } from './journal.ts'
import { type LetterDraft, maxOpenLetters } from './letter.ts'
import { room } from './letter-sql.ts'
import type { JournalError, RunRef } from './run.ts'

/** Whose item it is. */
export interface ItemRef {
  /** The item's own run reference. */
  run: RunRef
  /** The `each`. */
  node: string
  join: string
  startedAt: Date
  /** The dead letter of one that failed, written in the same statement. */
  letter?: LetterDraft
  /** The run is a redrive: earlier letters of an item that is done now say so. */
  redrive?: boolean
}

/**
 * Records an item, once: a second record of the same item changes nothing. Throws FENCED, OUTPUT_TOO_LARGE. Resolves with
 * whether this call did it, and whether its letter was kept (false: the flow has too many open ones).
 */
export async function putItem(
  q: Queryable,
  { run, node, join, startedAt, letter, redrive }: ItemRef,
  end: ItemEnd,
): Promise<{ written: boolean; kept: boolean }> {
  const [extra, values] =
    letter !== undefined
      ? [keepLetter, letterValues(letter, run.each ?? [])]
      : redrive === true && end.state === 'done'
        ? [noteRecovery, []]
        : ['', []]
  const { rows } = await q.query<{ held: number; written: number; kept: boolean }>(
    `with fence as (
       select id, flow, slot, redrive_of from pipeline.run where id = $1::uuid and epoch = $2::int and state = 'running' for share
     ), put as (
       insert into pipeline.step (run_id, epoch, node, item, step, input_hash, attempts, state, output, error, recorded_by,
         started_at, finished_at)
       select $1::uuid, $2::int, $3::text, $4::text, 'item', '', 1, $5::text, $6::jsonb, $7::jsonb, $8::text,
         $9::timestamptz, clock_timestamp()
       from fence
       on conflict (run_id, node, item) do nothing
       returning 1
     ) ${extra}
     select (select count(*) from fence)::int as held, (select count(*) from put)::int as written,
       ${letter === undefined ? 'true' : 'exists (select from letter)'} as kept`,
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
      ...values,
    ],
  )
  if (rows[0]?.held !== 1) throw fenced(run.id, `epoch ${run.epoch} is over, or the run has ended`)
  const written = rows[0].written === 1
  return { written, kept: rows[0].kept || !written }
}

// After the CTEs `fence` and `put`. One that the node ysh-dead-letter has kept already is the same failure.
const keepLetter = `, letter as (
  insert into pipeline.dead_letter as l
    (id, kind, flow, run_id, root_run, slot, node, item, eaches, input, note, error, attempts)
  select $10::uuid, 'item', f.flow, f.id, coalesce(f.redrive_of, f.id), f.slot, $3::text, $4::text, $11::text[], $12::jsonb, $13::text,
    $14::jsonb, $15::int
  from fence f, put where ${room('f.flow', '$16')}
  on conflict (id) do update set attempts = greatest(l.attempts, excluded.attempts)
  returning 1
)`

function letterValues({ id, input, note, error, attempts }: LetterDraft, eaches: readonly string[]): unknown[] {
  return [id, eaches, input, note, JSON.stringify(error), attempts, maxOpenLetters]
}

const noteRecovery = `, recovered as (
  update pipeline.dead_letter l set recovered_run = f.id, recovered_at = clock_timestamp()
  from fence f, put
  where l.root_run = f.redrive_of and l.node = $3::text and l.item = $4::text and l.state = 'redriven' and l.recovered_run is null
)`

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
