import { changesOf, type FlowGraph } from '../graph.ts'
import { type FlowNode, textOf } from '../node.ts'
import type { Rule } from '../rule.ts'

/** A Catch that leads back to what it catches: Node-RED ends such a loop at the tenth error of a message. */
export const catchLoop: Rule = {
  id: 'catch-loop',
  severity: 'error',
  texts: {
    'en-US': {
      text: {
        reason: 'It leads back to __node__, whose errors it catches; Node-RED drops the message at its tenth error.',
        remedy: 'Put a ysh-retry-backoff in between; or delete msg.error before the message goes back.',
      },
    },
    'pt-BR': {
      text: {
        reason: 'Leva de volta a __node__, cujos erros captura; o Node-RED descarta a mensagem no décimo erro.',
        remedy: 'Coloque um ysh-retry-backoff no meio; ou apague msg.error antes de a mensagem voltar.',
      },
    },
  },
  *check(graph) {
    for (const one of graph.catches) {
      const back = [...graph.reach(graph.next(one), { stop: forgetsError })].find((node) => isBack(graph, one, node))
      if (back !== undefined) yield { node: one, values: { node: textOf(back.name) || back.type } }
    }
  },
}

function isBack(graph: FlowGraph, one: FlowNode, node: FlowNode): boolean {
  // Only what is named or what calls the outside: a Catch of all nodes covers also the mail that tells of the error.
  if (forgetsError(node) || !graph.catchesOf(node).includes(one)) return false
  if (!Array.isArray(one.scope)) return graph.reach(graph.next(node)).has(node)
  return true
}

/** Behind these the tenth error does not count, or the message is another one. */
function forgetsError(node: FlowNode): boolean {
  if (['ysh-retry-backoff', 'ysh-dead-letter', 'ysh-join', 'ysh-run-end'].includes(node.type)) return true
  if (node.type === 'function')
    return /delete\s+msg\.error\b|msg\.error\s*=\s*(undefined|null)\b/.test(textOf(node.func))
  return changesOf(node).some(({ kind, property }) => kind === 'delete' && property === 'error')
}
