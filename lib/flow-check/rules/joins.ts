import { type FlowGraph, nameOf } from '../graph.ts'
import type { FlowNode } from '../node.ts'
import type { Rule } from '../rule.ts'

const isJoin = ({ type }: FlowNode) => type === 'ysh-join'
const eachs = (graph: FlowGraph) => graph.nodes.filter(({ type }) => type === 'ysh-each')
/** The way of the items, up to the joins. */
const itemsOf = (graph: FlowGraph, each: FlowNode) => graph.reach(graph.ports(each)[0] ?? [], { stop: isJoin })

/** Items that nobody brings together. */
export const eachWithoutJoin: Rule = {
  id: 'each-without-join',
  severity: 'error',
  texts: {
    'en-US': {
      text: {
        reason: 'No ysh-join follows its items: the window never empties, and the run never goes on.',
        remedy: 'Wire each → steps → ysh-join, and a Catch node of the steps to the ysh-join.',
      },
    },
    'pt-BR': {
      text: {
        reason: 'Nenhum ysh-join segue seus itens: a janela nunca esvazia, e a execução nunca continua.',
        remedy: 'Ligue each → passos → ysh-join, e um nó Catch dos passos ao ysh-join.',
      },
    },
  },
  *check(graph) {
    for (const node of eachs(graph)) if (![...itemsOf(graph, node)].some(isJoin)) yield { node }
  },
}

/** An end in the middle of an each. */
export const itemsReachEnd: Rule = {
  id: 'items-reach-end',
  severity: 'error',
  texts: {
    'en-US': {
      text: {
        reason: 'Items of __each__ reach this end without a ysh-join; they fail with END_INSIDE_EACH.',
        remedy: 'Wire the items to a ysh-join, and the ysh-join here.',
      },
    },
    'pt-BR': {
      text: {
        reason: 'Itens de __each__ chegam a este fim sem um ysh-join; falham com END_INSIDE_EACH.',
        remedy: 'Ligue os itens a um ysh-join, e o ysh-join aqui.',
      },
    },
  },
  *check(graph) {
    for (const each of eachs(graph)) {
      for (const node of itemsOf(graph, each)) {
        if (node.type === 'ysh-run-end') yield { node, values: { each: nameOf(each) } }
      }
    }
  },
}

/** A join that nothing leads to. */
export const joinWithoutEach: Rule = {
  id: 'join-without-each',
  severity: 'error',
  texts: {
    'en-US': {
      text: {
        reason: 'No ysh-each comes before it; what arrives fails with JOIN_WITHOUT_EACH.',
        remedy: 'Send the list through a ysh-each, or take the ysh-join out.',
      },
    },
    'pt-BR': {
      text: {
        reason: 'Nenhum ysh-each vem antes dele; o que chega falha com JOIN_WITHOUT_EACH.',
        remedy: 'Passe a lista por um ysh-each, ou retire o ysh-join.',
      },
    },
  },
  *check(graph) {
    const reached = graph.reach(eachs(graph), { errors: true })
    for (const node of graph.nodes) {
      // What comes into a subflow from outside is not seen.
      if (isJoin(node) && !reached.has(node) && graph.tabOf(node)?.type !== 'subflow') yield { node }
    }
  },
}

/** Where a message that comes twice does no harm: who only shows or keeps, and who brings together. */
const harmless = new Set(['debug', 'ysh-join', 'join', 'batch', 'file', 'rbe', 'complete', 'ysh-incident'])

/** Two wires of one output that meet again: the node runs twice. */
export const implicitJoin: Rule = {
  id: 'fan-in-without-join',
  severity: 'warning',
  texts: {
    'en-US': {
      text: {
        reason:
          'Two branches from one output of __from__ meet here: this node runs once for each, not once after both.',
        remedy: 'Make the branches one chain, or bring them together before this node.',
      },
    },
    'pt-BR': {
      text: {
        reason:
          'Dois ramos de uma mesma saída de __from__ se encontram aqui: este nó executa uma vez para cada, não uma vez após ambos.',
        remedy: 'Faça dos ramos uma só cadeia, ou reúna-os antes deste nó.',
      },
    },
  },
  check: (graph) => meetings(graph),
}

/** The first nodes in which branches of one output meet. */
export function* meetings(graph: FlowGraph) {
  const told = new Set<FlowNode>()
  for (const from of graph.nodes) {
    for (const targets of graph.ports(from)) {
      if (targets.length < 2) continue
      const times = new Map<FlowNode, number>()
      for (const target of targets) {
        for (const node of graph.reach([target], { stop: ({ type }) => harmless.has(type) })) {
          times.set(node, (times.get(node) ?? 0) + 1)
        }
      }
      const twice = (node: FlowNode) => (times.get(node) ?? 0) >= 2
      for (const node of times.keys()) {
        if (!twice(node) || told.has(node) || harmless.has(node.type) || node === from) continue
        // Not those behind the meeting: they run twice because it does.
        const above = graph.before(node).filter((one) => times.has(one))
        if (above.length > 0 && above.every(twice) && !targets.includes(node)) continue
        told.add(node)
        yield { node, values: { from: nameOf(from) } }
      }
    }
  }
}
