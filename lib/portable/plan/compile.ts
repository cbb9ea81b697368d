import type { FlowNode } from '../../flow-check/node.ts'
import { canonicalText } from '../canonical.ts'
import { Catches } from './catches.ts'
import { type Diagnostic, Diagnostics, type Place } from './diagnostics.ts'
import { Environment, variablesIn } from './environment.ts'
import { Flow, mostDeep, nameOf, type Ref, type SubflowModules } from './flow.ts'
import { type StepKind, stepKinds, triggerTypes } from './kinds.ts'
import { Walker } from './region.ts'
import type { Pipeline, Plan } from './schema.ts'
import { Settings, type Tell } from './settings.ts'
import { readTrigger } from './triggers.ts'
import { planVersion } from './version.ts'

export interface CompileOptions {
  /** SHA-256 of a text in hexadecimal; without it the plan carries none. */
  sha256?: (text: string) => string
  /** Values of variables that must be known when compiling; they go before the flow's defaults. */
  env?: Readonly<Record<string, string>>
  /** Subflows that are nodes of a palette. */
  modules?: SubflowModules
  /** Steps of other packages whose meaning the step runtime knows, with the names of their outputs. */
  steps?: Readonly<Record<string, readonly string[]>>
}

export interface Compiled {
  /** Undefined where something is wrong. */
  plan: Plan | undefined
  diagnostics: Diagnostic[]
}

const looks = new Set(['x', 'y', 'w', 'h', 'style', 'icon', 'inputLabels', 'outputLabels', 'l', 'credentials'])

/**
 * Compiles a flow to the portable plan. Nothing is run and nothing is asked; the time is linear in the nodes. The editor runs it too, so there
 * is no library in it.
 */
export function compile(nodes: readonly FlowNode[], options: CompileOptions = {}): Compiled {
  const { env = {}, modules = {}, steps = {}, sha256 = () => '' } = options
  const found = new Diagnostics()
  const tell: Tell = (code, place, values) => found.add(code, 'frame' in place ? flow.placeOf(place) : place, values)
  const flow: Flow = new Flow(nodes, modules, (code, ref) =>
    tell(code, ref, { type: ref.node.type, most: String(mostDeep) }),
  )
  const environment = new Environment(nodes, env)
  const settings = new Settings(environment, tell)
  const catches = new Catches(flow, modules, settings, tell)
  const kinds = { ...stepKinds, ...Object.fromEntries(Object.entries(steps).map(foreignKind)) }

  const lates: Ref[] = []
  const owed = new Set<Ref>()
  const late = (ref: Ref) => {
    if (ref.node.whenAway === 'fail' || owed.has(ref)) return
    owed.add(ref)
    lates.push(ref)
  }
  const on = { flow, catches, environment, settings, tell, kinds, late }
  const pipelines: Pipeline[] = []
  const add = (ref: Ref, as: 'trigger' | 'late') => {
    const walker = new Walker(on)
    const { head, first, ...told } = readTrigger(ref, as, walker, on)
    const regions = walker.run(ref, first, head)
    pipelines.push({ ...told, choiceProperties: walker.choiceProperties, regions })
  }
  const triggers = triggersIn(flow, modules)
  for (const ref of triggers) add(ref, 'trigger')
  for (const ref of lates) add(ref, 'late')
  if (triggers.length === 0) tell('NOTHING', holderOf(nodes))
  if (found.failed) return { plan: undefined, diagnostics: found.all }

  const config = nodes.filter((node) => isConfig(node) && !flow.isOff(node))
  const resources = config.map(({ id, type, name: _, z: __, credentials: ___, ...own }) => ({
    ...{ id, type, name: nameOf(byIdOf(flow, id)) },
    config: own,
  }))
  const plan: Plan = {
    version: planVersion,
    source: { sha256: sha256(sourceText(nodes)), nodes: nodes.length },
    environment: variables(pipelines, resources, environment),
    resources: resources.sort((one, other) => (one.id < other.id ? -1 : 1)),
    pipelines,
  }
  return { plan, diagnostics: found.all }
}

/** What the flow's hash is of: its nodes by id, without where and how they are drawn. */
export function sourceText(nodes: readonly FlowNode[]): string {
  const bare = nodes.map((node) => Object.fromEntries(Object.entries(node).filter(([name]) => !looks.has(name))))
  return canonicalText(bare.sort(({ id: one }, { id: other }) => (String(one) < String(other) ? -1 : 1)))
}

function foreignKind([type, ports]: [string, readonly string[]]): [string, StepKind] {
  return [type, { ports: ports.map((name) => [name, 'result'] as const) }]
}

/** The triggers of the flow, those inside of subflows' instances included, in the order of the file. */
function triggersIn(flow: Flow, modules: SubflowModules): Ref[] {
  const found: Ref[] = []
  const inside = new Map<string, FlowNode[]>()
  for (const node of [...flow.nodes, ...Object.values(modules).flat()]) {
    const isOf = triggerTypes.has(node.type) || node.type.startsWith('subflow:') || node.type in modules
    if (!isOf || flow.isOff(node) || typeof node.z !== 'string') continue
    inside.set(node.z, [...(inside.get(node.z) ?? []), node])
  }
  const todo: Ref[] = []
  const open = (holder: string, frame: Ref['frame']) => {
    for (const node of inside.get(holder) ?? []) todo.push(flow.ref(frame, node))
  }
  for (const { type, id } of flow.nodes) if (type === 'tab') open(id, flow.root)
  for (let at = 0; at < todo.length; at++) {
    const ref = todo[at]
    if (ref === undefined) break
    if (triggerTypes.has(ref.node.type)) found.push(ref)
    else {
      const frame = flow.frameOf(ref)
      if (frame?.definition !== undefined) open(frame.definition.id, frame)
    }
  }
  return found
}

function isConfig(node: FlowNode): boolean {
  return (
    node.wires === undefined &&
    node.x === undefined &&
    !['tab', 'subflow', 'group', 'global-config'].includes(node.type)
  )
}

function byIdOf(flow: Flow, id: string): FlowNode {
  return flow.root.byId.get(id) ?? { id, type: '' }
}

/** Where "there is nothing to compile" is said. */
function holderOf(nodes: readonly FlowNode[]): Place {
  const node = nodes.find(({ type }) => type === 'tab') ?? nodes[0] ?? { id: '', type: '' }
  return { node: node.id, name: nameOf(node), type: node.type, tab: nameOf(node) }
}

function variables(
  pipelines: readonly Pipeline[],
  resources: Plan['resources'],
  environment: Environment,
): Plan['environment'] {
  const users = new Map<string, Set<string>>()
  const note = (value: unknown, path: string) => {
    for (const name of variablesIn(value)) users.set(name, (users.get(name) ?? new Set()).add(path))
  }
  for (const { id, config } of resources) note(config, id)
  for (const { trigger, id, regions } of pipelines) {
    note(trigger, id)
    for (const { nodes } of regions) for (const node of nodes) if ('config' in node) note(node.config, node.path)
  }
  return [...users]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, nodes]) => ({ name, default: environment.default(name) ?? null, nodes: [...nodes].sort() }))
}
