import type { Letter } from '../runs/letter.ts'
import type { LetterFilter } from '../runs/letter-list.ts'
import type { DiscardAnswer, RedriveAnswer } from '../runs/letter-settle.ts'
import type { RunRow, StepRow } from '../runs/run.ts'
import type { RunFilter } from '../runs/run-filter.ts'

/** A run with its steps. */
export type ShownRun = RunRow & { steps: StepRow[] }

/** Where the command line works: a database, or a running Node-RED. */
export interface Target {
  list(filter: LetterFilter): Promise<{ letters: Letter[]; total: number }>
  /** Throws LETTER_UNKNOWN. */
  show(id: string): Promise<Letter>
  redrive(filter: LetterFilter, by: string): Promise<RedriveAnswer>
  discard(filter: LetterFilter, by: string, reason: string): Promise<DiscardAnswer>
  runs(filter: RunFilter): Promise<RunRow[]>
  /** Throws RUN_UNKNOWN. */
  run(id: string): Promise<ShownRun>
  close(): Promise<void>
}
