import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { type FlowNode, flowNodes, isRecord } from '../flow-check/node.ts'
import type { SubflowModules } from './plan/flow.ts'

/**
 * The subflows that are nodes of this palette, as the build made them: definition and nodes by type. Empty where nothing is built; then a flow
 * with such a node is refused by name.
 */
export function paletteSubflows(): SubflowModules {
  // From the built file, and from the source of a checkout.
  const places = ['../../subflows/', '../../dist/subflows/'].map((place) => new URL(place, import.meta.url))
  const folder = places.find((place) => existsSync(new URL('ysh-aneel-dataset/subflow.json', place)))
  if (folder === undefined) return {}
  return Object.fromEntries(
    readdirSync(folder).map((type) => [
      type,
      nodesOf(JSON.parse(readFileSync(new URL(`${type}/subflow.json`, folder), 'utf8'))),
    ]),
  )
}

function nodesOf(module: unknown): FlowNode[] {
  if (!isRecord(module)) return []
  const { flow, ...definition } = module
  return flowNodes([definition, ...(Array.isArray(flow) ? flow : [])])
}
