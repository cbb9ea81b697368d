import { changesOf, type FlowGraph } from '../graph.ts'
import { type FlowNode, textOf } from '../node.ts'
import type { Rule } from '../rule.ts'

/** Steps of ours that ask somebody outside, and where the tries of a request stand. */
const ours: Readonly<Record<string, 'own' | 'portal' | 'none'>> = {
  'ysh-aneel-fetch': 'portal',
  'ysh-utility-scrape': 'own',
  'ysh-pdf-extract': 'own',
  'ysh-ollama-enrich': 'none',
  'ysh-vector-index': 'none',
  'ysh-archive': 'none',
  'ysh-notify': 'none',
}
const foreign = new Set(['http request', 'exec', 'tcp request'])

const calls = (graph: FlowGraph) => graph.nodes.filter(({ type }) => type in ours || foreign.has(type))

/** A node's errors go nowhere. */
export const callWithoutCatch: Rule = {
  id: 'call-without-catch',
  severity: 'warning',
  texts: {
    'en-US': {
      text: {
        reason: 'It depends on the outside, and no Catch node gets its errors.',
        remedy: 'Add a Catch node for it; inside an each wire it to the ysh-join, in a run to the ysh-run-end.',
      },
    },
    'pt-BR': {
      text: {
        reason: 'Depende de fora, e nenhum nó Catch recebe seus erros.',
        remedy: 'Adicione um nó Catch para ele; dentro de um each ligue-o ao ysh-join, numa execução ao ysh-run-end.',
      },
    },
  },
  *check(graph) {
    for (const node of calls(graph)) {
      if (graph.catchesOf(node).length > 0 || isCaughtOutside(graph, node)) continue
      yield { node }
    }
  },
}

/** Errors that a subflow does not catch go to the tab of its instance. */
function isCaughtOutside(graph: FlowGraph, node: FlowNode): boolean {
  if (graph.tabOf(node)?.type !== 'subflow') return false
  const instances = graph.nodes.filter(({ type }) => type === `subflow:${textOf(node.z)}`)
  return instances.length > 0 && instances.every((instance) => graph.catchesOf(instance).length > 0)
}

/** One failure is final. */
export const callWithoutRetry: Rule = {
  id: 'call-without-retry',
  severity: 'warning',
  texts: {
    'en-US': {
      text: {
        reason: 'A request that fails is not tried again.',
        remedy: 'Wire its Catch node to a ysh-retry-backoff before it, or raise the tries of a node that has them.',
      },
    },
    'pt-BR': {
      text: {
        reason: 'Uma requisição que falha não é repetida.',
        remedy: 'Ligue seu nó Catch a um ysh-retry-backoff antes dele, ou aumente as tentativas de um nó que as tem.',
      },
    },
  },
  *check(graph) {
    // What is asked after an error is a second way already.
    const fallbacks = graph.reach(graph.catches)
    for (const node of calls(graph)) {
      if (triesOf(graph, node) > 1 || fallbacks.has(node)) continue
      const behind = graph.reach(graph.catchesOf(node))
      if (![...behind].some(({ type }) => type === 'ysh-retry-backoff')) yield { node }
    }
  },
}

/** How often a node asks by itself; what has its own law (outbox, turns, SDK) counts as many. */
function triesOf(graph: FlowGraph, node: FlowNode): number {
  const place = ours[node.type]
  if (place === undefined) return 1
  const holder = place === 'portal' ? graph.byId.get(textOf(node.portal)) : node
  const tries = place === 'none' ? undefined : holder?.tries
  return tries === undefined || tries === '' || !Number.isFinite(Number(tries))
    ? Number.POSITIVE_INFINITY
    : Number(tries)
}

/** Nobody says how long it may take. Our own steps have deadlines of their own. */
export const callWithoutDeadline: Rule = {
  id: 'call-without-deadline',
  severity: 'warning',
  texts: {
    'en-US': {
      http: {
        reason:
          'The flow sets no time limit for this request; it waits as long as settings.js says, two minutes by default.',
        remedy: 'Set msg.requestTimeout (milliseconds) in a Change node before it.',
      },
      exec: {
        reason: 'The command has no time limit: one that hangs stays for ever.',
        remedy: 'Set a time limit in the node.',
      },
    },
    'pt-BR': {
      http: {
        reason:
          'O fluxo não define limite de tempo para esta requisição; ela espera o que settings.js diz, dois minutos por padrão.',
        remedy: 'Defina msg.requestTimeout (milissegundos) num nó Change antes dele.',
      },
      exec: {
        reason: 'O comando não tem limite de tempo: um que trava fica para sempre.',
        remedy: 'Defina um limite de tempo no nó.',
      },
    },
  },
  *check(graph) {
    for (const node of graph.nodes) {
      if (node.type === 'exec' && ['', '0'].includes(String(node.timer ?? ''))) yield { node, text: 'exec' }
      if (node.type === 'http request' && !isTimed(graph, node)) yield { node, text: 'http' }
    }
  },
}

function isTimed(graph: FlowGraph, request: FlowNode): boolean {
  const timers = graph.nodes.filter(
    (node) =>
      changesOf(node).some(({ kind, property }) => kind === 'set' && property === 'requestTimeout') ||
      (node.type === 'function' && textOf(node.func).includes('requestTimeout')) ||
      (node.type === 'inject' && JSON.stringify(node.props ?? []).includes('"requestTimeout"')),
  )
  return timers.some((timer) => graph.reach([timer]).has(request))
}
