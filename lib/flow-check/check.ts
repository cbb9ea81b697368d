import { FlowGraph, nameOf } from './graph.ts'
import { type FlowNode, textOf } from './node.ts'
import type { CheckLanguage, Finding, Hit, Rule, Severity } from './rule.ts'
import { rules } from './rules.ts'

export interface CheckOptions {
  /** Default en-US. */
  language?: CheckLanguage
  /** Rules that are switched off. */
  off?: readonly string[]
}

const order: Readonly<Record<Severity, number>> = { error: 0, warning: 1, hint: 2 }

/**
 * What is doubtful in a flow, the worst first. A node's description, its group's or its tab's may switch rules off: a line `lint-off: rule, rule`
 * or `lint-off: all`. Nothing is run and nothing is asked.
 */
export function checkFlow(nodes: readonly FlowNode[], { language = 'en-US', off = [] }: CheckOptions = {}): Finding[] {
  const graph = new FlowGraph(nodes)
  const findings: Finding[] = []
  for (const rule of rules) {
    if (off.includes(rule.id)) continue
    for (const hit of rule.check(graph)) {
      if (!isOff(graph, rule.id, hit.node)) findings.push(findingOf(graph, rule, hit, language))
    }
  }
  return findings.sort((one, other) => order[one.severity] - order[other.severity]) // stable: by rule, by place in the file
}

/** The ids of all rules. */
export const ruleIds: readonly string[] = rules.map(({ id }) => id)

function findingOf(graph: FlowGraph, { id, severity, texts }: Rule, hit: Hit, language: CheckLanguage): Finding {
  const { node, values = {} } = hit
  const text = hit.text === undefined ? Object.values(texts[language])[0] : texts[language][hit.text]
  const filled = (words = '') => words.replaceAll(/__(\w+?)__/g, (whole, name: string) => values[name] ?? whole)
  const tab = graph.tabOf(node)
  return {
    rule: id,
    severity,
    node: node.id,
    name: nameOf(node),
    type: node.type,
    tab: tab === undefined ? '' : nameOf(tab),
    reason: filled(text?.reason),
    remedy: filled(text?.remedy),
  }
}

function isOff(graph: FlowGraph, rule: string, node: FlowNode): boolean {
  const around: (FlowNode | undefined)[] = [node, graph.byId.get(textOf(node.g)), graph.tabOf(node)]
  return around.some((holder) => {
    const said = [...textOf(holder?.info).matchAll(/lint-off:([^\n<]*)/g)].flatMap(([, list = '']) =>
      list.split(/[\s,]+/),
    )
    return said.includes(rule) || said.includes('all')
  })
}
