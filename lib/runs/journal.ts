import { PipelineError } from '../errors.ts'
import type { Json } from '../stores/cache/port.ts'
import type { Queryable } from '../stores/postgres/port.ts'
import { fenced } from './fence.ts'
import type { JournalError, StepRef, StepState } from './run.ts'

/** Most bytes of JSON that a step's output may have: data stays in the stores, references travel. */
export const maxOutputBytes = 65_536

/** What is kept in memory of a step of a live run: enough to tell whether the journal has the answer. */
export interface JournalEntry {
  inputHash: string
  state: StepState
  attempts: number
  /** Epoch milliseconds before which a retry must not begin. */
  nextAt: number | undefined
}

/** What {@link failStep} notes. */
export interface StepFailure {
  error: PipelineError
  /** When the step may be tried again; without it the step has failed. */
  nextAt?: Date
  /** Small JSON kept with the line. */
  note?: Json
}

// One statement: read the fence and write the line. `for share` makes whoever takes the run over wait for our commit, and
// us see that it did. A row that is done with the same input is never replaced: its effects are committed.
const putStep = `
  with fence as (
    select from pipeline.run where id = $1::uuid and epoch = $2::int and state = 'running' for share
  ), put as (
    insert into pipeline.step as s
      (run_id, node, item, epoch, step, input_hash, attempts, started_at, state, output, error, next_at, finished_at)
    select $1::uuid, $3::text, $4::text, $2::int, $5::text, $6::text, $7::int, $8::timestamptz, $9::text, $10::jsonb,
      $11::jsonb, $12::timestamptz, case when $9::text in ('done', 'failed') then clock_timestamp() end
    from fence
    on conflict (run_id, node, item) do update set
      epoch = excluded.epoch, step = excluded.step, input_hash = excluded.input_hash, attempts = excluded.attempts,
      started_at = excluded.started_at, state = excluded.state, output = excluded.output, error = excluded.error,
      next_at = excluded.next_at, finished_at = excluded.finished_at
    where s.state <> 'done' or s.input_hash <> excluded.input_hash
    returning 1
  )
  select (select count(*) from fence)::int as held, (select count(*) from put)::int as written`

async function put(
  q: Queryable,
  ref: StepRef,
  state: StepState,
  output: string | null,
  failure?: StepFailure,
): Promise<void> {
  const { rows } = await q.query<{ held: number; written: number }>(putStep, [
    ref.run,
    ref.epoch,
    ref.node,
    ref.item,
    ref.step,
    ref.inputHash,
    ref.attempt,
    ref.startedAt,
    state,
    output,
    failure === undefined ? null : JSON.stringify(journalError(failure.error)),
    failure?.nextAt?.toISOString() ?? null,
  ])
  const row = rows[0]
  if (row === undefined || row.held !== 1) throw fenced(ref.run, `epoch ${ref.epoch} is over, or the run has ended`)
  if (row.written !== 1) {
    throw new PipelineError('STEP_DONE', `Step ${ref.node} of run ${ref.run} is in the journal already`, {
      details: { ...ref },
    })
  }
}

/**
 * Writes a step's end, in the caller's transaction when `q` is one, so that effect and journal commit together. Throws FENCED
 * when another process has taken the run over or it has ended, STEP_DONE when the same step with the same input is already
 * done (roll back and answer from the journal), OUTPUT_TOO_LARGE above 64 KiB of JSON.
 */
export async function finishStep(q: Queryable, ref: StepRef, output: unknown): Promise<void> {
  await put(q, ref, 'done', outputText(ref.step, output))
}

/** Notes a failed try. Throws FENCED and STEP_DONE as {@link finishStep} does. */
export async function failStep(q: Queryable, ref: StepRef, failure: StepFailure): Promise<void> {
  const note = failure.note === undefined ? null : outputText(ref.step, failure.note)
  await put(q, ref, failure.nextAt === undefined ? 'failed' : 'retry', note, failure)
}

/** Notes that a step has begun, for a person to see. Throws FENCED and STEP_DONE as {@link finishStep} does. */
export async function beginStep(q: Queryable, ref: StepRef): Promise<void> {
  await put(q, ref, 'running', null)
}

/** The output of a finished step with this input; undefined when the journal has none. */
export async function readOutput(
  q: Queryable,
  ref: Pick<StepRef, 'run' | 'node' | 'item' | 'inputHash'>,
): Promise<{ output: Json } | undefined> {
  const { rows } = await q.query<{ output: Json }>(
    `select output from pipeline.step where run_id = $1 and node = $2 and item = $3 and input_hash = $4 and state = 'done'`,
    [ref.run, ref.node, ref.item, ref.inputHash],
  )
  return rows[0]
}

/** What the journal knows of failed tries: of those to be tried again (`nextAt`, epoch milliseconds) and those given up. */
export interface RetryLine {
  attempts: number
  nextAt: number | undefined
  /** When the first try began, in epoch milliseconds. */
  firstAt: number
  error: PipelineError
  note: Json
}

/** The line of failed tries with this input; undefined when the journal has none. */
export async function readRetry(
  q: Queryable,
  ref: Pick<StepRef, 'run' | 'node' | 'item' | 'inputHash'>,
): Promise<RetryLine | undefined> {
  const { rows } = await q.query<{
    attempts: number
    next_at: Date | null
    started_at: Date
    error: JournalError
    output: Json
  }>(
    `select attempts, next_at, started_at, error, output from pipeline.step where run_id = $1 and node = $2 and item = $3
       and input_hash = $4 and state in ('retry', 'failed') and error is not null`,
    [ref.run, ref.node, ref.item, ref.inputHash],
  )
  const row = rows[0]
  return (
    row && {
      attempts: row.attempts,
      nextAt: row.next_at?.getTime(),
      firstAt: row.started_at.getTime(),
      error: PipelineError.fromJSON(row.error),
      note: row.output,
    }
  )
}

/** The key of a step within its run. */
export function stepKey(node: string, item: string): string {
  return `${node}\n${item}`
}

/** The whole journal of a run without its outputs, by {@link stepKey}; the rows of joins are left out. */
export async function loadJournal(q: Queryable, run: string): Promise<Map<string, JournalEntry>> {
  return entries(q, 'recorded_by is null', [run])
}

async function entries(q: Queryable, which: string, values: unknown[]): Promise<Map<string, JournalEntry>> {
  const { rows } = await q.query<{
    node: string
    item: string
    input_hash: string
    state: StepState
    attempts: number
    next_at: Date | null
  }>(
    `select node, item, input_hash, state, attempts, next_at from pipeline.step where run_id = $1 and ${which}`,
    values,
  )
  return new Map(
    rows.map((row) => [
      stepKey(row.node, row.item),
      {
        inputHash: row.input_hash,
        state: row.state,
        attempts: row.attempts,
        nextAt: row.next_at?.getTime(),
      },
    ]),
  )
}

/** The journal of some items of a run and of what is nested in them, without outputs, by {@link stepKey}. */
export async function loadItems(
  q: Queryable,
  run: string,
  items: readonly string[],
): Promise<Map<string, JournalEntry>> {
  return entries(
    q,
    `recorded_by is null and (item = any($2::text[])
       or exists (select from unnest($2::text[]) as around where starts_with(item, around || '/')))`,
    [run, items],
  )
}

/** An error as the journal keeps it: no stack, no cause, at most 2,000 characters. */
export function journalError(error: PipelineError): JournalError {
  return { code: error.code, message: error.message.slice(0, 2_000), retryable: error.retryable }
}

/** Output as JSON text. Throws OUTPUT_TOO_LARGE. */
export function outputText(what: string, output: unknown): string {
  const text = JSON.stringify(output) ?? 'null'
  const bytes = Buffer.byteLength(text)
  if (bytes > maxOutputBytes) {
    throw new PipelineError(
      'OUTPUT_TOO_LARGE',
      `The output of ${what} has ${bytes} bytes of JSON, at most ${maxOutputBytes} are kept: put the data into a store and send a reference`,
      { details: { bytes, limit: maxOutputBytes } },
    )
  }
  // PostgreSQL's jsonb refuses the character NUL.
  if (/(?<!\\)(?:\\\\)*\\u0000/.test(text)) {
    throw new PipelineError('OUTPUT_NUL', `The output of ${what} holds a NUL character, which the journal cannot keep`)
  }
  return text
}
