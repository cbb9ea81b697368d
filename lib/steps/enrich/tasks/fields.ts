import { checkForm } from '../answer/check.ts'
import { checkerOf } from '../answer/checker.ts'
import { answerSchema } from '../fields/answer-schema.ts'
import type { FieldSchema, JsonSchema } from '../fields/field-schema.ts'
import { type Grounded, ground, type PlacedField } from '../fields/ground.ts'
import { mergeParts } from '../fields/merge.ts'
import { fenced, systemOf } from '../prompts.ts'
import type { Label, Task } from '../task.ts'
import { type Answered, eachPart, groundOf, partsFor, preface, rejections } from './each-part.ts'
import { type Outcome, outcomeOf, type Work } from './outcome.ts'

/** Fields of the document, each with the quote that it rests on. */
export async function extract(task: Extract<Task, { name: 'extract' }>, work: Work): Promise<Outcome> {
  return await grounded(task, task.fields, work, (parts) => mergeParts(parts, task.fields))
}

/** The classes of the document, each with the quote that justifies it. */
export async function classify(task: Extract<Task, { name: 'classify' }>, work: Work): Promise<Outcome> {
  return await grounded(task, classFields(task.labels), work, (parts) => mergeClasses(parts, task.several))
}

interface Merged {
  result: Record<string, unknown>
  fields: PlacedField[]
  missing: string[]
  dropped: Outcome['dropped']
}

async function grounded(
  task: Extract<Task, { name: 'extract' | 'classify' }>,
  schema: FieldSchema,
  work: Work,
  merge: (parts: readonly Grounded[]) => Merged,
): Promise<Outcome> {
  const { content, config, budget, asker } = work
  const { language } = content
  const format: JsonSchema = answerSchema(schema)
  const checker = checkerOf(format)
  const parts = partsFor(work)
  const answered: Answered<Grounded>[] = await eachPart(work, parts, (part, number) =>
    asker.ask<Grounded>({
      system: systemOf(task, language, language),
      user: `${preface(work, number, parts.length)}${fenced(part.text, language)}`,
      format,
      maxTokens: budget.answerTokens,
      language,
      check(answer) {
        const form = checkForm(answer, checker, language)
        return 'value' in form ? { value: placed(ground(form.value, schema, groundOf(work, part)), part.start) } : form
      },
    }),
  )
  const rejected = rejections(answered, parts.length)
  const good = answered.flatMap(({ asked }) => ('value' in asked ? [asked.value] : []))
  const common = { language, parts: parts.length }
  if (good.length === 0 || (rejected.length > 0 && config.whenPartFails === 'reject')) {
    return outcomeOf({ ...common, result: undefined, rejected, dropped: good.flatMap(({ dropped }) => dropped) })
  }
  return outcomeOf({ ...common, ...merge(good), problems: rejected })
}

/** Places in the part as places in the document. */
function placed({ fields, dropped }: Grounded, start: number): Grounded {
  return {
    dropped,
    fields: fields.map((field) => ({ ...field, start: field.start + start, end: field.end + start })),
  }
}

function classFields(labels: readonly Label[]): FieldSchema {
  const choices = labels.map(({ name }) => name)
  const schema: JsonSchema = { type: 'string', enum: choices }
  return {
    fields: new Map([
      ['classes', { kind: 'list', of: { kind: 'plain', type: 'string', choices, unit: undefined, words: '', schema } }],
    ]),
    required: ['classes'],
  }
}

/** Of several classes all that some part gave; of one the one that most parts gave, the earlier one when they are as many. */
function mergeClasses(parts: readonly Grounded[], several: boolean): Merged {
  const dropped = parts.flatMap((part) => part.dropped)
  const votes = new Map<unknown, PlacedField[]>()
  for (const { fields } of parts) {
    // a model that is asked for one class and gives several has put the best one first
    for (const field of several ? fields : fields.slice(0, 1)) {
      votes.set(field.value, [...(votes.get(field.value) ?? []), field])
    }
  }
  const ranked = [...votes.values()].toSorted((a, b) => b.length - a.length)
  const chosen = (several ? ranked : ranked.slice(0, 1)).flatMap((fields) => fields.slice(0, 1))
  const fields = chosen.map((field, at) => ({ ...field, path: `classes[${at}]` }))
  return {
    result: { classes: fields.map(({ value }) => value) },
    fields,
    missing: fields.length === 0 ? ['classes'] : [],
    dropped,
  }
}
