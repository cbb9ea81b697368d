import type { MapNode, PlanNode, Region, Retry } from '../plan/schema.ts'

/** One call of the step runtime: what becomes a Task. */
export interface Call {
  /** Of the first unit; others point here by it. */
  key: string
  units: string[]
  /** The nodes of the units, in order. */
  nodes: PlanNode[]
  part: '' | '#open' | '#close'
  retry: Retry | null
  /** undefined: nobody catches. */
  caught: string | null | undefined
  /** 0: as long as it takes. */
  timeoutSeconds: number
  /** By port; of an end none. */
  ports: Record<string, string | null>
  end: boolean
  /** The map that follows the last unit. */
  map: MapNode | undefined
}

export const openOf = (id: string) => `${id}#open`
export const closeOf = (id: string) => `${id}#close`

/** What the calls of a region are, one a node; a map has two. Choices and waits are not among them. */
export function callsOf({ nodes }: Region): Map<string, Call> {
  const calls = new Map<string, Call>()
  const keys = new Map(nodes.map((node) => [node.id, node.kind === 'map' ? openOf(node.id) : node.id]))
  const at = (to: string | null) => (to === null ? null : (keys.get(to) ?? to))
  for (const node of nodes) {
    if (node.kind === 'choice' || node.kind === 'wait') continue
    const caught = node.kind === 'end' || node.catch === null ? undefined : at(node.catch.to)
    const base = { nodes: [node], caught, end: node.kind === 'end', map: undefined }
    if (node.kind === 'map') {
      const { id, timeoutSeconds, retry } = node
      const [open, close] = [openOf(id), closeOf(id)]
      const ports: Call['ports'] = node.empty === node.next ? {} : { empty: at(node.empty) }
      const opening = { key: open, units: [open], part: '#open', retry, timeoutSeconds, ports, map: node } as const
      calls.set(open, { ...base, ...opening, units: [open] })
      const closing = { key: close, units: [close], retry: null, timeoutSeconds: 0, ports: { joined: at(node.next) } }
      calls.set(close, { ...base, ...closing, part: '#close' })
      continue
    }
    const ports =
      node.kind === 'end' ? {} : Object.fromEntries(Object.entries(node.ports).map(([name, to]) => [name, at(to)]))
    const work = node.kind === 'end' ? { retry: null, timeoutSeconds: 0 } : node
    calls.set(node.id, {
      ...{ ...base, key: node.id, units: [node.id], part: '', ports },
      ...{ retry: work.retry, timeoutSeconds: work.timeoutSeconds },
    })
  }
  return calls
}

/** What follows a call when there is only one thing; undefined when its port decides. */
export function onlyTarget({ ports }: Call): string | null | undefined {
  const [first, ...others] = new Set(Object.values(ports))
  return others.length === 0 ? first : undefined
}

/**
 * Joins calls that follow each other without a choice, a retry or another Catch between them into one: fewer transitions, and one Lambda
 * for all. Finished steps answer from the journal when the call is made again.
 */
export function fused(calls: ReadonlyMap<string, Call>, { nodes, start }: Region, most = 900): Map<string, Call> {
  const ways = new Map<string, number>()
  const count = (to: string | null | undefined) => {
    if (to !== null && to !== undefined) ways.set(to, (ways.get(to) ?? 0) + 1)
  }
  for (const call of calls.values()) {
    for (const to of new Set(Object.values(call.ports))) count(to)
    count(call.caught)
  }
  for (const node of nodes) {
    const keyed = (id: string | null) => (id !== null && !calls.has(id) && calls.has(openOf(id)) ? openOf(id) : id)
    if (node.kind === 'choice') for (const { to } of [...node.rules, { to: node.otherwise }]) count(keyed(to))
    if (node.kind === 'wait') count(keyed(node.next))
  }
  const joined = new Map(calls)
  const into = new Map<string, string>()
  for (const key of calls.keys()) {
    let call = joined.get(key)
    while (call !== undefined && call.map === undefined) {
      const to = onlyTarget(call)
      const next = typeof to === 'string' && to !== start ? joined.get(to) : undefined
      if (next === undefined || next === call || ways.get(next.key) !== 1) break
      if (call.retry !== null || next.retry !== null || next.end || call.caught !== next.caught) break
      if (limit(call) + limit(next) > most) break
      const both: Call = {
        ...next,
        ...{
          key: call.key,
          part: call.part,
          units: [...call.units, ...next.units],
          nodes: [...call.nodes, ...next.nodes],
        },
        timeoutSeconds: limit(call) + limit(next),
      }
      joined.set(call.key, both)
      joined.delete(next.key)
      into.set(next.key, call.key)
      call = both
    }
  }
  return joined
}

/** A call without a limit of its own works on data in memory, in the time of a request. */
function limit({ timeoutSeconds, nodes }: Call): number {
  const durable = nodes.some((node) => node.kind === 'step' && node.durable)
  return timeoutSeconds > 0 ? timeoutSeconds : durable ? 60 : 10
}
