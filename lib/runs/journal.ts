import { PipelineError } from '../errors.ts'
import type { Json } from '../stores/cache/port.ts'
import type { Queryable } from '../stores/postgres/port.ts'
import { fenced } from './fence.ts'
import { type LineSink, writeLine } from './lines.ts'
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

async function put(
  to: LineSink,
  ref: StepRef,
  state: StepState,
  output: string | null,
  failure?: StepFailure,
): Promise<void> {
  const outcome = await writeLine(to, {
    ...ref,
    state,
    output,
    error: failure === undefined ? null : JSON.stringify(journalError(failure.error)),
    nextAt: failure?.nextAt?.toISOString() ?? null,
  })
  if (outcome === 'fenced') throw fenced(ref.run, `epoch ${ref.epoch} is over, or the run has ended`)
  if (outcome === 'done') {
    throw new PipelineError('STEP_DONE', `Step ${ref.node} of run ${ref.run} is in the journal already`, {
      details: { ...ref },
    })
  }
}

/**
 * Writes a step's end, in the caller's transaction when `to` is one, so that effect and journal commit together. Throws FENCED
 * when another process has taken the run over or it has ended, STEP_DONE when the same step with the same input is already
 * done (roll back and answer from the journal), OUTPUT_TOO_LARGE above 64 KiB of JSON.
 */
export async function finishStep(to: LineSink, ref: StepRef, output: unknown): Promise<void> {
  await put(to, ref, 'done', outputText(ref.step, output))
}

/** Notes a failed try. Throws FENCED and STEP_DONE as {@link finishStep} does. */
export async function failStep(to: LineSink, ref: StepRef, failure: StepFailure): Promise<void> {
  const note = failure.note === undefined ? null : outputText(ref.step, failure.note)
  await put(to, ref, failure.nextAt === undefined ? 'failed' : 'retry', note, failure)
}

/** Notes that a step has begun, for a person to see. Throws FENCED and STEP_DONE as {@link finishStep} does. */
export async function beginStep(to: LineSink, ref: StepRef): Promise<void> {
  await put(to, ref, 'running', null)
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

/** The line of one step of a run, without its output; undefined when there is none. */
export async function loadStep(
  q: Queryable,
  { run, node, item }: Pick<StepRef, 'run' | 'node' | 'item'>,
): Promise<JournalEntry | undefined> {
  const found = await entries(q, 'recorded_by is null and node = $2 and item = $3', [run, node, item])
  return found.get(stepKey(node, item))
}
