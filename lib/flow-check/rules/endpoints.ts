import type { FlowGraph } from '../graph.ts'
import { type FlowNode, recordsOf, textOf } from '../node.ts'
import type { Rule } from '../rule.ts'

/** What anybody may call. */
export const openEndpoint: Rule = {
  id: 'open-endpoint',
  severity: 'warning',
  texts: {
    'en-US': {
      http: {
        reason: 'Nothing in the flow asks who calls __url__.',
        remedy:
          'Put a ysh-api-access behind it, set httpNodeAuth in settings.js, or check a header of the request in the next node; if it is meant to be open, switch this rule off for it.',
      },
      websocket: {
        reason: 'Anybody who reaches Node-RED can open this WebSocket.',
        remedy: 'Put a proxy that asks for a login before it, or check a token in the first message.',
      },
      tcp: {
        reason: 'Anybody who reaches this port can send to it; TCP here has no login.',
        remedy: 'Let only your own network reach the port.',
      },
    },
    'pt-BR': {
      http: {
        reason: 'Nada no fluxo pergunta quem chama __url__.',
        remedy:
          'Coloque um ysh-api-access depois dele, defina httpNodeAuth em settings.js, ou verifique um cabeçalho da requisição no nó seguinte; se deve ser aberto, desligue esta regra para ele.',
      },
      websocket: {
        reason: 'Qualquer um que alcance o Node-RED pode abrir este WebSocket.',
        remedy: 'Coloque antes um proxy que peça login, ou verifique um token na primeira mensagem.',
      },
      tcp: {
        reason: 'Qualquer um que alcance esta porta pode enviar a ela; TCP aqui não tem login.',
        remedy: 'Deixe somente sua própria rede alcançar a porta.',
      },
    },
  },
  *check(graph) {
    for (const node of graph.nodes) {
      if (node.type === 'http in' && !graph.next(node).some((next) => asksWho(graph, next))) {
        yield { node, text: 'http', values: { url: `${textOf(node.method).toUpperCase()} ${textOf(node.url)}` } }
      }
      if (
        node.type === 'websocket in' &&
        textOf(node.server) !== '' &&
        !graph.next(node).some((next) => asksWho(graph, next))
      ) {
        yield { node, text: 'websocket' }
      }
      if (node.type === 'tcp in' && node.server === 'server') yield { node, text: 'tcp' }
    }
  },
}

const credential = /authorization|token|signature|api.?key|secret|hmac/i

/** A node that looks at what says who calls. A subflow may, and gets the benefit of the doubt. */
function asksWho(graph: FlowGraph, node: FlowNode): boolean {
  if (node.type.startsWith('subflow:')) {
    const inside = graph.nodes.filter(({ z }) => z === node.type.slice('subflow:'.length))
    return inside.some((one) => one.type !== 'ysh-run' && asksWho(graph, one))
  }
  if (node.type === 'ysh-api-access') return true
  if (/jwt|auth|passport|hmac|signature/i.test(node.type)) return true
  if (node.type === 'function') return credential.test(textOf(node.func))
  if (node.type !== 'switch') return false
  return credential.test(textOf(node.property)) || recordsOf(node.rules).some(({ v }) => credential.test(textOf(v)))
}
