import type { FlowNode } from '../../lib/flow-check/node.ts'

/** A node of a test's flow, on the tab `tab`; targets are ids, a list in the list is an output. */
export function node(
  id: string,
  type: string,
  to: readonly (string | readonly string[])[] = [],
  settings: Record<string, unknown> = {},
): FlowNode {
  const wires = to.every((target) => typeof target === 'string') ? [to] : to.map((target) => [target].flat())
  const stores = type.startsWith('ysh-') ? { stores: 'stores' } : {}
  return { id, type, z: 'tab', name: '', wires, ...stores, ...settings }
}

/** A Catch of named nodes; of all where none is named. */
export const catchOf = (id: string, scope: readonly string[] | null, to: readonly string[]): FlowNode =>
  node(id, 'catch', to, { scope })

/** What nearly every flow needs. */
export const base: readonly FlowNode[] = [
  { id: 'tab', type: 'tab', label: 'Flow' },
  { id: 'stores', type: 'ysh-stores' },
  { id: 'portal', type: 'ysh-aneel-portal', tries: 4 },
  { id: 'ollama', type: 'ysh-ollama', url: 'http://127.0.0.1:11434' },
]
