import assert from 'node:assert/strict'
import type { FlowNode } from '../helpers/node-red.ts'
import { flowNodes } from './running.ts'

/**
 * Flow files as one, as the editor has them after it imported one beside the other: what both bring is there once and must be the same, the
 * global environments are one.
 */
export function mergedFlows(...paths: string[]): FlowNode[] {
  const all = new Map<string, FlowNode>()
  const settings = new Map<string, unknown>()
  let environment: FlowNode | undefined
  for (const node of paths.flatMap(flowNodes)) {
    if (node.type === 'global-config') {
      environment ??= node
      for (const setting of Array.isArray(node.env) ? node.env : []) settings.set(setting.name, setting)
      continue
    }
    const before = all.get(node.id)
    if (before !== undefined) assert.deepEqual(node, before, `${node.id} differs between ${paths.join(' and ')}`)
    all.set(node.id, node)
  }
  return environment === undefined
    ? [...all.values()]
    : [{ ...environment, env: [...settings.values()] }, ...all.values()]
}
