import { PipelineError } from '../../../errors.ts'
import type { Language } from '../../language.ts'
import { problemOf } from '../../pdf/formulas/check.ts'
import { adapterOf, adapters } from '../../pdf/formulas/models.ts'
import type { Asked } from '../answer/ask.ts'
import { withoutInstructions } from '../answer/check.ts'
import { short } from '../answer/short.ts'
import { outputHazards } from '../grounding/grounding.ts'
import { fenced, phrases, systemOf } from '../prompts.ts'
import type { Task } from '../task.ts'
import { type Outcome, outcomeOf, type Work } from './outcome.ts'
import { textFormat, textVerdict } from './text.ts'

/** What a picture shows: words whose numbers stand in the text beside it, or LaTeX that KaTeX parses. */
export async function describe(task: Extract<Task, { name: 'describe' }>, work: Work): Promise<Outcome> {
  const { content, config } = work
  if (content.picture === undefined) {
    throw new PipelineError('ENRICH_CONTENT', 'The task "describe" needs a picture (PNG or JPEG), and a text came')
  }
  const language: Language = config.language === 'same' ? content.language : config.language
  const asked =
    task.picture === 'formula'
      ? await formula(content.picture, work)
      : await image(task, content.picture, language, work)
  work.onPart(1, 1)
  return outcomeOf({
    result: 'value' in asked ? asked.value : undefined,
    language,
    parts: 1,
    rejected: 'rejected' in asked ? asked.rejected : [],
  })
}

function image(
  task: Extract<Task, { name: 'describe' }>,
  picture: Uint8Array,
  language: Language,
  { content, asker, budget }: Work,
): Promise<Asked<string>> {
  const { text } = content.shown
  const caption = text.slice(0, budget.part)
  return asker.ask({
    system: systemOf(task, content.language, language),
    user:
      caption === ''
        ? phrases[content.language].picture
        : `${phrases[content.language].caption}\n\n${fenced(caption, content.language)}`,
    images: [picture],
    format: textFormat,
    maxTokens: budget.answerTokens,
    language: content.language,
    check: textVerdict({
      on: {
        text: withoutInstructions({ text, instructions: content.instructions }),
        language: content.language,
        instructions: [],
      },
      language,
    }),
  })
}

/** Nothing in words stands beside a formula that its numbers could be held against: that it parses is all that can be checked. */
function formula(picture: Uint8Array, { config, content, asker, budget }: Work): Promise<Asked<string>> {
  const adapter = adapters[adapterOf(config.model)]
  const says = phrases[content.language]
  return asker.ask<string>({
    system: '',
    user: adapter.prompt,
    images: [picture],
    format: adapter.format,
    maxTokens: budget.answerTokens,
    language: content.language,
    async check(answer) {
      if (answer.cut) return { formless: [says.cut] }
      let latex: string | undefined
      try {
        latex = adapter.latex(answer.text)
      } catch (error) {
        return { formless: [short(error instanceof Error ? error.message : String(error))] }
      }
      const problem = await problemOf(latex ?? '')
      if (latex === undefined || problem !== undefined) return { formless: [short(`LaTeX: ${problem ?? ''}`)] }
      const hazards = outputHazards(latex, '')
      return hazards.length === 0 ? { value: latex } : { unfaithful: hazards.map(({ kind }) => kind) }
    },
  })
}
