import type { Language } from '../../language.ts'
import type { Asker } from '../answer/ask.ts'
import type { Budget } from '../budget.ts'
import type { Content } from '../content/content.ts'
import type { PlacedField } from '../fields/ground.ts'
import type { Dropped, EnrichConfig } from '../step-schema.ts'

/** What a task needs besides what it is. */
export interface Work {
  config: EnrichConfig
  content: Content
  asker: Asker
  budget: Budget
  question: string | undefined
  /** Told after each part. */
  onPart(done: number, of: number): void
}

/** What became of a task. */
export interface Outcome {
  /** Undefined: no answer held. */
  result: string | Record<string, unknown> | undefined
  language: Language
  fields: PlacedField[]
  missing: string[]
  dropped: Dropped[]
  rejected: string[]
  problems: string[]
  parts: number
}

/** An outcome with nothing in it but what is given. */
export function outcomeOf(given: Pick<Outcome, 'result' | 'language' | 'parts'> & Partial<Outcome>): Outcome {
  return { fields: [], missing: [], dropped: [], rejected: [], problems: [], ...given }
}
