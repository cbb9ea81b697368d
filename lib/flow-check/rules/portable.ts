import { type FlowGraph, nameOf } from '../graph.ts'
import { type FlowNode, textOf } from '../node.ts'
import type { Hit, Rule } from '../rule.ts'
import { meetings } from './joins.ts'

/** Core nodes that a run may hold and that say nothing about its steps. */
const dropped = new Set(['debug', 'catch', 'comment', 'inject'])
/** Core nodes that are wiring, or mean the same in other engines. */
const portable = new Set(['junction', 'link in', 'link out', 'link call', 'delay'])

/**
 * What runs in Node-RED and could not be run by another engine (Step Functions, Airflow, a queue of jobs): see the subset that compiles.
 * Only nodes of durable runs are looked at.
 */
export const notPortable: Rule = {
  id: 'not-portable',
  severity: 'hint',
  texts: {
    'en-US': {
      code: {
        reason: 'Code inside a __type__ runs only in Node-RED.',
        remedy: 'Use a step of this palette, or keep this flow in Node-RED.',
      },
      context: {
        reason: 'It keeps its state in the memory of this Node-RED (context).',
        remedy: 'Send what is needed along in the message, or keep it in the stores.',
      },
      type: {
        reason: 'A __type__ means nothing outside of Node-RED.',
        remedy: 'Use a step of this palette, or keep this flow in Node-RED.',
      },
      catchAll: {
        reason: 'A Catch of all nodes has no equal elsewhere.',
        remedy: 'Name the nodes whose errors it gets.',
      },
      loop: {
        reason: 'A wire leads back to it; other engines know no loops.',
        remedy: 'Use ysh-retry-backoff to try again and ysh-each for lists.',
      },
      meeting: {
        reason: 'Branches from __from__ meet here without a join; elsewhere that means to wait for both.',
        remedy: 'Make the branches one chain.',
      },
      rate: {
        reason: 'A limit of messages per time has no equal elsewhere.',
        remedy: 'Limit what is on its way at once, in the ysh-each.',
      },
    },
    'pt-BR': {
      code: {
        reason: 'Código dentro de um __type__ só executa no Node-RED.',
        remedy: 'Use um passo desta paleta, ou mantenha este fluxo no Node-RED.',
      },
      context: {
        reason: 'Guarda seu estado na memória deste Node-RED (contexto).',
        remedy: 'Leve na mensagem o que for preciso, ou guarde nos armazenamentos.',
      },
      type: {
        reason: 'Um __type__ não significa nada fora do Node-RED.',
        remedy: 'Use um passo desta paleta, ou mantenha este fluxo no Node-RED.',
      },
      catchAll: {
        reason: 'Um Catch de todos os nós não tem equivalente em outros motores.',
        remedy: 'Nomeie os nós cujos erros ele recebe.',
      },
      loop: {
        reason: 'Um fio leva de volta a ele; outros motores não conhecem laços.',
        remedy: 'Use ysh-retry-backoff para repetir e ysh-each para listas.',
      },
      meeting: {
        reason: 'Ramos de __from__ se encontram aqui sem um join; em outros motores isso significa esperar por ambos.',
        remedy: 'Faça dos ramos uma só cadeia.',
      },
      rate: {
        reason: 'Um limite de mensagens por tempo não tem equivalente em outros motores.',
        remedy: 'Limite o que está a caminho ao mesmo tempo, no ysh-each.',
      },
    },
  },
  *check(graph) {
    if (graph.inRuns.size === 0) return
    const met = new Map([...meetings(graph)].map((hit) => [hit.node, hit.values.from]))
    for (const node of graph.nodes) {
      if (!graph.inRuns.has(node)) continue
      const hit = foreign(node) ?? inGraph(graph, node, met)
      if (hit !== undefined) yield { node, ...hit }
    }
  },
}

function foreign(node: FlowNode): Omit<Hit, 'node'> | undefined {
  const { type } = node
  if (type === 'function' || type === 'template') {
    const context = /\b(flow|global|context)\.(get|set)\(/.test(textOf(node.func))
    return context ? { text: 'context' } : { text: 'code', values: { type } }
  }
  if (type === 'change' || type === 'switch') {
    const context = /"(pt|tot|vt|propertyType)":"(flow|global)"/.test(JSON.stringify(node))
    return context ? { text: 'context' } : { text: 'code', values: { type } }
  }
  if (type === 'delay' && !['delay', 'delayv'].includes(textOf(node.pauseType) || 'delay')) return { text: 'rate' }
  if (type === 'catch' && !Array.isArray(node.scope)) return { text: 'catchAll' }
  if (dropped.has(type) || portable.has(type) || type.startsWith('ysh-') || type.startsWith('subflow:'))
    return undefined
  return { text: 'type', values: { type } }
}

function inGraph(graph: FlowGraph, node: FlowNode, met: ReadonlyMap<FlowNode, string>): Omit<Hit, 'node'> | undefined {
  const from = met.get(node)
  if (from !== undefined) return { text: 'meeting', values: { from } }
  const own = graph.reach(graph.next(node), { stop: ({ type }) => type === 'ysh-retry-backoff' })
  return own.has(node) && node.type !== 'ysh-retry-backoff'
    ? { text: 'loop', values: { name: nameOf(node) } }
    : undefined
}
