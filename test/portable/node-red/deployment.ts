import type { FlowNode } from '../../helpers/node-red.ts'
import type { Case } from '../cases.ts'

/** The node that all cases share. */
const shared = 'stores'

/** Before each id of a case, so that all of them can be deployed together: `c07-`. */
export const prefixOf = (name: string) => `c${name.slice(0, 2)}-`

/** The flows of cases on one Node-RED: other ids, the same wires, and places on the canvas, which Node-RED tells nodes by. */
export function deployment(cases: readonly (Case & { name: string })[], stores: Record<string, unknown>): FlowNode[] {
  return [
    { id: shared, type: 'ysh-stores', ...stores },
    ...cases.flatMap(({ name, flow, script }) => {
      const prefix = prefixOf(name)
      // Only what nobody catches is found by its stall; on a slow machine nothing else may look like one.
      const stallSeconds = flow.some(({ type }) => type === 'catch') ? 60 : 10
      return flow
        .filter(({ id }) => id !== shared)
        .map(
          (node): FlowNode => ({
            ...node,
            ...(node.type === 'ysh-scripted' ? { script: JSON.stringify(script), prefix } : {}),
            ...(node.type === 'ysh-run' ? { stallSeconds } : {}),
            ...(node.z === undefined ? {} : { x: 100, y: 100 }),
            ...renamed(node, prefix),
          }),
        )
    }),
  ]
}

/** The properties that hold ids. */
const idProperties = ['id', 'z', 'g', 'wires', 'scope', 'links', 'nodes', 'in', 'out'] as const

function renamed({ type, ...node }: FlowNode, prefix: string): FlowNode {
  const named: Record<string, unknown> = {}
  for (const name of idProperties) if (name in node) named[name] = prefixed(node[name], prefix)
  return {
    ...named,
    id: prefix + node.id,
    type: type.startsWith('subflow:') ? type.replace('subflow:', `subflow:${prefix}`) : type,
  }
}

/** Ids are the texts in there: of a subflow's ends those under `wires`. */
function prefixed(value: unknown, prefix: string): unknown {
  if (typeof value === 'string') return prefix + value
  if (Array.isArray(value)) return value.map((part) => prefixed(part, prefix))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, prefixed(part, prefix)]))
}
