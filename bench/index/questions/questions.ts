import { readFileSync } from 'node:fs'
import { parser, Type } from '../../../lib/schema.ts'
import { type Kind, kinds, type Question } from './form.ts'

const Line = Type.Array(Type.String({ minLength: 1 }), { minItems: 2 })
const file = parser(
  Type.Object(
    { lexical: Type.Array(Line), paraphrase: Type.Array(Line), english: Type.Array(Line), typos: Type.Array(Line) },
    { additionalProperties: false },
  ),
  'questions.json',
)

/** All questions; ids (`lexical-1`) follow the order of the file, so new questions go to the end of their kind. */
export const questions: readonly Question[] = read()

/** One third, to try settings on. */
export const development: readonly Question[] = questions.filter(isDevelopment)
/** Two thirds, to measure on; looking at them while choosing settings makes them worthless. */
export const heldOut: readonly Question[] = questions.filter((question) => !isDevelopment(question))

/** The rule that parts the two: every third question of each kind, beginning with the first. */
function isDevelopment(question: Question): boolean {
  return (Number(question.id.slice(question.id.lastIndexOf('-') + 1)) - 1) % 3 === 0
}

function read(): Question[] {
  const text: unknown = JSON.parse(readFileSync(new URL('questions.json', import.meta.url), 'utf8'))
  const lines = file.parse(text)
  return kinds.flatMap((kind) => lines[kind].map((line, index) => question(kind, index + 1, line)))
}

function question(kind: Kind, number: number, line: readonly string[]): Question {
  const [text = '', first = '', ...rest] = line
  return { id: `${kind}-${number}`, kind, question: text, answers: [first, ...rest] }
}
