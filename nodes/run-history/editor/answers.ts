import type { Overview } from '../../../lib/history/overview.ts'
import type { RunDetails } from '../../../lib/history/run.ts'
import type { RunPage } from '../../../lib/history/runs.ts'
import type { StepPage } from '../../../lib/history/steps.ts'
import type { Place } from '../places.ts'

interface Placed {
  /** Where the nodes and flows of the answer are, by their ids. */
  places: Record<string, Place>
}
interface Remedied {
  /** What to do, by the code of an error. */
  remedies: Record<string, string>
}
export type OverviewAnswer = Overview & Placed
export type RunsAnswer = RunPage & Placed
export type DetailsAnswer = RunDetails & Placed & Remedied
export type StepsAnswer = StepPage & Placed & Remedied
export interface OutputAnswer {
  output: unknown
  given?: { node: string; name: string; output: unknown }
}

const has = (value: unknown, ...names: readonly string[]): boolean =>
  typeof value === 'object' && value !== null && names.every((name) => name in value)

// One property tells the answers apart; what else they hold is the type of the module that made them.
export const isOverview = (value: unknown): value is OverviewAnswer => has(value, 'freshness', 'places')
export const isRuns = (value: unknown): value is RunsAnswer => has(value, 'runs', 'places')
export const isDetails = (value: unknown): value is DetailsAnswer => has(value, 'steps', 'counts', 'places')
export const isSteps = (value: unknown): value is StepsAnswer => has(value, 'steps', 'remedies')
export const isOutput = (value: unknown): value is OutputAnswer => has(value, 'output')
export const isReplay = (value: unknown): value is { id: string } => has(value, 'id')
export const isRedrive = (value: unknown): value is { redriven: number; runs: { id: string }[] } =>
  has(value, 'redriven', 'runs')
export const isStores = (value: unknown): value is { stores: { id: string; name: string }[] } => has(value, 'stores')

/** The answer, when it is of that kind; throws when the server is of another version. */
export function checked<T>(value: unknown, is: (value: unknown) => value is T): T {
  if (!is(value)) throw new Error('The answer is of another version: reload the page')
  return value
}
