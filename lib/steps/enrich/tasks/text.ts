import { parser, Type } from '../../../schema.ts'
import { clearLanguageOf, type Language } from '../../language.ts'
import type { Asked } from '../answer/ask.ts'
import { checkForm, checkText, type TextCheck } from '../answer/check.ts'
import type { Verdict } from '../answer/verdict.ts'
import { defuse } from '../content/defuse.ts'
import { groupsOf } from '../content/parts.ts'
import { gap } from '../content/shown.ts'
import type { JsonSchema } from '../fields/field-schema.ts'
import { fenced, phrases, systemOf } from '../prompts.ts'
import type { Task } from '../task.ts'
import { eachPart, groundOf, partsFor, preface, rejections } from './each-part.ts'
import { type Outcome, outcomeOf, type Work } from './outcome.ts'

/** The form of every answer that is a text. */
export const textFormat: JsonSchema = {
  type: 'object',
  properties: { text: { type: 'string' } },
  required: ['text'],
}
const texts = parser(Type.Object({ text: Type.String() }), 'The answer')

/** Checks the form of an answer that is a text, and then the text. */
export function textVerdict(check: TextCheck): (answer: Parameters<typeof checkForm>[0]) => Verdict<string> {
  return (answer) => {
    const form = checkForm(answer, texts, check.on.language)
    return 'value' in form ? checkText(texts.parse(form.value).text, check) : form
  }
}

/** A summary, or the answer to a prompt of the user's: of each part, and then of what the parts gave, until one is left. */
export async function condense(task: Extract<Task, { name: 'summarise' | 'prompt' }>, work: Work): Promise<Outcome> {
  const { content, config, budget, asker } = work
  const language: Language = config.language === 'same' ? content.language : config.language
  const parts = partsFor(work)
  const ask = (text: string, before: string, check: TextCheck): Promise<Asked<string>> =>
    asker.ask({
      system: systemOf(task, content.language, language),
      user: `${before}${fenced(text, content.language)}`,
      format: textFormat,
      maxTokens: budget.answerTokens,
      language: content.language,
      check: textVerdict(check),
    })
  const several = parts.length > 1
  const answered = await eachPart(work, parts, (part, number) =>
    ask(part.text, preface(work, number, parts.length), {
      on: groundOf(work, part),
      language,
      mayBeEmpty: several,
    }),
  )
  const rejected = rejections(answered, parts.length)
  const good = answered.flatMap(({ asked }) => ('value' in asked && asked.value !== '' ? [asked.value] : []))
  const common = { language, parts: parts.length }
  if (good.length === 0 || (rejected.length > 0 && config.whenPartFails === 'reject')) {
    const empty = rejected.length === 0 ? ['empty: no part gave an answer'] : rejected
    return outcomeOf({ ...common, result: undefined, rejected: empty })
  }
  let level = good
  while (level.length > 1) {
    const next: string[] = []
    for (const group of groupsOf(level, budget.part)) {
      if (group.length === 1) {
        next.push(...group)
        continue
      }
      // what a model wrote is data like the document it came of
      const joined = defuse(group.join(gap))
      const asked = await ask(joined, `${preface(work, 1, 1)}${phrases[content.language].combine(task.name)}\n\n`, {
        on: { text: joined, language, instructions: [] },
        language,
      })
      if ('rejected' in asked)
        return outcomeOf({ ...common, result: undefined, rejected: [...rejected, ...asked.rejected] })
      next.push(asked.value)
    }
    level = next
  }
  return outcomeOf({ ...common, result: level[0], problems: rejected })
}

/** A translation, part by part; a part that is rejected stays as it is where the config keeps the others. */
export async function translate(task: Extract<Task, { name: 'translate' }>, work: Work): Promise<Outcome> {
  const { content, config, budget, asker } = work
  const { text } = content.shown
  if (clearLanguageOf(text) === task.to) {
    return outcomeOf({
      result: text,
      language: task.to,
      parts: 0,
      problems: ['The document is in the wanted language already'],
    })
  }
  const parts = partsFor(work)
  const answered = await eachPart(work, parts, (part, number) => {
    const on = { ...groundOf(work, part), language: task.from }
    return asker.ask({
      system: systemOf(task, task.from, task.to),
      user: `${parts.length === 1 ? '' : `${number}/${parts.length}\n\n`}${fenced(part.text, task.from)}`,
      format: textFormat,
      maxTokens: budget.answerTokens,
      language: task.from,
      check: textVerdict({ on, language: task.to, translation: true }),
    })
  })
  const rejected = rejections(answered, parts.length)
  const whole = rejected.length > 0 && (config.whenPartFails === 'reject' || parts.length === 1)
  const none = answered.every(({ asked }) => 'rejected' in asked)
  const common = { language: task.to, parts: parts.length }
  if (whole || none) return outcomeOf({ ...common, result: undefined, rejected })
  let result = ''
  for (const [at, { part, asked }] of answered.entries()) {
    const end = part.start + part.text.length
    const next = answered[at + 1]?.part.start ?? end
    // what parts two parts is white space
    result += ('value' in asked ? asked.value : part.text) + text.slice(end, next)
  }
  return outcomeOf({ ...common, result, problems: rejected })
}
