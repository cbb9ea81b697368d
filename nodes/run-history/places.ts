import type { NodeDefinition, Red } from '../kit/red.ts'

/** Where a node of the journal stands in the flows. */
export interface Place {
  /** What a person calls it. */
  name: string
  /** '' where it is in no flow any more. */
  type: string
  /** What can be shown on the canvas: the node, or the instance of the subflow it is in. Null when it was deleted. */
  canvas: string | null
  /** Nodes further in, the innermost first: the node itself and the instances of subflows between, where each stands in its subflow. */
  inside: string[]
  /** Name of its tab. */
  tab: string
}

/** The nodes of the deployed flows by the ids of the journal, which lead through the instances of subflows (`instance/inner`). */
export class Places {
  readonly #nodes = new Map<string, NodeDefinition>()

  constructor({ nodes }: Red) {
    nodes.eachNode((node) => {
      if (this.#nodes.size < 50_000) this.#nodes.set(node.id, node)
    })
  }

  /** Where the node with this id of the journal is. */
  of(path: string): Place {
    const [outer = '', ...rest] = path.split('/')
    const inner = this.#nodes.get(rest.at(-1) ?? outer)
    const shown = this.#nodes.get(outer)
    if (shown === undefined) return { name: path, type: '', canvas: null, inside: [], tab: '' }
    const outerName = nameOf(shown)
    const type = rest.length === 0 ? shown.type : (inner?.type ?? '')
    const name =
      rest.length === 0 ? outerName : `${outerName} / ${inner === undefined ? rest.join('/') : nameOf(inner)}`
    return { name, type, canvas: shown.id, inside: rest.toReversed(), tab: this.#tab(shown) }
  }

  /** All that is asked for, by id. */
  all(paths: Iterable<string>): Record<string, Place> {
    return Object.fromEntries([...new Set(paths)].map((path) => [path, this.of(path)]))
  }

  /** The nodes before a node, along the wires against the flow, the nearest first, at most 100; in the same instance of a subflow. */
  before(path: string): string[] {
    const cut = path.lastIndexOf('/')
    const prefix = path.slice(0, cut + 1)
    const own = this.#nodes.get(path.slice(cut + 1))
    if (own === undefined) return []
    const near = [...this.#nodes.values()].filter(({ z }) => z === own.z)
    const found: string[] = []
    for (let ring = [own.id]; ring.length > 0 && found.length < 100; ) {
      const sources = near.filter((node) => targets(node).some((id) => ring.includes(id)) && !found.includes(node.id))
      ring = sources.map(({ id }) => id)
      found.push(...ring)
    }
    return found.map((id) => `${prefix}${id}`)
  }

  #tab({ z }: NodeDefinition): string {
    const tab = typeof z === 'string' ? this.#nodes.get(z) : undefined
    return typeof tab?.label === 'string' ? tab.label : ''
  }
}

function nameOf({ name, label, type }: NodeDefinition): string {
  const given = [name, label].find((text) => typeof text === 'string' && text !== '')
  return typeof given === 'string' ? given : type
}

function targets({ wires }: NodeDefinition): string[] {
  return Array.isArray(wires) ? wires.flat().filter((id) => typeof id === 'string') : []
}
