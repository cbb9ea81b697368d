import type { FlowGraph } from '../graph.ts'
import type { FlowNode } from '../node.ts'
import type { Rule } from '../rule.ts'

/** What starts runs that nothing ends. */
export const runWithoutEnd: Rule = {
  id: 'run-without-end',
  severity: 'error',
  texts: {
    'en-US': {
      text: {
        reason: 'No ysh-run-end can be reached from it: its runs stay open and fail with STALLED.',
        remedy: 'Wire the last step of every way to a ysh-run-end.',
      },
    },
    'pt-BR': {
      text: {
        reason: 'Nenhum ysh-run-end é alcançado a partir dele: suas execuções ficam abertas e falham com STALLED.',
        remedy: 'Ligue o último passo de cada caminho a um ysh-run-end.',
      },
    },
  },
  *check(graph) {
    for (const { node, first } of graph.starts()) {
      const reached = [...graph.reach(first, { errors: true })]
      // Ends inside a subflow are not seen from outside.
      if (!reached.some(({ type }) => type === 'ysh-run-end' || type.startsWith('subflow:'))) yield { node }
    }
  },
}

/** Outputs of which every message takes exactly one: each must lead on. By type, the outputs and their English names. */
export const ways: Readonly<Record<string, readonly string[]>> = {
  'ysh-aneel-dataset': ['published', 'unchanged', 'failed'],
  'ysh-aneel-fetch': ['published', 'unchanged'],
  'ysh-fetch-with-fallback': ['data', 'failed'],
  'ysh-notify-on-failure': ['the message'],
  'ysh-pdf-to-index': ['indexed', 'unchanged', 'failed'],
  'ysh-utility-scrape': ['published', 'unchanged', 'held'],
  'ysh-pdf-extract': ['extracted', 'unchanged'],
  'ysh-vector-index': ['indexed', 'unchanged'],
  'ysh-vector-search': ['found', 'nothing'],
  'ysh-each': ['item', 'empty'],
  'ysh-join': ['joined'],
  'ysh-retry-backoff': ['try', 'gave up'],
  'ysh-api-cache': ['renewed'],
  'ysh-notify': ['queued'],
}

/** A way on which a run's message is lost. */
export const openEnd: Rule = {
  id: 'open-end',
  severity: 'error',
  texts: {
    'en-US': {
      text: {
        reason:
          'In a run its output "__output__" leads nowhere: a message that takes it is lost, and the run fails with STALLED.',
        remedy: 'Wire the output on, to the next step, the ysh-join or the ysh-run-end.',
      },
    },
    'pt-BR': {
      text: {
        reason:
          'Numa execução sua saída "__output__" não leva a nada: a mensagem que a toma se perde, e a execução falha com STALLED.',
        remedy: 'Ligue a saída ao próximo passo, ao ysh-join ou ao ysh-run-end.',
      },
    },
  },
  *check(graph) {
    for (const node of graph.inRuns) {
      // A subflow's outputs are its instance's.
      if (graph.tabOf(node)?.type === 'subflow') continue
      const names = ways[node.type] ?? []
      for (const [port, output] of names.entries()) {
        if (graph.ports(node)[port]?.length === 0 && !isAside(graph, node)) yield { node, values: { output } }
      }
    }
  },
}

/** Another branch of the same message leads the run on. */
function isAside(graph: FlowGraph, node: FlowNode): boolean {
  const forks = [...graph.inRuns].flatMap((one) => graph.ports(one)).filter((targets) => targets.length > 1)
  return forks.some((targets) => {
    const branches = targets.map((target) => graph.reach([target]))
    const others = branches.filter((branch) => !branch.has(node))
    const goesOn = (branch: Set<FlowNode>) =>
      [...branch].some(({ type }) => type === 'ysh-run-end' || type === 'ysh-join')
    return others.length < branches.length && others.some(goesOn)
  })
}
