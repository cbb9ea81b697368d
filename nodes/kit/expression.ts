import { PipelineError } from '../../lib/errors.ts'
import type { Message, Red, RedNode } from './red.ts'

/** Longest time (ms) that an expression may take: one that asks a context store which never answers must not hold its message. */
const patienceMs = 10_000

/**
 * A JSONata expression over a message, as Node-RED evaluates it for this node. Throws CONFIG for one that does not parse. Evaluated it
 * rejects with EXPRESSION (with JSONata's words), also when no answer comes within ten seconds.
 */
export function expressionOf(red: Red, node: RedNode, text: string): (message: Message) => Promise<unknown> {
  const prepared = prepare(red, node, text)
  return (message) =>
    new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(failed(`no answer within ${patienceMs / 1_000} s`)), patienceMs)
      red.util.evaluateJSONataExpression(prepared, message, (error, result) => {
        clearTimeout(late)
        if (error === null || error === undefined) resolve(result)
        else reject(failed(wordsOf(error), error))
      })
    })
}

function prepare(red: Red, node: RedNode, text: string) {
  try {
    return red.util.prepareJSONataExpression(text, node)
  } catch (cause) {
    throw new PipelineError('CONFIG', `The expression is not JSONata: ${wordsOf(cause)}`, { cause })
  }
}

function failed(words: string, cause?: unknown): PipelineError {
  return new PipelineError('EXPRESSION', `The expression failed: ${words}`, { cause })
}

/** JSONata throws plain objects. */
function wordsOf(thrown: unknown): string {
  return typeof thrown === 'object' && thrown !== null && 'message' in thrown ? String(thrown.message) : String(thrown)
}
