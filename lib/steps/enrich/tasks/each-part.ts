import { PipelineError } from '../../../errors.ts'
import type { Asked } from '../answer/ask.ts'
import { type Part, partsOf } from '../content/parts.ts'
import type { Ground } from '../fields/ground.ts'
import { phrases } from '../prompts.ts'
import type { Work } from './outcome.ts'

/** A part and what became of it. */
export interface Answered<T> {
  part: Part
  asked: Asked<T>
}

/** The parts of the document. Throws ENRICH_TOO_LONG above the most that the config allows. */
export function partsFor({ content, budget, config }: Work): Part[] {
  const parts = partsOf(content.shown, budget.part)
  if (parts.length > config.maxParts) {
    throw new PipelineError(
      'ENRICH_TOO_LONG',
      `The document has ${content.shown.text.length} characters, ${parts.length} parts for this model; ${config.maxParts} are allowed`,
    )
  }
  return parts
}

/** Asks about one part after the other; the first one that is rejected ends it, where the whole answer is then rejected. */
export async function eachPart<T>(
  work: Work,
  parts: readonly Part[],
  ask: (part: Part, number: number) => Promise<Asked<T>>,
): Promise<Answered<T>[]> {
  const answered: Answered<T>[] = []
  for (const [at, part] of parts.entries()) {
    const asked = await ask(part, at + 1)
    answered.push({ part, asked })
    work.onPart(at + 1, parts.length)
    if ('rejected' in asked && work.config.whenPartFails === 'reject') break
  }
  return answered
}

/** What a part's answer may rest on. */
export function groundOf({ content }: Work, { text, start }: Part): Ground {
  const end = start + text.length
  return {
    text,
    language: content.language,
    instructions: content.instructions
      .filter((span) => span.start < end && span.end > start)
      .map((span) => ({
        ...span,
        start: Math.max(span.start, start) - start,
        end: Math.min(span.end, end) - start,
      })),
  }
}

/** Before a part's text: which part it is, and what the reader asks. */
export function preface({ content, question }: Work, number: number, of: number): string {
  const says = phrases[content.language]
  return [...(question === undefined ? [] : [says.question(question)]), ...(of === 1 ? [] : [says.part(number, of)])]
    .map((line) => `${line}\n\n`)
    .join('')
}

/** The reasons of parts that were rejected, each with its number where there are several. */
export function rejections(answered: readonly Answered<unknown>[], of: number): string[] {
  return answered.flatMap(({ asked }, at) =>
    'rejected' in asked ? asked.rejected.map((words) => (of === 1 ? words : `${at + 1}/${of}: ${words}`)) : [],
  )
}
