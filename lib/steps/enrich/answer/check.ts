import type { ChatAnswer } from '../../../models/port.ts'
import type { Parser } from '../../../schema.ts'
import { clearLanguageOf, type Language } from '../../language.ts'
import { defuse } from '../content/defuse.ts'
import { type Lost, lost, type Unfounded, unfounded } from '../facts/facts.ts'
import type { Ground } from '../fields/ground.ts'
import { outputHazards, visibleText } from '../grounding/grounding.ts'
import { phrases } from '../prompts.ts'
import { short } from './short.ts'
import type { Verdict } from './verdict.ts'

/** Problems that are named to a model, and kept of a rejected answer. */
const mostProblems = 12
/** Characters of a stretch of the answer that a problem repeats. */
const longestWords = 80

/** The JSON of an answer, checked against its schema: cut, no JSON, against the schema is `formless`. */
export function checkForm(answer: ChatAnswer, checker: Parser<unknown>, language: Language): Verdict<unknown> {
  if (answer.cut) return { formless: [phrases[language].cut] }
  let value: unknown
  try {
    value = JSON.parse(bare(answer.text))
  } catch (error) {
    return { formless: [short(`JSON: ${error instanceof Error ? error.message : String(error)}`)] }
  }
  const problems = checker.problems(value)
  if (problems.length > 0) return { formless: problems.slice(0, mostProblems).map((words) => short(words)) }
  return { value }
}

/** Models wrap JSON in a code block, or think aloud first. */
function bare(text: string): string {
  return text
    .replace(/^\s*<think>[\s\S]*?<\/think>/, '')
    .replace(/^\s*```(?:json)?\s*\n?/, '')
    .replace(/\n?```\s*$/, '')
}

/** How a text is compared with what it came of. */
export interface TextCheck {
  on: Ground
  /** Of the answer. */
  language: Language
  /** A translation: nothing may be lost, and what a document tells a model is translated like the rest. */
  translation?: boolean
  /** A part that has nothing to say may be answered with nothing. */
  mayBeEmpty?: boolean
}

/** Whether a text says only what its source says: every number, unit, sign, date and act; no addresses, markup or roles of its own. */
export function checkText(given: string, { on, language, translation, mayBeEmpty }: TextCheck): Verdict<string> {
  // what a reader would not see in an answer is no part of it
  const text = visibleText(given.toWellFormed()).text.trim()
  if (text === '') return mayBeEmpty ? { value: '' } : { formless: [emptyWords[on.language]] }
  const spoken = clearLanguageOf(text)
  if (spoken !== undefined && spoken !== language) return { formless: [languageWords[on.language](language)] }
  const source = translation ? on.text : withoutInstructions(on)
  const made = unfounded(text, language, source, on.language).map(unfoundedWords)
  const gone = translation ? lost(text, language, source, on.language).map(lostWords) : []
  const hazards = outputHazards(text, source).map(({ kind, text: words }) => `${kind}: ${quoted(words)}`)
  const said = translation ? [] : instructed(text, source, on).map((word) => `instructed: ${quoted(word)}`)
  const problems = [...new Set([...made, ...gone, ...hazards, ...said])]
  return problems.length === 0 ? { value: text } : { unfaithful: problems.slice(0, mostProblems) }
}

/** The text with what speaks to a model blanked out, places kept: nothing may rest on it. */
export function withoutInstructions({ text, instructions }: Pick<Ground, 'text' | 'instructions'>): string {
  let rest = ''
  let at = 0
  for (const { start, end } of instructions) {
    rest += text.slice(at, start) + ' '.repeat(end - start)
    at = end
  }
  return rest + text.slice(at)
}

/** Words of an answer that the document has only where it speaks to the model: an answer that obeys has them, a faithful one seldom. */
function instructed(text: string, source: string, { text: whole, instructions }: Ground): string[] {
  if (instructions.length === 0) return []
  const rest = new Set(wordsOf(source))
  const orders = instructions.flatMap(({ start, end }) => wordsOf(whole.slice(start, end)))
  const only = new Set(orders.filter((word) => !rest.has(word)))
  return wordsOf(text).filter((word) => only.has(word))
}

function wordsOf(text: string): string[] {
  const folded = text.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase()
  return folded.match(/\p{L}{4,}/gu) ?? []
}

const emptyWords: Record<Language, string> = { pt: 'a resposta está vazia', en: 'the answer is empty' }
const languageWords: Record<Language, (language: Language) => string> = {
  pt: (language) => `a resposta não está em ${language === 'pt' ? 'português' : 'inglês'}`,
  en: (language) => `the answer is not in ${language === 'pt' ? 'Portuguese' : 'English'}`,
}

function unfoundedWords({ fact, reason, nearest }: Unfounded): string {
  const found = nearest === undefined ? '' : ` (${quoted(nearest.text)})`
  return `${reason}: ${quoted(fact.text)}${found}`
}

function lostWords({ fact, reason }: Lost): string {
  return `${reason}: ${quoted(fact.text)}`
}

/** Words of an answer or a document inside a problem: short, on one line, as JSON text. */
function quoted(words: string): string {
  return JSON.stringify(short(defuse(words), longestWords))
}
