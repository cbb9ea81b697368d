import { compile } from '../../portable/plan/compile.ts'
import type { Diagnostic, DiagnosticCode } from '../../portable/plan/diagnostics.ts'
import { texts } from '../../portable/plan/texts.ts'
import type { FlowGraph } from '../graph.ts'
import type { FlowNode } from '../node.ts'
import type { Rule } from '../rule.ts'
import { ways } from './runs.ts'

/** What rules of their own say, about the flow in Node-RED too. */
const saidElsewhere: ReadonlySet<DiagnosticCode> = new Set<DiagnosticCode>([
  'OPEN_END',
  'UNCAUGHT',
  'EACH_WITHOUT_JOIN',
  'JOIN_WITHOUT_EACH',
  'ITEM_REACHES_END',
  // A selection may lack its subflow, and a flow its runs.
  'SUBFLOW_MISSING',
  'NOTHING',
])
/** Subflows of the palette: what is inside is ours, and compiles. */
const ours = ['ysh-aneel-dataset', 'ysh-fetch-with-fallback', 'ysh-notify-on-failure', 'ysh-pdf-to-index']

/**
 * What runs in Node-RED and could not be run by another engine (Step Functions, Airflow, a queue of jobs): what the compiler refuses or does
 * otherwise. Only nodes of durable runs are looked at.
 */
export const notPortable: Rule = {
  id: 'not-portable',
  severity: 'hint',
  texts,
  *check(graph) {
    if (graph.inRuns.size === 0) return
    const steps = Object.fromEntries(ours.map((type) => [type, ways[type] ?? []]))
    const { diagnostics } = compile([...graph.byId.values()], { steps })
    for (const { code, node, values } of diagnostics) {
      if (saidElsewhere.has(code)) continue
      const found = nodeOf(graph, node)
      if (found !== undefined) yield { node: found, text: code, values }
    }
  },
}

/** Inside of instances and calls an id is a path: the node itself, or the innermost holder that the flow has. */
function nodeOf(graph: FlowGraph, path: Diagnostic['node']): FlowNode | undefined {
  return path
    .split('/')
    .reverse()
    .map((id) => graph.byId.get(id))
    .find((node) => node !== undefined)
}
