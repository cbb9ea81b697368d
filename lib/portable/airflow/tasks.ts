import { followers } from '../plan/graph.ts'
import type { MapNode, Pipeline, PlanNode, Region } from '../plan/schema.ts'

/** What a task does; each kind is a method of the runner. */
export type TaskKind = 'begin' | 'step' | 'choose' | 'wait' | 'open' | 'items' | 'close' | 'map'

/** A task of a DAG. */
export interface Task {
  /** In Airflow, the group in front. */
  id: string
  kind: TaskKind
  /** The plan's node; of `begin` none. */
  node: PlanNode | undefined
  /** The map whose items it works for: it is mapped. */
  group: MapNode | undefined
  /** Tasks whose states it looks at, in the order of the plan. */
  inputs: Task[]
  /** Choices that may skip it. */
  behind: Task[]
  /** Of a choice: task by node. */
  ways: Record<string, string>
}

/** Ids of Airflow: letters, digits, `_`, `.` and `-`; a dot is kept for groups, so that both sides of one cannot be mixed up. */
export function taskId(id: string): string {
  return id.replaceAll('/', '__').replaceAll(/[^A-Za-z0-9_-]/g, '-')
}

/** What a task may lead to, before choices are looked through. */
interface Source {
  task: Task
  targets: readonly (string | null)[]
}

/**
 * The tasks of a pipeline, each behind those whose states it looks at. A map of the run is `open`, `items`, a mapped group with a task a node,
 * and `close`; a map inside of an item is one task, for Airflow maps nothing inside of mapped tasks. Linear in nodes and ways, but for
 * choices that follow each other.
 */
export function tasksOf(pipeline: Pipeline): Task[] {
  const [run] = pipeline.regions
  if (run === undefined) return []
  const first = run.nodes.find(({ id }) => id === run.start)
  const tasks: Task[] = []
  const sources: Source[] = []
  if (run.start === null || first?.kind === 'choice' || first?.kind === 'wait') {
    const begin = taskOf('begin', `${taskId(pipeline.id)}__begin`, undefined, undefined)
    tasks.push(begin)
    sources.push({ task: begin, targets: [run.start] })
  }
  new RegionTasks(pipeline, run, undefined, tasks, sources).make()
  return tasks
}

class RegionTasks {
  readonly #pipeline: Pipeline
  readonly #group: MapNode | undefined
  readonly #region: Region
  readonly #tasks: Task[]
  readonly #sources: Source[]
  readonly #byId: Map<string, PlanNode>
  /** By node: the task that a state which names it comes to. */
  readonly #entries = new Map<string, Task>()
  /** By node, null for the region's end: where its states come from. */
  readonly #arrivals = new Map<string | null, Set<Task>>()

  constructor(pipeline: Pipeline, region: Region, group: MapNode | undefined, tasks: Task[], sources: Source[]) {
    this.#pipeline = pipeline
    this.#region = region
    this.#group = group
    this.#tasks = tasks
    this.#sources = sources
    this.#byId = new Map(region.nodes.map((node) => [node.id, node]))
  }

  /** Adds the region's tasks; answers those with whose states it may end. */
  make(): Task[] {
    for (const source of this.#sources) this.#arrive(source)
    for (const node of this.#region.nodes) this.#node(node)
    for (const node of this.#region.nodes) {
      const choice = node.kind === 'choice' ? this.#entries.get(node.id) : undefined
      if (choice === undefined) continue
      for (const to of followers(node)) {
        const target = to === null ? undefined : this.#entries.get(to)
        if (to === null || target === undefined || to in choice.ways) continue
        choice.ways[to] = target.id
        target.behind.push(choice)
      }
    }
    return [...(this.#arrivals.get(null) ?? [])]
  }

  #node(node: PlanNode): void {
    if (node.kind !== 'map') {
      const kind = node.kind === 'choice' ? 'choose' : node.kind === 'wait' ? 'wait' : 'step'
      const task = this.#add(kind, node, '', this.#inputs(node.id))
      this.#entries.set(node.id, task)
      if (kind !== 'choose') this.#arrive({ task, targets: this.#targets(node) })
      return
    }
    if (this.#group !== undefined) {
      const task = this.#add('map', node, '', this.#inputs(node.id))
      this.#entries.set(node.id, task)
      this.#arrive({ task, targets: this.#targets(node) })
      return
    }
    const open = this.#add('open', node, '__open', this.#inputs(node.id))
    this.#entries.set(node.id, open)
    const caught = node.catch === null ? [] : [node.catch.to]
    this.#arrive({ task: open, targets: [...(node.empty === node.next ? [] : [node.empty]), ...caught] })
    const items = this.#add('items', node, '__items', [open])
    const region = this.#pipeline.regions.find(({ id }) => id === node.region)
    const ended =
      region === undefined
        ? [items]
        : new RegionTasks(this.#pipeline, region, node, this.#tasks, [{ task: items, targets: [region.start] }]).make()
    const close = this.#add('close', node, '__close', [open, ...ended])
    this.#arrive({ task: close, targets: [node.next, ...caught] })
  }

  /** What follows a task's node. An error that nobody catches ends the item there. */
  #targets(node: PlanNode): (string | null)[] {
    const fails = this.#group !== undefined && 'catch' in node && node.catch === null
    return fails ? [...followers(node), null] : [...followers(node)]
  }

  #add(kind: TaskKind, node: PlanNode, suffix: string, inputs: Task[]): Task {
    const own = `${taskId(node.id)}${suffix}`
    const id = this.#group === undefined ? own : `${taskId(this.#group.id)}.${own}`
    const task = { ...taskOf(kind, id, node, this.#group), inputs }
    this.#tasks.push(task)
    return task
  }

  #inputs(id: string): Task[] {
    return [...(this.#arrivals.get(id) ?? [])]
  }

  /** Notes where a task's states may come to: nodes, and what lies behind choices. */
  #arrive({ task, targets }: Source): void {
    const todo = [...targets]
    const seen = new Set<string | null>()
    for (let to = todo.pop(); to !== undefined; to = todo.pop()) {
      if (seen.has(to)) continue
      seen.add(to)
      const arrived = this.#arrivals.get(to) ?? new Set()
      this.#arrivals.set(to, arrived.add(task))
      const node = to === null ? undefined : this.#byId.get(to)
      if (node?.kind === 'choice') todo.push(...followers(node))
    }
  }
}

function taskOf(kind: TaskKind, id: string, node: PlanNode | undefined, group: MapNode | undefined): Task {
  return { kind, id, node, group, inputs: [], behind: [], ways: {} }
}
