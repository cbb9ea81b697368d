import type { FlowGraph } from './graph.ts'
import type { FlowNode } from './node.ts'

/** `error`: it will go wrong. `warning`: it goes wrong when the outside does. `hint`: it works here, and not everywhere. */
export type Severity = 'error' | 'warning' | 'hint'
export type CheckLanguage = 'en-US' | 'pt-BR'

/** Why, and what to do; `__name__` stands for a value of the hit. */
export interface RuleText {
  reason: string
  remedy: string
}

/** A node that a rule is about. */
export interface Hit {
  node: FlowNode
  /** Which of the rule's texts; by default the first. */
  text?: string
  values?: Readonly<Record<string, string>>
}

/** One thing that is looked for in a flow. */
export interface Rule {
  id: string
  severity: Severity
  texts: Readonly<Record<CheckLanguage, Readonly<Record<string, RuleText>>>>
  check(graph: FlowGraph): Iterable<Hit>
}

/** What was found, in words. */
export interface Finding {
  rule: string
  severity: Severity
  /** Id, name and type of the node; the tab or subflow it is on. */
  node: string
  name: string
  type: string
  tab: string
  reason: string
  remedy: string
}
