import { followers } from '../plan/graph.ts'
import type { MapNode, Pipeline, Plan, PlanNode, Region } from '../plan/schema.ts'
import { filledIn, slug, stateName } from './names.ts'
import type { Notes } from './notes.ts'
import { choiceRule, retriers, type State } from './states.ts'
import { type Call, callsOf, closeOf, fused, onlyTarget, openOf } from './units.ts'

export interface MachineOptions {
  /** Joins linear steps without retry into one call. */
  fuse?: boolean
  /** Lists with more items than this become distributed maps; such of unknown length may not have more. */
  distributedAbove?: number
}

/** Where a state comes from, for reports of errors. */
export interface Origin {
  nodes: string[]
  paths: string[]
  type: string
  region: string
}

export interface Machine {
  definition: State
  /** By state name, those inside of maps included. */
  sourceMap: Record<string, Origin>
}

/** Default of {@link MachineOptions.distributedAbove}: an inline map shares its execution's 25,000 events. */
export const manyItems = 200
/** A Lambda is stopped after so many seconds. */
export const lambdaSeconds = 900
/** How much later than the step's own limit the engine gives up. */
const graceSeconds = 10

interface Place {
  region: Region
  calls: Map<string, Call>
  byId: Map<string, PlanNode>
  states: Record<string, State>
  inside: boolean
  names: Map<string, string>
}

/** One pipeline as a state machine in Amazon States Language (JSONPath). */
export class MachineEmitter {
  readonly #plan: Plan
  readonly #pipeline: Pipeline
  readonly #notes: Notes
  readonly #fuse: boolean
  readonly #most: number
  readonly #sourceMap: Record<string, Origin> = {}

  constructor(plan: Plan, pipeline: Pipeline, notes: Notes, options: MachineOptions) {
    this.#plan = plan
    this.#pipeline = pipeline
    this.#notes = notes
    this.#fuse = options.fuse ?? false
    this.#most = options.distributedAbove ?? manyItems
  }

  emit(): Machine {
    const { regions, name, tab, id } = this.#pipeline
    const [region] = regions
    if (region === undefined) return { definition: {}, sourceMap: {} }
    const { StartAt, States } = this.#region(region, region.start, false)
    const begun = this.#begun(region, StartAt, States)
    const comment = `${tab}: ${name} (${id}); plan ${this.#plan.version} of flow sha256 ${this.#plan.source.sha256}`
    const definition = { Comment: comment.replaceAll(/[$%]\{/g, '{'), ...begun }
    return { definition, sourceMap: this.#sourceMap }
  }

  /** A run is made by the first call; where none stands first, one is put there. */
  #begun({ start, nodes }: Region, StartAt: string, States: Record<string, State>) {
    const first = nodes.find(({ id }) => id === start)
    if (first?.kind !== 'choice' && first?.kind !== 'wait') return { StartAt, States }
    const name = stateName({ id: this.#pipeline.id, name: 'begin' }, '#begin')
    this.#sourceMap[name] = { nodes: [], paths: [this.#pipeline.id], type: 'begin', region: '' }
    const begin = this.#task(['#begin'], { Retry: retriers(null, placeOf(first), this.#notes), Next: StartAt }, 60)
    return { StartAt: name, States: { [name]: begin, ...States } }
  }

  #region(region: Region, start: string | null, inside: boolean, only?: ReadonlySet<string>) {
    const nodes = only === undefined ? region.nodes : region.nodes.filter(({ id }) => only.has(id))
    const part = { ...region, nodes, start }
    const calls = callsOf(part)
    const place: Place = {
      ...{ region: part, inside, states: {}, names: new Map() },
      calls: this.#fuse ? fused(calls, part) : calls,
      byId: new Map(nodes.map((node) => [node.id, node])),
    }
    for (const node of nodes) {
      if (node.kind === 'choice') this.#choice(place, node)
      if (node.kind === 'wait') {
        const seconds = Math.ceil(node.seconds)
        this.#add(place, node, '', { Type: 'Wait', Seconds: seconds, ...this.#next(place, node.next) })
      }
    }
    for (const call of place.calls.values()) this.#call(place, call)
    // Where an item's way has no step there is still something to end at.
    const StartAt = start === null ? this.#exit(place, 'done') : this.#nameOf(place, start)
    return { StartAt, States: sortedStates(place.states) }
  }

  #call(place: Place, call: Call): void {
    const [node] = call.nodes
    const last = call.nodes.at(-1)
    if (node === undefined || last === undefined) return
    const to = onlyTarget(call)
    const limit = call.timeoutSeconds
    const durable = call.nodes.find((one) => one.kind === 'step' && one.durable)
    if (durable !== undefined && limit > lambdaSeconds) {
      this.#notes.add('LAMBDA_TIMEOUT', placeOf(durable), { seconds: limit })
    }
    const caught = this.#catch(place, call)
    const leaves = call.map === undefined && to === null && place.inside
    const flags = { ...(leaves ? { exit: true } : {}), ...this.#opening(call) }
    const ways = call.map !== undefined || (to === undefined && !call.end)
    const follows = call.end
      ? { End: true }
      : ways
        ? { Next: this.#afterCall(place, call, last) }
        : this.#next(place, to ?? null)
    const rest = { Retry: retriers(call.retry, placeOf(node), this.#notes), ...caught, ...follows }
    this.#add(place, node, call.part, this.#task(call.units, rest, limit, flags), call.nodes)
  }

  #task(units: readonly string[], rest: State, seconds: number, flags: State = {}): State {
    const payload = {
      pipeline: this.#pipeline.id,
      units,
      ...flags,
      'retries.$': '$$.State.RetryCount',
      'execution.$': '$$.Execution.Name',
      'state.$': '$',
    }
    return {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke',
      Parameters: { FunctionName: filledIn('StepFunctionArn'), Payload: payload },
      OutputPath: '$.Payload',
      TimeoutSeconds: Math.min(seconds === 0 ? lambdaSeconds : Math.ceil(seconds), lambdaSeconds) + graceSeconds,
      ...rest,
    }
  }

  #opening({ map }: Call): State {
    if (map === undefined) return {}
    if (map.maxItems === null) this.#notes.add('LIST_LENGTH', placeOf(map), { most: this.#most })
    return this.#isDistributed(map) ? { distributed: true } : { most: Math.max(map.maxItems ?? 0, this.#most) }
  }

  #isDistributed({ maxItems, over }: MapNode): boolean {
    return over === 'items' && maxItems !== null && maxItems > this.#most
  }

  #catch(place: Place, { caught, end }: Call): State {
    if (end || (caught === undefined && !place.inside)) return {}
    const Next = caught === undefined || caught === null ? this.#exit(place, 'failed') : this.#nameOf(place, caught)
    return { Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.caught', Next }] }
  }

  /** What stands behind a call that has several ways, or a map. */
  #afterCall(place: Place, call: Call, last: PlanNode): string {
    const { map } = call
    if (map === undefined) return this.#ways(place, last, call.ports)
    const mapped = this.#map(place, map)
    return Object.keys(call.ports).length === 0 ? mapped : this.#ways(place, last, call.ports, mapped)
  }

  #ways(place: Place, node: PlanNode, ports: Call['ports'], otherwise?: string): string {
    const name = (to: string | null) => (to === null ? this.#exit(place, 'done') : this.#nameOf(place, to))
    const entries = Object.entries(ports)
    const last = otherwise === undefined ? entries.pop() : undefined
    const Choices = entries.map(([port, to]) => ({ Variable: '$.port', StringEquals: port, Next: name(to) }))
    const Default = otherwise ?? name(last?.[1] ?? null)
    return this.#add(place, node, '#way', { Type: 'Choice', Choices, Default })
  }

  #choice(place: Place, node: PlanNode & { kind: 'choice' }): void {
    const name = (to: string | null) => (to === null ? this.#exit(place, 'done') : this.#nameOf(place, to))
    const Choices = node.rules.map((rule) => ({ ...choiceRule(node.property, rule), Next: name(rule.to) }))
    const Default = name(node.otherwise)
    if (Choices.length > 0) this.#add(place, node, '', { Type: 'Choice', Choices, Default })
    else this.#add(place, node, '', { Type: 'Pass', Next: Default })
  }

  #map(place: Place, map: MapNode): string {
    const inner = this.#pipeline.regions.find(({ id }) => id === map.region)
    const Next = this.#closing(place, map)
    const caught = this.#catch(place, place.calls.get(openOf(map.id)) ?? this.#fusedInto(place, openOf(map.id)))
    if (inner === undefined) return Next
    const merged = {
      'run.$': 'States.JsonMerge($.run, $$.Map.Item.Value.run, false)',
      'message.$': 'States.JsonMerge($.message, $$.Map.Item.Value.message, false)',
      'error.$': '$.error',
    }
    if (map.branches !== null) {
      const Branches = map.branches.map(({ key, start }, at) => this.#branch(inner, key, start, at))
      return this.#add(place, map, '#each', { Type: 'Parallel', Branches, ResultPath: '$.results', ...caught, Next })
    }
    const { StartAt, States } = this.#region(inner, inner.start, true)
    const distributed = this.#isDistributed(map)
    const mode = distributed ? { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' } : { Mode: 'INLINE' }
    const read = {
      ItemReader: {
        Resource: 'arn:aws:states:::s3:getObject',
        ReaderConfig: { InputType: 'JSON' },
        Parameters: { 'Bucket.$': '$.itemsAt.bucket', 'Key.$': '$.itemsAt.key' },
      },
      ResultWriter: {
        Resource: 'arn:aws:states:::s3:putObject',
        Parameters: { 'Bucket.$': '$.itemsAt.bucket', 'Prefix.$': '$.itemsAt.key' },
      },
      Label: slug(map.name).slice(0, 40),
      // As in an inline map: an item whose execution fails is an item that failed.
      ToleratedFailurePercentage: 100,
    }
    return this.#add(place, map, '#each', {
      Type: 'Map',
      ...(distributed ? read : { ItemsPath: '$.items' }),
      ItemSelector: merged,
      MaxConcurrency: map.window,
      ItemProcessor: { ProcessorConfig: mode, StartAt, States },
      ResultPath: '$.results',
      ...caught,
      Next,
    })
  }

  /** A branch gets its own item before its first step. */
  #branch(region: Region, key: string, start: string, at: number): State {
    const reached = reachOf(region, start)
    const { StartAt, States } = this.#region(region, start, true, reached)
    const name = stateName({ id: `${region.id}#${at + 1}`, name: key }, '')
    this.#sourceMap[name] = { nodes: [region.id], paths: [region.id], type: 'branch', region: region.id }
    const Parameters = {
      'run.$': `States.JsonMerge($.run, $.items[${at}].run, false)`,
      'message.$': `States.JsonMerge($.message, $.items[${at}].message, false)`,
      'error.$': '$.error',
    }
    return { StartAt: name, States: { [name]: { Type: 'Pass', Parameters, Next: StartAt }, ...States } }
  }

  /** The name of the state that brings a map's items together. */
  #closing(place: Place, map: MapNode): string {
    return this.#nameOf(place, closeOf(map.id))
  }

  #fusedInto({ calls }: Place, unit: string): Call {
    const call = [...calls.values()].find(({ units }) => units.includes(unit))
    if (call === undefined) throw new Error(`No call does ${unit}`)
    return call
  }

  #next(place: Place, to: string | null): State {
    if (to === null) return { End: true }
    return { Next: this.#nameOf(place, to) }
  }

  /** The end of an item or a run that no step is the last of. */
  #exit(place: Place, how: 'done' | 'failed'): string {
    const id = `${place.region.id === '' ? this.#pipeline.id : place.region.id}${place.region.start ?? ''}`
    const node = { id, name: place.inside ? `item ${how}` : how }
    const name = stateName(node, `#${how}`)
    if (!place.inside) place.states[name] = { Type: 'Succeed' }
    else if (how === 'done') {
      const Parameters = { 'run.$': '$.run', 'error.$': '$.error', message: { 'payload.$': '$.message.payload' } }
      place.states[name] = { Type: 'Pass', Parameters, End: true }
    } else place.states[name] = { Type: 'Pass', Parameters: { 'run.$': '$.run', 'caught.$': '$.caught' }, End: true }
    this.#sourceMap[name] = { nodes: [], paths: [place.region.id], type: 'end of item', region: place.region.id }
    return name
  }

  #nameOf(place: Place, key: string): string {
    const [id = '', part] = key.split(/(?=#(?:open|close)$)/)
    const node = place.byId.get(id)
    if (node === undefined) throw new Error(`Region ${place.region.id} has no node ${key}`)
    return stateName(node, part ?? (node.kind === 'map' ? '#open' : ''))
  }

  #add(place: Place, node: PlanNode, part: string, state: State, nodes: readonly PlanNode[] = [node]): string {
    const name = stateName(node, part)
    place.states[name] = state
    this.#sourceMap[name] = {
      ...{ nodes: nodes.map(({ id }) => id), paths: nodes.map(({ path }) => path) },
      ...{ type: node.type, region: place.region.id },
    }
    return name
  }
}

function sortedStates(states: Record<string, State>): Record<string, State> {
  return Object.fromEntries(Object.entries(states).sort(([one], [other]) => (one < other ? -1 : 1)))
}

function reachOf({ nodes }: Region, start: string): Set<string> {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const seen = new Set<string>()
  const todo = [start]
  for (let id = todo.pop(); id !== undefined; id = todo.pop()) {
    const node = byId.get(id)
    if (node === undefined || seen.has(id)) continue
    seen.add(id)
    todo.push(...followersOf(node))
  }
  return seen
}

function followersOf(node: PlanNode): string[] {
  return followers(node).filter((id) => id !== null)
}

function placeOf({ id, name, type, tab }: PlanNode) {
  return { node: id, name, type, tab }
}
