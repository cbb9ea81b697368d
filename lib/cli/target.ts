import type { ApiKey } from '../api/access/keys.ts'
import type { Letter } from '../runs/letter.ts'
import type { LetterFilter } from '../runs/letter-list.ts'
import type { DiscardAnswer, RedriveAnswer } from '../runs/letter-settle.ts'
import type { RunRow, StepRow } from '../runs/run.ts'
import type { RunAction, RunReplay } from '../runs/run-actions.ts'
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
  /** Throws RUN_UNKNOWN, RUN_STATE, RUN_QUEUE_FULL. */
  resume(id: string, action: RunAction): Promise<void>
  /** Throws RUN_UNKNOWN, RUN_STATE. */
  cancel(id: string, action: RunAction): Promise<void>
  /** Throws RUN_UNKNOWN, RUN_STATE, RUN_QUEUE_FULL, STEP_UNKNOWN. */
  replay(id: string, action: RunAction & { from?: string }): Promise<RunReplay>
  keys(): Promise<ApiKey[]>
  /** The key itself is in this answer only. Throws API_KEY_INVALID. */
  createKey(wanted: WantedKey, by: string): Promise<{ key: string; row: ApiKey }>
  /** Throws API_KEY_UNKNOWN. */
  revokeKey(id: string): Promise<ApiKey>
  close(): Promise<void>
}

/** What a new key is to be; checked where it is made. */
export interface WantedKey {
  name: string
  scopes?: string[]
  /** ISO. */
  expiresAt?: string
}
