import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DockerfileParser, type Instruction, type JSONInstruction } from 'dockerfile-ast'
import { packageFolder } from '../helpers/node-red.ts'

export const dockerfileText = readFileSync(join(packageFolder, 'Dockerfile'), 'utf8')
export const dockerfile = DockerfileParser.parse(dockerfileText)

/** One instruction, as this project's Dockerfile uses them. */
export interface Step {
  keyword: string
  /** All behind the keyword but the flags, on one line. */
  text: string
  flags: Record<string, string>
}

/** Instructions by stage, each stage from its FROM on. */
export function stages(): Step[][] {
  const all: Step[][] = []
  for (const instruction of dockerfile.getInstructions()) {
    const step = stepOf(instruction)
    if (step.keyword === 'FROM') all.push([])
    all.at(-1)?.push(step)
  }
  return all
}

function stepOf(instruction: Instruction): Step {
  const withFlags = 'getFlags' in instruction ? (instruction as JSONInstruction).getFlags() : []
  const text = (instruction.getArgumentsContent() ?? '').replace(/\\\r?\n\s*(#.*\n\s*)*/g, ' ').replace(/\s+/g, ' ')
  return {
    keyword: instruction.getKeyword(),
    text: text.trim(),
    flags: Object.fromEntries(withFlags.map((flag) => [flag.getName(), flag.getValue() ?? ''])),
  }
}

/** The last stage: the image. */
export function imageSteps(keyword: string): Step[] {
  return (stages().at(-1) ?? []).filter((step) => step.keyword === keyword)
}

/** The words of an instruction in JSON form. */
export function wordsOf(step: Step | undefined): string[] {
  const words: unknown = JSON.parse((step?.text ?? '').replace(/^CMD /, ''))
  if (!Array.isArray(words)) throw new Error(`${step?.keyword} has no list`)
  return words.map(String)
}

/** `NAME=value` of ENV and LABEL, values with or without quotes. */
export function pairsOf(steps: readonly Step[]): Record<string, string> {
  const pairs = steps.flatMap(({ text }) => [...text.matchAll(/([\w.]+)=("[^"]*"|\S+)/g)])
  return Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, value.replace(/^"|"$/g, '')]))
}
