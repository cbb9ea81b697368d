import { PipelineError } from '../../errors.ts'
import { systemOf } from './prompts.ts'
import type { EnrichConfig } from './step-schema.ts'
import type { Task } from './task.ts'

/** Characters of a token, with care: Portuguese prose has 3.5 or more, tables of numbers 2 to 3. */
const charactersPerToken = 2.5
/** For marks, turns and what the prompts say besides. */
const frameTokens = 400
/** A part below this is not worth asking about. */
const leastCharacters = 500
/** A translation has at most so many times the tokens of its text. */
const translationGrowth = 1.3

/** How much of a document goes into one question. */
export interface Budget {
  /** Tokens of question and answer. */
  contextTokens: number
  /** Characters of the document. */
  part: number
  answerTokens: number
}

/**
 * Shares the context out: system, a part of the document, an answer, and that answer once more beside what is wrong with it. `modelTokens`: what
 * the model was made for, where it is known. Throws CONFIG when the context is too small.
 */
export function budgetOf(task: Task, config: EnrichConfig, modelTokens = Number.POSITIVE_INFINITY): Budget {
  const contextTokens = Math.min(config.contextTokens, modelTokens)
  const fixed =
    frameTokens +
    Math.ceil(Math.max(systemOf(task, 'pt', 'pt').length, systemOf(task, 'en', 'pt').length) / charactersPerToken)
  const free = contextTokens - fixed
  const translation = task.name === 'translate'
  const partTokens = Math.floor(translation ? free / (1 + 2 * translationGrowth) : free - 2 * config.answerTokens)
  const part = Math.floor(partTokens * charactersPerToken)
  if (part < leastCharacters) {
    throw new PipelineError(
      'CONFIG',
      `A context of ${contextTokens} tokens leaves no room for a document beside the prompt (${fixed} tokens) and answers of ${config.answerTokens}`,
    )
  }
  return {
    contextTokens,
    part,
    answerTokens: translation ? Math.floor(partTokens * translationGrowth) : config.answerTokens,
  }
}
