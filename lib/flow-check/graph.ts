import { type FlowNode, recordsOf, textOf, textsOf } from './node.ts'

/** Types that only pass messages on; they are looked through. */
const wiring = new Set(['junction', 'link in', 'link out'])
/** What holds nodes and is none itself. */
const holders = new Set(['tab', 'subflow', 'group', 'global-config', 'comment'])

/**
 * The flow as a graph: junctions and links are looked through, disabled nodes and tabs are left out. Inside a subflow wires are followed as on
 * a tab; an instance is one node.
 */
export class FlowGraph {
  readonly byId: ReadonlyMap<string, FlowNode>
  /** Nodes that run: no holders, no wiring, nothing disabled. Config nodes are among them. */
  readonly nodes: readonly FlowNode[]
  readonly catches: readonly FlowNode[]
  readonly #ports = new Map<string, FlowNode[][]>()

  constructor(all: readonly FlowNode[]) {
    this.byId = new Map(all.map((node) => [node.id, node]))
    const active = all.filter((node) => !this.#isOff(node))
    const on = new Set(active.map(({ id }) => id))
    this.nodes = active.filter(({ type }) => !holders.has(type) && !wiring.has(type))
    this.catches = this.nodes.filter(({ type }) => type === 'catch')
    for (const node of this.nodes) {
      const { wires } = node
      const ports = Array.isArray(wires) ? wires.map(textsOf) : []
      this.#ports.set(
        node.id,
        ports.map((ids) => this.#settle(ids, on)),
      )
    }
  }

  #isOff(node: FlowNode): boolean {
    const tab = this.byId.get(textOf(node.z))
    return node.d === true || node.disabled === true || tab?.disabled === true
  }

  /** The real nodes behind some ids. */
  #settle(ids: readonly string[], on: ReadonlySet<string>): FlowNode[] {
    const found = new Map<string, FlowNode>()
    const seen = new Set<string>()
    const todo = [...ids]
    for (let id = todo.pop(); id !== undefined; id = todo.pop()) {
      const node = this.byId.get(id)
      if (node === undefined || seen.has(id) || !on.has(id)) continue
      seen.add(id)
      if (!wiring.has(node.type)) found.set(id, node)
      else if (node.type === 'link out') todo.push(...(node.mode === 'return' ? [] : textsOf(node.links)))
      else todo.push(...(Array.isArray(node.wires) ? node.wires.flatMap(textsOf) : []))
    }
    return [...found.values()]
  }

  /** The nodes behind each output. */
  ports(node: FlowNode): readonly (readonly FlowNode[])[] {
    return this.#ports.get(node.id) ?? []
  }

  /** What a message that comes into a node reaches next. */
  next(node: FlowNode): FlowNode[] {
    return this.ports(node)
      .filter((_, port) => port !== later[node.type])
      .flat()
  }

  /** Whose messages come into a node. */
  before(node: FlowNode): readonly FlowNode[] {
    if (this.#before === undefined) {
      this.#before = new Map()
      for (const one of this.nodes) {
        for (const next of new Set(this.next(one))) this.#before.set(next, [...(this.#before.get(next) ?? []), one])
      }
    }
    return this.#before.get(node) ?? []
  }
  #before: Map<FlowNode, FlowNode[]> | undefined

  /** What starts runs: the nodes to name, and those that the run's message comes to. */
  starts(): { node: FlowNode; first: readonly FlowNode[] }[] {
    return this.nodes.flatMap((node) => {
      if (triggers.has(node.type)) return [{ node, first: this.next(node) }]
      // one that fails without its model has nothing to say later
      const first = node.whenAway === 'fail' ? [] : (this.ports(node)[later[node.type] ?? -1] ?? [])
      return first.length === 0 ? [] : [{ node, first }]
    })
  }

  /** All that messages reach from some nodes, those included; behind a node that `stop` names nothing is followed. */
  reach(
    from: readonly FlowNode[],
    { stop = () => false, errors = false }: { stop?: (node: FlowNode) => boolean; errors?: boolean } = {},
  ): Set<FlowNode> {
    const seen = new Set<FlowNode>()
    const todo = [...from]
    for (let node = todo.pop(); node !== undefined; node = todo.pop()) {
      if (seen.has(node)) continue
      seen.add(node)
      if (stop(node)) continue
      todo.push(...this.next(node))
      if (errors) todo.push(...this.catchesOf(node))
    }
    return seen
  }

  /** The Catch nodes that get a node's errors. */
  catchesOf(node: FlowNode): FlowNode[] {
    if (node.type === 'catch') return []
    return this.catches.filter((one) => one.z === node.z && this.#covers(one, node))
  }

  #covers({ scope, g }: FlowNode, node: FlowNode): boolean {
    if (Array.isArray(scope)) return scope.includes(node.id)
    if (scope !== 'group') return true // all nodes, or those that no other Catch covers
    for (let group = this.byId.get(textOf(node.g)); group !== undefined; group = this.byId.get(textOf(group.g))) {
      if (group.id === g) return true
    }
    return false
  }

  /** The tab or subflow that holds a node. */
  tabOf(node: FlowNode): FlowNode | undefined {
    return this.byId.get(textOf(node.z))
  }

  /** The nodes that messages of a durable run reach, the triggers included, by wires and by errors. */
  get inRuns(): ReadonlySet<FlowNode> {
    this.#inRuns ??= new Set([
      ...this.nodes.filter(({ type }) => triggers.has(type)),
      ...this.reach(
        this.starts().flatMap(({ first }) => first),
        { errors: true, stop: ({ type }) => type === 'ysh-run-end' },
      ),
    ])
    return this.#inRuns
  }
  #inRuns: ReadonlySet<FlowNode> | undefined
}

/** Nodes that start runs. */
const triggers: ReadonlySet<string> = new Set(['ysh-run', 'ysh-s3-event', 'ysh-alerts'])
/** Outputs whose messages are runs of their own, of later. */
const later: Readonly<Record<string, number>> = { 'ysh-ollama-enrich': 1 }

/** The name a person knows a node by. */
export function nameOf({ name, label, type }: FlowNode): string {
  return textOf(name) || textOf(label) || type
}

/** What Change rules of a node do: their kind, and the property they are about. */
export function changesOf(node: FlowNode): { kind: string; property: string; to: unknown; toType: string }[] {
  if (node.type !== 'change') return []
  return recordsOf(node.rules)
    .filter(({ pt }) => pt === 'msg' || pt === undefined)
    .map(({ t, p, to, tot }) => ({ kind: textOf(t), property: textOf(p), to, toType: textOf(tot) || 'str' }))
}
