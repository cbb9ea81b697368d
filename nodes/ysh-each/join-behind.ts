import type { NodeDefinition, Red } from '../kit/red.ts'

/** Nodes that are looked at; behind more of them nothing is found. */
const most = 5_000

/**
 * The `ysh-join` to which the wires of an `ysh-each` lead, by its path in the journal: lists in between with their own joins are passed, and
 * so are link nodes and instances of subflows. Undefined where there is none in the same tab or subflow, or more than one.
 */
export function joinBehind({ nodes }: { nodes: Pick<Red['nodes'], 'eachNode'> }, path: string): string | undefined {
  const cut = path.lastIndexOf('/') + 1
  const own = path.slice(cut)
  const all = new Map<string, NodeDefinition>()
  nodes.eachNode((node) => all.set(node.id, node))
  const joins = new Set<string>()
  const seen = new Set<string>()
  // How many lists are open between the each and there.
  let ring = next(all.get(own)).map((id) => ({ id, depth: 0 }))
  while (ring.length > 0 && seen.size < most) {
    const further: typeof ring = []
    for (const { id, depth } of ring) {
      const node = all.get(id)
      const key = `${depth} ${id}`
      if (node === undefined || node.d === true || seen.has(key)) continue
      seen.add(key)
      if (node.type === 'ysh-join' && depth === 0) joins.add(id)
      else {
        const change = node.type === 'ysh-each' ? 1 : node.type === 'ysh-join' ? -1 : 0
        further.push(...next(node).map((id) => ({ id, depth: depth + change })))
      }
    }
    ring = further
  }
  const [join] = joins
  if (join === undefined || joins.size > 1 || all.get(join)?.z !== all.get(own)?.z) return undefined
  return `${path.slice(0, cut)}${join}`
}

function next(node: NodeDefinition | undefined): string[] {
  const links = node?.type === 'link out' ? node.links : []
  return [node?.wires, links]
    .flatMap((ids) => (Array.isArray(ids) ? ids.flat() : []))
    .filter((id) => typeof id === 'string')
}
