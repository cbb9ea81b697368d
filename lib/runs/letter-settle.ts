import { PipelineError } from '../errors.ts'
import type { PostgresStore, Queryable } from '../stores/postgres/port.ts'
import { hashOf, runId } from './identity.ts'
import type { LetterKind, LetterState } from './letter.ts'
import { type LetterFilter, maxSettled, whereOf } from './letter-list.ts'
import { maxQueued, runsChannel, takeTurn } from './lifecycle.ts'
import type { OnlyItem } from './only.ts'

/** A letter that was named but not settled by this call. */
export interface Refused {
  id: string
  /** LETTER_SETTLED, LETTER_UNKNOWN, LETTER_RUN_GONE. */
  code: string
  message: string
}

/** A run that redrives. */
export interface RedriveRun {
  id: string
  flow: string
  slot: string
  /** How many letters it redrives. */
  letters: number
}

/** What became of {@link redriveLetters}. */
export interface RedriveAnswer {
  redriven: number
  runs: RedriveRun[]
  refused: Refused[]
}

/** What became of {@link discardLetters}. */
export interface DiscardAnswer {
  discarded: number
  refused: Refused[]
}

interface Found {
  id: string
  kind: LetterKind
  flow: string
  run_id: string | null
  root_run: string | null
  item: string
  eaches: string[] | null
  attempts: number
  state: LetterState
  redrive_run: string | null
}

/**
 * Has letters done again: those of one run together as one new run of its flow, which waits for its turn and for whoever executes runs of
 * that flow; messages from outside any run by a run of the node that kept them. With `ids` in the filter every letter that is not redriven is
 * listed in `refused`; a second call for the same letters makes no second run. Everything happens in one transaction. Throws
 * RUN_QUEUE_FULL (retryable), FILTER_INVALID.
 */
export async function redriveLetters(
  store: PostgresStore,
  filter: LetterFilter,
  { by }: { by: string },
): Promise<RedriveAnswer> {
  return store.transaction(async (tx) => {
    const { open, refused } = await found(tx, filter, true)
    const answer: RedriveAnswer = { redriven: 0, runs: [], refused }
    for (const letters of groupsOf(open)) {
      const run = await insertRedrive(tx, letters)
      if (run === undefined) {
        const message = 'The run it belongs to is in the journal no more, so it cannot be done again'
        refused.push(...letters.map(({ id }) => ({ id, code: 'LETTER_RUN_GONE', message })))
        continue
      }
      const ids = letters.map(({ id }) => id)
      await tx.query(
        `update pipeline.dead_letter set state = 'redriven', settled_at = clock_timestamp(), settled_by = $2, redrive_run = $3
         where id = any($1::uuid[])`,
        [ids, by, run.id],
      )
      answer.runs.push({ ...run, letters: ids.length })
      answer.redriven += ids.length
    }
    return answer
  })
}

/** Puts letters aside for good, with a reason. With `ids` in the filter those settled already are listed in `refused`. */
export async function discardLetters(
  store: PostgresStore,
  filter: LetterFilter,
  { by, reason }: { by: string; reason: string },
): Promise<DiscardAnswer> {
  return store.transaction(async (tx) => {
    const { open, refused } = await found(tx, filter, false)
    if (open.length > 0) {
      await tx.query(
        `update pipeline.dead_letter set state = 'discarded', settled_at = clock_timestamp(), settled_by = $2, reason = $3
         where id = any($1::uuid[])`,
        [open.map(({ id }) => id), by, reason.slice(0, 2_000)],
      )
    }
    return { discarded: open.length, refused }
  })
}

/**
 * The open letters that are meant, locked; and of those named by id the others, with the reason. For a redrive their flows' turns are
 * taken before the letters are locked: whoever starts runs takes the two in this order.
 */
async function found(
  tx: Queryable,
  filter: LetterFilter,
  turns: boolean,
): Promise<{ open: Found[]; refused: Refused[] }> {
  const { ids, limit = maxSettled } = filter
  // What is named is told about, whatever became of it.
  const meant = whereOf(ids === undefined ? { ...filter, state: 'open' } : { ...filter, state: 'any' })
  const { rows: first } = await tx.query<{ id: string; flow: string }>(
    `select id, flow from pipeline.dead_letter where ${meant.sql} order by created_at, id limit $${meant.values.length + 1}`,
    [...meant.values, limit],
  )
  if (turns) for (const flow of [...new Set(first.map((row) => row.flow))].sort()) await takeTurn(tx, flow)
  const { rows } = await tx.query<Found & Record<string, unknown>>(
    `select id, kind, flow, run_id, root_run, item, eaches, attempts, state, redrive_run from pipeline.dead_letter
     where id = any($1::uuid[]) order by id for update`,
    [first.map((row) => row.id)],
  )
  const known = new Map(rows.map((row) => [row.id, row]))
  const refused = (ids ?? []).flatMap((given): Refused[] => {
    const id = given.toLowerCase()
    const letter = known.get(id)
    if (letter === undefined) return [{ id, code: 'LETTER_UNKNOWN', message: 'There is no such dead letter' }]
    if (letter.state === 'open') return []
    const how = letter.redrive_run === null ? letter.state : `redriven by run ${letter.redrive_run}`
    return [{ id, code: 'LETTER_SETTLED', message: `It is settled already: ${how}` }]
  })
  return { open: rows.filter((row) => row.state === 'open'), refused }
}

/** Letters that one run redrives: those of one run, or the messages of one node. */
function groupsOf(letters: readonly Found[]): Found[][] {
  const groups = new Map<string, Found[]>()
  for (const letter of letters) {
    const key = letter.kind === 'message' ? `message ${letter.flow}` : `run ${letter.run_id}`
    groups.set(key, [...(groups.get(key) ?? []), letter])
  }
  return [...groups.values()]
}

/** Inserts the run of a group as queued, for any process to take. Undefined when the run it starts from is gone. */
async function insertRedrive(
  tx: Queryable,
  letters: readonly Found[],
): Promise<Omit<RedriveRun, 'letters'> | undefined> {
  const [letter] = letters
  if (letter === undefined) return undefined
  const { flow } = letter
  await checkQueue(tx, flow)
  if (letter.kind === 'message') {
    const which = hashOf(letters.map(({ id, attempts }) => [id, attempts])).slice(0, 16)
    const slot = `redrive of ${letters.length} messages (${which})`
    return insertQueued(tx, { flow, slot, input: JSON.stringify({ letters: letters.length }) })
  }
  const { rows } = await tx.query<{
    slot: string
    redrive_of: string | null
    input: string
    only_items: string | null
  }>('select slot, redrive_of, input::text as input, only_items::text as only_items from pipeline.run where id = $1', [
    letter.run_id,
  ])
  const from = rows[0]
  if (from === undefined) return undefined
  const of = from.redrive_of ?? letter.run_id
  const items = letters.map(({ eaches, item }): OnlyItem => ({ eaches: eaches ?? [], item }))
  // A run that failed as a whole is done again as it was.
  const only = letters.every(({ kind }) => kind === 'item') ? JSON.stringify(items) : from.only_items
  const slot = `redrive ${await nextNumber(tx, of)} of ${from.slot.replace(/^redrive \d+ of /, '')}`
  return insertQueued(tx, { flow, slot, input: from.input, ...(of === null ? {} : { of }), only })
}

/** Throws RUN_QUEUE_FULL when so many runs of a flow wait that there is no room for another. */
export async function checkQueue(tx: Queryable, flow: string): Promise<void> {
  const { rows } = await tx.query<{ queued: number }>(
    `select count(*)::int as queued from pipeline.run where flow = $1 and state = 'queued'`,
    [flow],
  )
  if ((rows[0]?.queued ?? 0) < maxQueued) return
  const message = `${maxQueued} runs of ${flow} wait already; nothing was added`
  throw new PipelineError('RUN_QUEUE_FULL', message, { retryable: true })
}

/** One more than any redrive of this run had, also those that the journal has forgotten. */
async function nextNumber(tx: Queryable, of: string | null): Promise<number> {
  const { rows } = await tx.query<{ slot: string }>(
    `select slot from pipeline.run where redrive_of = $1 union
     select slot from pipeline.dead_letter where root_run = $1 and slot like 'redrive %'`,
    [of],
  )
  return 1 + Math.max(0, ...rows.map(({ slot }) => Number(/^redrive (\d+) of /.exec(slot)?.[1] ?? 0)))
}

interface Queued {
  flow: string
  slot: string
  /** JSON texts. */
  input: string
  only?: string | null
  of?: string
}

async function insertQueued(
  tx: Queryable,
  { flow, slot, input, only, of }: Queued,
): Promise<Omit<RedriveRun, 'letters'>> {
  const id = runId(flow, slot)
  const { rowCount } = await tx.query(
    `insert into pipeline.run (id, flow, slot, trigger, overlap, input, state, epoch, redrive_of, only_items)
     values ($1, $2, $3, 'manual', 'queue', $4::jsonb, 'queued', 0, $5, $6::jsonb) on conflict do nothing`,
    [id, flow, slot, input, of ?? null, only ?? null],
  )
  if (rowCount !== 1) throw new PipelineError('RUN_EXISTS', `There is a run of ${flow} for ${slot} already`)
  await tx.query('select pg_notify($1, $2)', [runsChannel, flow])
  return { id, flow, slot }
}
