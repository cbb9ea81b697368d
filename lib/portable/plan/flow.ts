import { type FlowNode, recordsOf, textOf, textsOf } from '../../flow-check/node.ts'
import type { Place } from './diagnostics.ts'
import { dropped, wiring } from './kinds.ts'

/** Subflows, calls and lists inside each other. */
export const mostDeep = 20

/** Nodes of a subflow that is a node of the palette, by type: what Node-RED registers. */
export type SubflowModules = Readonly<Record<string, readonly FlowNode[]>>

/** Where a node is met: on its tab, or inside an instance of a subflow or a call, which both give its id a prefix. */
export interface Frame {
  readonly via: 'flow' | 'subflow' | 'call'
  /** The instance or the link call; undefined for the flow itself. */
  readonly holder?: Ref
  readonly depth: number
  /** Before the ids: all holders, and for the journal only the subflow instances. */
  readonly prefix: string
  readonly journal: string
  /** Nodes by id, as this frame sees them. */
  readonly byId: ReadonlyMap<string, FlowNode>
  /** The subflow's definition. */
  readonly definition?: FlowNode
}

/** A node where it is met; the same object for the same place. */
export interface Ref {
  readonly id: string
  readonly path: string
  readonly node: FlowNode
  readonly frame: Frame
}

/** What a wire can come to that cannot be followed. */
export type Broken = 'CALL_DYNAMIC' | 'CALL_MISSING' | 'RECURSION' | 'SUBFLOW_MISSING' | 'RETURN_OUTSIDE' | 'TOO_DEEP'

/**
 * The flow with its wiring resolved: junctions, links, calls and subflows are looked through, what is disabled or only shows is left out.
 * What cannot be followed is told to `broken`.
 */
export class Flow {
  readonly root: Frame
  readonly nodes: readonly FlowNode[]
  readonly #modules: SubflowModules
  readonly #refs = new Map<string, Ref>()
  readonly #broken: (code: Broken, ref: Ref) => void
  #breaks = 0
  readonly #exits = new Map<FlowNode, ReadonlyMap<string, readonly number[]>>()
  readonly #frames = new Map<Ref, Frame>()
  readonly #inModule = new Map<string, Frame['byId']>()
  readonly #cut = new WeakSet<readonly Ref[]>()

  constructor(nodes: readonly FlowNode[], modules: SubflowModules, broken: (code: Broken, ref: Ref) => void) {
    this.nodes = nodes
    this.#modules = modules
    this.#broken = (code, ref) => {
      this.#breaks++
      broken(code, ref)
    }
    this.root = { via: 'flow', depth: 0, prefix: '', journal: '', byId: new Map(nodes.map((node) => [node.id, node])) }
  }

  /** The one object for a node in a frame. */
  ref(frame: Frame, node: FlowNode): Ref {
    const id = frame.prefix + node.id
    let known = this.#refs.get(id)
    if (known === undefined) {
      known = { id, path: frame.journal + node.id, node, frame }
      this.#refs.set(id, known)
    }
    return known
  }

  isOff(node: FlowNode): boolean {
    const tab = this.root.byId.get(textOf(node.z))
    return node.d === true || node.disabled === true || tab?.disabled === true
  }

  /** Outputs that a node has. */
  outputs({ node }: Ref): number {
    return Array.isArray(node.wires) ? node.wires.length : 0
  }

  /** The real nodes behind an output, each once. */
  behind(ref: Ref, port: number): Ref[] {
    const before = this.#breaks
    const found = new Set<Ref>()
    const seen = new Set<string>()
    const todo: { frame: Frame; node: FlowNode; port: number }[] = [{ frame: ref.frame, node: ref.node, port }]
    for (let at = todo.pop(); at !== undefined; at = todo.pop()) {
      const { frame, node, port } = at
      const mark = `${frame.prefix}${node.id}:${port}`
      if (seen.has(mark)) continue
      seen.add(mark)
      const wires: unknown = Array.isArray(node.wires) ? node.wires[port] : undefined
      const next = textsOf(wires)
        .map((id) => frame.byId.get(id))
        .filter((one) => one !== undefined)
      for (const exit of this.#exitsOf(frame, node.id, port)) {
        const { holder } = frame
        if (holder !== undefined) todo.push({ frame: holder.frame, node: holder.node, port: exit })
      }
      for (const one of next.reverse()) this.#enter(frame, one, found, todo)
    }
    const refs = [...found]
    if (this.#breaks > before) this.#cut.add(refs)
    return refs
  }

  /** Whether what {@link behind} gave lacks something that could not be followed, and was told. */
  isCut(refs: readonly Ref[]): boolean {
    return this.#cut.has(refs)
  }

  /** A wire comes to a node: it is what was looked for, or led through. */
  #enter(frame: Frame, node: FlowNode, found: Set<Ref>, todo: { frame: Frame; node: FlowNode; port: number }[]): void {
    if (this.isOff(node) || dropped.has(node.type)) return
    const ref = this.ref(frame, node)
    if (node.type === 'link out') {
      if (node.mode === 'return') {
        const call = callAround(frame)
        if (call === undefined) this.#broken('RETURN_OUTSIDE', ref)
        else todo.push({ frame: call.frame, node: call.node, port: 0 })
        return
      }
      for (const id of textsOf(node.links).reverse()) {
        const target = frame.byId.get(id)
        if (target !== undefined && !this.isOff(target)) todo.push({ frame, node: target, port: 0 })
      }
      return
    }
    if (wiring.has(node.type)) {
      todo.push({ frame, node, port: 0 })
      return
    }
    if (node.type === 'link call') {
      const inner = this.#call(ref)
      if (inner !== undefined) todo.push({ ...inner, port: 0 })
      return
    }
    const isSubflow = node.type.startsWith('subflow:') || node.type in this.#modules
    if (!isSubflow) {
      found.add(ref)
      return
    }
    const inner = this.frameOf(ref)
    const inputs = inner === undefined ? [] : recordsOf(recordsOf(inner.definition?.in)[0]?.wires)
    for (const { id } of inputs.reverse()) {
      const target = inner?.byId.get(textOf(id))
      if (inner === undefined) continue
      if (target !== undefined) this.#enter(inner, target, found, todo)
      else if (id === inner.definition?.id) {
        for (const exit of this.#exitsOf(inner, textOf(id), 0)) todo.push({ frame: ref.frame, node, port: exit })
      }
    }
  }

  #call(ref: Ref): { frame: Frame; node: FlowNode } | undefined {
    const { node, frame } = ref
    if (node.linkType === 'dynamic') {
      this.#broken('CALL_DYNAMIC', ref)
      return undefined
    }
    const target = frame.byId.get(textsOf(node.links)[0] ?? '')
    if (target === undefined || target.type !== 'link in' || this.isOff(target)) {
      this.#broken('CALL_MISSING', ref)
      return undefined
    }
    const inner = this.#inside(ref, 'call', frame.byId, `${frame.journal}`)
    return inner === undefined ? undefined : { frame: inner, node: target }
  }

  /** The inside of a subflow's instance. */
  frameOf(ref: Ref): Frame | undefined {
    const { node, frame } = ref
    const own = node.type.startsWith('subflow:') ? frame.byId.get(node.type.slice('subflow:'.length)) : undefined
    if (own !== undefined) return this.#inside(ref, 'subflow', this.root.byId, `${ref.path}/`, own)
    const module = this.#modules[node.type]
    const definition = module?.find(({ type }) => type === 'subflow')
    if (module === undefined || definition === undefined) {
      this.#broken('SUBFLOW_MISSING', ref)
      return undefined
    }
    let byId = this.#inModule.get(node.type)
    if (byId === undefined) {
      byId = new Map([...this.root.byId, ...module.map((one) => [one.id, one] as const)])
      this.#inModule.set(node.type, byId)
    }
    return this.#inside(ref, 'subflow', byId, `${ref.path}/`, definition)
  }

  #inside(
    holder: Ref,
    via: 'subflow' | 'call',
    byId: Frame['byId'],
    journal: string,
    definition?: FlowNode,
  ): Frame | undefined {
    const known = this.#frames.get(holder)
    if (known !== undefined) return known
    for (let around: Frame | undefined = holder.frame; around !== undefined; around = around.holder?.frame) {
      const again = definition !== undefined ? around.definition === definition : around.holder?.node === holder.node
      if (again) {
        this.#broken('RECURSION', holder)
        return undefined
      }
    }
    const depth = holder.frame.depth + 1
    if (depth > mostDeep) {
      this.#broken('TOO_DEEP', holder)
      return undefined
    }
    const frame: Frame = {
      ...{ via, holder, depth, byId, journal },
      prefix: `${holder.id}/`,
      ...(definition === undefined ? {} : { definition }),
    }
    this.#frames.set(holder, frame)
    return frame
  }

  /** The outputs of the subflow that a node's output inside of it is. */
  #exitsOf({ definition, via, holder }: Frame, id: string, port: number): readonly number[] {
    if (definition === undefined) {
      // A called region inside a subflow belongs to it.
      return via === 'call' && holder !== undefined ? this.#exitsOf(holder.frame, id, port) : []
    }
    let known = this.#exits.get(definition)
    if (known === undefined) {
      const exits = new Map<string, number[]>()
      for (const [at, out] of recordsOf(definition.out).entries()) {
        for (const { id, port } of recordsOf(out.wires)) {
          const key = `${textOf(id)}:${String(port)}`
          exits.set(key, [...(exits.get(key) ?? []), at])
        }
      }
      known = exits
      this.#exits.set(definition, known)
    }
    return known.get(`${id}:${port}`) ?? []
  }

  /** Id, name, type and tab of a node, for a message about it. */
  placeOf({ node, id, frame }: Ref): Place {
    const holder = frame.byId.get(textOf(node.z))
    const tab = frame.definition ?? holder
    return { node: id, name: nameOf(node), type: node.type, tab: tab === undefined ? '' : nameOf(tab) }
  }
}

/** The call that a return goes back to. */
function callAround(frame: Frame): Ref | undefined {
  for (let around: Frame | undefined = frame; around !== undefined; around = around.holder?.frame) {
    if (around.via === 'call') return around.holder
  }
  return undefined
}

/** The name a person knows a node by. */
export function nameOf({ name, label, type }: FlowNode): string {
  return textOf(name) || textOf(label) || type
}
