import { PipelineError } from '../errors.ts'
import type { Queryable } from '../stores/postgres/port.ts'
import type { StepRef, StepState } from './run.ts'

/** A line of the journal, ready to be written. */
export interface StepLine extends StepRef {
  state: StepState
  /** JSON, or null. */
  output: string | null
  error: string | null
  /** ISO, or null. */
  nextAt: string | null
}

/** What became of a line: `fenced` when the run is in other hands or has ended, `done` when the step is done already. */
export type LineOutcome = 'written' | 'fenced' | 'done'

/** Where lines are written: the store, a transaction, or a {@link StepLines}. */
export type LineSink = Queryable | StepLines

const outcomes: readonly LineOutcome[] = ['fenced', 'done', 'written']

/** Lines that go into one statement at most, and their outputs' characters. */
const most = { lines: 64, characters: 1_000_000 }
/** Lines that may wait. */
const mostWaiting = 5_000

/** Writes a line, in the caller's transaction when `to` is one. */
export async function writeLine(to: LineSink, line: StepLine): Promise<LineOutcome> {
  return to instanceof StepLines ? to.write(line) : writeOne(to, line)
}

async function writeOne(q: Queryable, line: StepLine): Promise<LineOutcome> {
  const { rows } = await q.query<{ outcome: number }>(
    'select pipeline.put_step($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) as outcome',
    [
      line.run,
      line.epoch,
      line.node,
      line.item,
      line.step,
      line.inputHash,
      line.attempt,
      line.startedAt,
      line.state,
      line.output,
      line.error,
      line.nextAt,
    ],
  )
  return outcomeOf(rows[0])
}

function outcomeOf(row: { outcome: number } | undefined): LineOutcome {
  const outcome = outcomes[row?.outcome ?? -1]
  if (outcome === undefined) throw new PipelineError('STORE_ERROR', 'PostgreSQL did not say what became of a line')
  return outcome
}

// In the order of the runs: two groups of two processes take their locks alike, and cannot wait for each other.
const putSteps = `
  select at::int as at, pipeline.put_step(run, epoch, node, item, step, hash, attempt, started, state,
    coalesce(output, case when state = 'done' then 'null'::jsonb end), error, next) as outcome
  from rows from (jsonb_to_recordset($1::jsonb) as (run uuid, epoch int, node text, item text, step text, hash text,
    attempt int, started timestamptz, state text, output jsonb, error jsonb, next timestamptz)) with ordinality
    as l(run, epoch, node, item, step, hash, attempt, started, state, output, error, next, at)`

async function writeGroup(q: Queryable, lines: readonly StepLine[]): Promise<LineOutcome[]> {
  const { rows } = await q.query<{ at: number; outcome: number }>(putSteps, [`[${lines.map(json).join(',')}]`])
  const byPlace = new Map(rows.map((row) => [row.at, row]))
  return lines.map((_, index) => outcomeOf(byPlace.get(index + 1)))
}

/** Output and error are JSON already. */
function json({ output, error, ...line }: StepLine): string {
  const { run, epoch, node, item, step, inputHash, attempt, startedAt, state, nextAt } = line
  const rest = { run, epoch, node, item, step, hash: inputHash, attempt, started: startedAt, state, next: nextAt }
  return `${JSON.stringify(rest).slice(0, -1)},"output":${output ?? 'null'},"error":${error ?? 'null'}}`
}

interface Waiting {
  line: StepLine
  resolve(outcome: LineOutcome): void
  reject(error: unknown): void
}

/**
 * Writes lines that belong to no transaction. One that comes alone is written at once; those that come while another is being
 * written go together in the next statement, so that a hundred runs do not pay for a hundred commits. Nobody waits for company.
 */
export class StepLines {
  readonly #store: Queryable
  readonly #waiting: Waiting[] = []
  #writing = false

  constructor(store: Queryable) {
    this.#store = store
  }

  /** Resolves when the line is committed. Throws what the store throws, STORE_BUSY (retryable) when too many lines wait. */
  write(line: StepLine): Promise<LineOutcome> {
    if (this.#waiting.length >= mostWaiting) {
      const message = `${mostWaiting} lines of the journal wait to be written already`
      return Promise.reject(new PipelineError('STORE_BUSY', message, { retryable: true }))
    }
    const { promise, resolve, reject } = Promise.withResolvers<LineOutcome>()
    this.#waiting.push({ line, resolve, reject })
    if (!this.#writing) void this.#writeAll()
    return promise
  }

  async #writeAll(): Promise<void> {
    this.#writing = true
    while (this.#waiting.length > 0) await this.#write(this.#take())
    this.#writing = false
  }

  #take(): Waiting[] {
    let lines = 0
    let characters = 0
    for (const { line } of this.#waiting) {
      characters += line.output?.length ?? 0
      if (lines === most.lines || (lines > 0 && characters > most.characters)) break
      lines += 1
    }
    return this.#waiting
      .splice(0, lines)
      .sort((a, b) => (a.line.run < b.line.run ? -1 : a.line.run > b.line.run ? 1 : 0))
  }

  /** Never rejects: each line's own promise tells. */
  async #write(group: Waiting[]): Promise<void> {
    const [first] = group
    try {
      if (group.length === 1 && first !== undefined) return first.resolve(await writeOne(this.#store, first.line))
      const found = await writeGroup(
        this.#store,
        group.map(({ line }) => line),
      )
      for (const [index, { resolve }] of group.entries()) resolve(found[index] ?? 'fenced')
    } catch (thrown) {
      const error = PipelineError.from(thrown)
      // Of one bad line among good ones only the bad one is to fail. A store that is away is away for all.
      if (group.length > 1 && error.code.startsWith('SQL_')) for (const each of group) await this.#write([each])
      else for (const { reject } of group) reject(error)
    }
  }
}
