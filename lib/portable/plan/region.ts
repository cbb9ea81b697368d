import { type FlowNode, textOf, textsOf } from '../../flow-check/node.ts'
import type { Catches, Handling } from './catches.ts'
import { checkChange, secondsOf, switchOf } from './core-nodes.ts'
import type { Environment } from './environment.ts'
import { type Flow, mostDeep, type Ref } from './flow.ts'
import { areApart, inOrder } from './graph.ts'
import { code, type StepKind, streams, triggerTypes } from './kinds.ts'
import type { MapNode, PlanNode, Region, StepNode } from './schema.ts'
import type { Settings, Tell } from './settings.ts'

/** What all regions of a compilation share. */
export interface Surroundings {
  flow: Flow
  catches: Catches
  environment: Environment
  settings: Settings
  tell: Tell
  kinds: Readonly<Record<string, StepKind>>
  /** A step that owes work while its model is away. */
  late(ref: Ref): void
}

type Target = string | null

/** The region that is walked. */
interface Scope {
  kind: 'run' | 'items' | 'batches'
  id: string
  name: string
  depth: number
  join?: Ref
  /** Outputs of an item that lead nowhere. */
  open: { of: Ref; output: string }[]
  /** Of batches: where errors of the step itself go. */
  caughtAt?: Ref | undefined
}

/** Settings that say how a node is drawn or wired, or that the plan has in places of their own. */
const outside = new Set(
  [
    'id',
    'type',
    'z',
    'g',
    'x',
    'y',
    'd',
    'l',
    'name',
    'info',
    'wires',
    'icon',
    'credentials',
    'inputLabels',
    'outputLabels',
  ].concat(['timeoutSeconds', 'concurrency', 'queueLimit', 'outputs', 'valid']),
)

/** Walks one pipeline: each region from its first node to its exits. Every node is read once. */
export class Walker {
  readonly #on: Surroundings
  readonly #regions: Region[] = []
  /** In which region a node was met first. */
  readonly #home = new Map<Ref, Scope>()
  readonly #properties = new Set<string>()

  constructor(on: Surroundings) {
    this.#on = on
  }

  /** The run's own region and those of its maps. */
  run(trigger: Ref, first: readonly Ref[], head?: (next: Target) => PlanNode): Region[] {
    const scope: Scope = { kind: 'run', id: '', name: nameOf(trigger, this.#on.flow), depth: 0, open: [] }
    const at = this.#regions.push({ id: '', start: null, nodes: [] }) - 1
    this.#regions[at] = this.#region(scope, trigger, first, head)
    return this.#regions
  }

  /** Paths in messages that choices read. */
  get choiceProperties(): string[] {
    return [...this.#properties].sort()
  }

  #region(scope: Scope, from: Ref, first: readonly Ref[], head?: (next: Target) => PlanNode): Region {
    const { tell } = this.#on
    const todo: Ref[] = []
    const refs = new Map<string, Ref>([[from.id, from]])
    const nodes = new Map<string, PlanNode>()
    const goto = (of: Ref, targets: readonly Ref[], output: string): Target => {
      const target = this.#target(scope, of, targets, output)
      if (target === undefined) return null
      if (!refs.has(target.id)) {
        refs.set(target.id, target)
        todo.push(target)
      }
      return target.id
    }
    let start = goto(from, first, from.node.type)
    if (head !== undefined) {
      const node = head(start)
      // A late run that fails in its first step ends by itself; no Catch hears of it.
      nodes.set(from.id, node.kind === 'step' && node.entry === 'late' ? node : this.#caught(scope, from, node, goto))
      start = from.id
    }
    for (let ref = todo.pop(); ref !== undefined; ref = todo.pop()) {
      const node = this.#node(scope, ref, goto)
      if (node !== undefined) nodes.set(ref.id, this.#caught(scope, ref, node, goto))
    }
    const order = inOrder(nodes, start)
    if (Array.isArray(order)) return { id: scope.id, start, nodes: order }
    const loop = refs.get(order.loop)
    if (loop !== undefined) tell('LOOP', loop)
    return { id: scope.id, start, nodes: [] }
  }

  /** The one node that an output leads to; undefined when it leaves the region, or is wrong. */
  #target(scope: Scope, of: Ref, targets: readonly Ref[], output: string): Ref | undefined {
    const { flow, catches, tell } = this.#on
    const [wired, other] = targets
    if (wired !== undefined && other !== undefined) {
      tell('FAN_OUT', of, { to: targets.map((one) => nameOf(one, flow)).join(', ') })
      return undefined
    }
    if (wired === undefined) {
      // the last step of a batch
      if (flow.isCut(targets) || scope.kind === 'batches') return undefined
      if (scope.kind === 'items') scope.open.push({ of, output })
      else tell('OPEN_END', of, { output })
      return undefined
    }
    const [target, second] = catches.through(wired)
    if (target === undefined) {
      tell('OPEN_END', wired, { output: 'try' })
      return undefined
    }
    if (second !== undefined) {
      tell('FAN_OUT', wired, { to: [target, second].map((one) => nameOf(one, flow)).join(', ') })
      return undefined
    }
    if (target.node.type === 'ysh-join') {
      if (scope.kind === 'run') tell('JOIN_WITHOUT_EACH', target)
      else if (scope.kind === 'batches') tell('CROSS_REGION', target, { from: scope.name })
      else if (scope.join === undefined) scope.join = target
      else if (scope.join !== target) tell('MANY_JOINS', target, { from: scope.name })
      return undefined
    }
    if (target.node.type === 'ysh-run-end' && scope.kind !== 'run') {
      tell('ITEM_REACHES_END', target, { from: scope.name })
      return undefined
    }
    const home = this.#home.get(target)
    if (home === undefined) this.#home.set(target, scope)
    else if (home !== scope) {
      tell('CROSS_REGION', target, { from: home.kind === 'run' ? scope.name : home.name })
      return undefined
    }
    return target
  }

  #node(
    scope: Scope,
    ref: Ref,
    goto: (of: Ref, targets: readonly Ref[], output: string) => Target,
  ): PlanNode | undefined {
    const { flow, tell, kinds } = this.#on
    const { type } = ref.node
    const origin = originOf(ref, flow)
    const next = (port: number, output: string) => goto(ref, flow.behind(ref, port), output)
    const step = Object.hasOwn(kinds, type) ? kinds[type] : undefined
    if (step !== undefined) return this.#step(scope, ref, step, next)
    if (type === 'change') {
      checkChange(ref, tell)
      return { ...this.stepOf(ref, { durable: false }), ports: { changed: next(0, '1') } }
    }
    if (type === 'switch') {
      const read = switchOf(ref, tell)
      if (read === undefined) return undefined
      if (read.as === 'step') {
        const ports = Object.fromEntries(read.ports.map((port) => [String(port + 1), next(port, String(port + 1))]))
        return { ...this.stepOf(ref, { durable: false }), ports }
      }
      this.#properties.add(read.property)
      const rules = read.rules.map(({ port, ...rule }) => ({ ...rule, to: next(port, String(port + 1)) }))
      const otherwise = next(read.otherwise, String(read.otherwise + 1))
      return { kind: 'choice', ...origin, property: read.property, rules, otherwise }
    }
    if (type === 'delay') {
      const seconds = secondsOf(ref, tell)
      return seconds === undefined ? undefined : { kind: 'wait', ...origin, seconds, next: next(0, '1') }
    }
    if (type === 'ysh-each') return this.#each(scope, ref, next, goto)
    if (type === 'ysh-run-end') {
      for (const port of [0, 1]) for (const after of flow.behind(ref, port)) tell('AFTER_END', after)
      return { kind: 'end', ...origin, tolerance: this.#on.settings.text(ref, 'tolerance', '0') }
    }
    tell(...foreign(ref))
    return undefined
  }

  #step(
    scope: Scope,
    ref: Ref,
    { ports, ...kind }: StepKind,
    next: (port: number, output: string) => Target,
  ): PlanNode {
    const { flow, tell } = this.#on
    const to: Record<string, Target> = {}
    let batches: number | undefined
    for (const [port, [name, sends]] of ports.entries()) {
      if (sends === 'result') to[name] = next(port, name)
      else if (flow.behind(ref, port).length === 0) continue
      else if (sends === 'batches') batches = port
      else if (sends === 'late') this.#on.late(ref)
      else tell(sends === 'aside' ? 'OUTPUT_ASIDE' : 'OUTPUT_STREAM', ref, { output: name })
    }
    const step = { ...this.stepOf(ref, kind), ports: to }
    if (batches === undefined) return step
    const caughtAt = this.#on.catches.of(ref).catch?.to
    const inner: Scope = { ...this.#inner(scope, ref), kind: 'batches', caughtAt }
    this.#map(inner, ref, flow.behind(ref, batches))
    return {
      ...{ kind: 'map', ...originOf(ref, flow), config: step.config, over: 'batches' },
      ...{ list: null, listAt: '', property: '', key: '', window: 1, maxItems: promised(ref.node), branches: null },
      ...{
        timeoutSeconds: step.timeoutSeconds,
        region: ref.id,
        join: null,
        empty: to.end ?? null,
        next: to.end ?? null,
      },
      ...{ retry: null, catch: null },
    }
  }

  #inner(scope: Scope, ref: Ref): Scope {
    const depth = scope.depth + 1
    if (depth > mostDeep) this.#on.tell('TOO_DEEP', ref, { most: String(mostDeep) })
    return { kind: 'items', id: ref.id, name: nameOf(ref, this.#on.flow), depth, open: [] }
  }

  /** The region of a map, in its place among the others: behind the one around it. */
  #map(inner: Scope, ref: Ref, first: readonly Ref[]): Region | undefined {
    if (inner.depth > mostDeep) return undefined
    const at = this.#regions.push({ id: inner.id, start: null, nodes: [] }) - 1
    const region = this.#region(inner, ref, first)
    this.#regions[at] = region
    return region
  }

  #each(
    scope: Scope,
    ref: Ref,
    next: (port: number, output: string) => Target,
    goto: (of: Ref, targets: readonly Ref[], output: string) => Target,
  ): MapNode {
    const { flow, settings, tell } = this.#on
    const { node } = ref
    const inner = this.#inner(scope, ref)
    const region = this.#map(inner, ref, flow.behind(ref, 0))
    const { join } = inner
    if (join === undefined) tell('EACH_WITHOUT_JOIN', ref)
    else for (const { of, output } of inner.open) tell('OPEN_END', of, { output })
    const list = node.from === 'list' ? textsOf(node.list) : null
    const map: MapNode = {
      ...{ kind: 'map', ...originOf(ref, flow), config: this.#config(ref), over: 'items', list },
      listAt: textOf(node.listAt),
      property: textOf(node.property),
      key: textOf(node.key),
      window: settings.number(ref, 'window', 4, { min: 1, max: 1_000 }),
      maxItems: list?.length ?? promised(node),
      ...{ timeoutSeconds: 0, region: ref.id, branches: null, join: join?.id ?? null },
      empty: next(1, 'empty'),
      next: join === undefined ? null : goto(join, flow.behind(join, 0), 'joined'),
      ...{ retry: null, catch: null },
    }
    return { ...map, branches: region === undefined ? null : branchesOf(map, region) }
  }

  /** A node with what becomes of its errors. */
  #caught(
    scope: Scope,
    ref: Ref,
    node: PlanNode,
    goto: (of: Ref, targets: readonly Ref[], output: string) => Target,
  ): PlanNode {
    // Of a choice, a wait and an end nothing fails that the flow could handle.
    if (node.kind !== 'step' && node.kind !== 'map') return node
    const handling: Handling = this.#on.catches.of(ref)
    const { retry } = handling
    const caught = handling.catch
    if (caught === null) {
      if (scope.kind === 'items' && node.kind === 'step' && node.durable) this.#on.tell('UNCAUGHT', ref)
      return { ...node, retry, catch: null }
    }
    if (scope.kind === 'batches') {
      if (caught.to !== scope.caughtAt) this.#on.tell('BATCH_CATCH', caught.node, { from: scope.name })
      return { ...node, retry, catch: null }
    }
    return { ...node, retry, catch: { node: caught.node.id, to: goto(caught.node, [caught.to], '1') } }
  }

  /** A step without its ports. */
  stepOf(
    ref: Ref,
    kind: Omit<StepKind, 'ports'> & { durable?: boolean; entry?: StepNode['entry'] },
  ): Omit<StepNode, 'ports'> {
    const { flow, settings } = this.#on
    return {
      ...{ kind: 'step', ...originOf(ref, flow), config: this.#config(ref) },
      ...{ entry: kind.entry ?? 'work', durable: kind.durable ?? true, delivers: kind.delivers ?? false },
      timeoutSeconds: settings.number(ref, 'timeoutSeconds', kind.timeoutSeconds ?? 0),
      concurrency: settings.number(ref, 'concurrency', kind.concurrency ?? 1, { min: 1, max: 64 }),
      ...{ retry: null, catch: null },
    }
  }

  #config(ref: Ref): Record<string, unknown> {
    const own = Object.entries(ref.node).filter(([name]) => !outside.has(name))
    return Object.fromEntries(own.map(([name, value]) => [name, this.#on.environment.localised(value, ref)]))
  }
}

/** What a node that is no step is. */
function foreign(ref: Ref): Parameters<Tell> {
  const { type, func } = ref.node
  if (type === 'function' && /\b(flow|global|context)\.(get|set)\(/.test(textOf(func))) return ['CONTEXT', ref]
  if (code.has(type)) return ['CODE', ref, { type }]
  if (streams.has(type)) return ['STREAM', ref, { type }]
  return triggerTypes.has(type) ? ['TRIGGER_INSIDE', ref] : ['TYPE', ref, { type }]
}

/** A line `items: 5000` in the description. */
function promised({ info }: FlowNode): number | null {
  const [, count] = /^\s*items:\s*(\d{1,7})\s*$/m.exec(textOf(info)) ?? []
  return count === undefined ? null : Number(count)
}

/** A list whose items a choice sends different ways, which do not meet. */
function branchesOf({ list, property }: MapNode, { nodes }: Region): MapNode['branches'] {
  const first = nodes[0]
  if (list === null || list.length < 2 || first?.kind !== 'choice') return null
  if (first.property !== (property === '' ? 'payload' : `payload.${property}`)) return null
  const branches = list.map((key) => ({ key, rule: first.rules.find(({ op, value }) => op === 'eq' && value === key) }))
  const starts = branches.flatMap(({ key, rule }) => (typeof rule?.to === 'string' ? [{ key, start: rule.to }] : []))
  if (starts.length < list.length || first.rules.some(({ op }) => op !== 'eq')) return null
  const byId = new Map(nodes.map((node) => [node.id, node]))
  return areApart(
    byId,
    starts.map(({ start }) => start),
  )
    ? starts
    : null
}

function originOf(ref: Ref, flow: Flow): Pick<PlanNode, 'id' | 'path' | 'type' | 'name' | 'tab'> {
  const { name, tab } = flow.placeOf(ref)
  return { id: ref.id, path: ref.path, type: ref.node.type, name, tab }
}

function nameOf(ref: Ref, flow: Flow): string {
  return flow.placeOf(ref).name
}
