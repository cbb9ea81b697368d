import { type FlowNode, isRecord, recordsOf, textOf } from '../../flow-check/node.ts'
import type { Frame, Ref } from './flow.ts'

/** `${NAME}` and nothing else, as Node-RED fills it in. */
const reference = /^\$\{([^}]+)\}$/
/** The shipped flows' form of a default: the process's variable, else this text. */
const withDefault = /^\$env\("([^"]+)"\) \? \$env\("([^"]+)"\) : "([^"]*)"$/

/** What settings get from the environment: of subflow instances, tabs and groups, the flow's global properties, and what is given. */
export class Environment {
  readonly #given: Readonly<Record<string, string>>
  readonly #globals = new Map<string, Record<string, unknown>>()

  constructor(nodes: readonly FlowNode[], given: Readonly<Record<string, string>>) {
    this.#given = given
    for (const node of nodes.filter(({ type }) => type === 'global-config')) {
      for (const entry of recordsOf(node.env)) this.#globals.set(textOf(entry.name), entry)
    }
  }

  /** A variable's value for a node; undefined where only the process that runs it knows. */
  value(name: string, ref: Ref): string | undefined {
    const own = this.#nearest(name, ref.frame, ref.node)
    if (own !== undefined) return this.#entry(own.entry, own.ref, name)
    return this.default(name)
  }

  /** A global variable's value: as given, else the flow's default. */
  default(name: string): string | undefined {
    if (name in this.#given) return this.#given[name]
    const entry = this.#globals.get(name)
    return entry === undefined ? undefined : this.#entry(entry, undefined, name)
  }

  /** A setting with the values of the subflow around it filled in; `${NAME}` of the process stays. */
  localised(value: unknown, ref: Ref): unknown {
    if (typeof value === 'string') {
      const name = reference.exec(value)?.[1]
      if (name === undefined) return value
      const own = this.#nearest(name, ref.frame, ref.node)
      if (own === undefined) return value
      const { type, value: inner } = own.entry
      if (type === 'env') return this.localised(`\${${textOf(inner)}}`, own.ref ?? ref)
      return type === 'jsonata' ? value : this.localised(inner, own.ref ?? ref)
    }
    if (Array.isArray(value)) return value.map((part) => this.localised(part, ref))
    if (isRecord(value)) {
      return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, this.localised(part, ref)]))
    }
    return value
  }

  /** The entry that is nearest: of the instance, its definition, then outwards. `ref` is where its own value is to be read. */
  #nearest(name: string, frame: Frame, node: FlowNode): { entry: Record<string, unknown>; ref?: Ref } | undefined {
    for (let group = frame.byId.get(textOf(node.g)); group !== undefined; group = frame.byId.get(textOf(group.g))) {
      const entry = find(group.env, name)
      if (entry !== undefined) return { entry }
    }
    const { definition, holder } = frame
    if (frame.via === 'subflow' && holder !== undefined) {
      const entry = find(holder.node.env, name) ?? own(holder.node, definition, name)
      if (entry !== undefined) return { entry, ref: holder }
      const inner = find(definition?.env, name)
      if (inner !== undefined) return { entry: inner, ref: holder }
      return this.#nearest(name, holder.frame, holder.node)
    }
    const entry = find(frame.byId.get(textOf(node.z))?.env, name)
    if (entry !== undefined) return { entry }
    return holder === undefined ? undefined : this.#nearest(name, holder.frame, holder.node)
  }

  #entry({ type, value }: Record<string, unknown>, ref: Ref | undefined, name: string): string | undefined {
    const text = typeof value === 'string' ? value : String(value)
    if (type === 'jsonata') {
      const [, first, second, fallback] = withDefault.exec(text.trim()) ?? []
      return first === undefined || first !== second ? undefined : (this.#given[first] ?? fallback)
    }
    const inner = type === 'env' ? text : reference.exec(text)?.[1]
    if (inner === undefined) return text
    if (inner === name) return this.#given[inner]
    return ref === undefined ? this.default(inner) : this.value(inner, ref)
  }
}

function find(env: unknown, name: string): Record<string, unknown> | undefined {
  return recordsOf(env).find((entry) => entry.name === name)
}

/** A subflow of the palette keeps its settings as properties of the node. */
function own(node: FlowNode, definition: FlowNode | undefined, name: string): Record<string, unknown> | undefined {
  if (node.type.startsWith('subflow:') || find(definition?.env, name) === undefined) return undefined
  const { [name]: value } = node
  return value === undefined ? undefined : { name, type: 'str', value }
}

/** The variables that a setting names. */
export function variablesIn(value: unknown): string[] {
  if (typeof value === 'string') {
    const name = reference.exec(value)?.[1]
    return name === undefined ? [] : [name]
  }
  if (Array.isArray(value)) return value.flatMap(variablesIn)
  return isRecord(value) ? Object.values(value).flatMap(variablesIn) : []
}
