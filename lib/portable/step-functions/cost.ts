import type { MapNode, Pipeline, PlanNode, Region } from '../plan/schema.ts'
import { eventBridgeCron } from './cron.ts'
import { callsOf, fused } from './units.ts'

/** AWS's prices in US East (N. Virginia), as the pricing page had them on the date. */
export const priceList = {
  date: '2026-11-25',
  /** US dollars for a state transition of a standard workflow, and how many a month are free for ever. */
  transition: 0.000025,
  freeTransitions: 4_000,
  /** A request to a Lambda; its time comes on top. */
  request: 0.0000002,
  freeRequests: 1_000_000,
} as const

/** What a pipeline costs in a month of 31 days, as far as its plan tells. */
export interface PipelineCost {
  pipeline: string
  name: string
  /** Runs a month; null for what is started from outside. */
  runs: number | null
  /** States entered in a run without errors, on the shortest and on the longest way; calls of the Lambda on the longest. */
  least: number
  transitions: number
  requests: number
  /** Lists of unknown length were counted with so many items. */
  assumed: { map: string; items: number }[]
  leastMonth: number | null
  transitionsMonth: number | null
}

export interface Cost {
  priceList: typeof priceList
  pipelines: PipelineCost[]
  /** Of the pipelines with a schedule, on their longest ways. Beyond what is free: when nothing else uses the free part. */
  month: { transitions: number; transitionDollars: number; beyondFreeDollars: number; requests: number }
}

/** The estimate; `items` is the length of a list that nobody knows. */
export function costOf(pipelines: readonly Pipeline[], { fuse = false, items = 10 } = {}): Cost {
  const all = pipelines.map((pipeline) => pipelineCost(pipeline, fuse, items))
  const transitions = sum(all.map((one) => one.transitionsMonth ?? 0))
  const requests = sum(all.map((one) => (one.runs ?? 0) * one.requests))
  const beyond = Math.max(transitions - priceList.freeTransitions, 0)
  return {
    priceList,
    pipelines: all,
    month: {
      transitions,
      transitionDollars: cents(transitions * priceList.transition),
      beyondFreeDollars: cents(
        beyond * priceList.transition + Math.max(requests - priceList.freeRequests, 0) * priceList.request,
      ),
      requests,
    },
  }
}

function pipelineCost(pipeline: Pipeline, fuse: boolean, items: number): PipelineCost {
  const { trigger, regions, id, name } = pipeline
  const assumed: PipelineCost['assumed'] = []
  const cron = trigger.kind === 'schedule' ? eventBridgeCron(trigger.cron) : undefined
  const runs = cron !== undefined && 'perMonth' in cron ? cron.perMonth : null
  const counted = new Map<string, Count>()
  // Inner regions stand behind those around them.
  for (const region of [...regions].reverse()) {
    counted.set(
      region.id,
      longest(region, fuse, (map) => itemsOf(map)),
    )
  }
  const [own] = regions
  const first = own?.nodes.find((node) => node.id === own.start)?.kind
  // The state that begins the run, where no call does.
  const begin = first === 'choice' || first === 'wait' ? 1 : 0
  const count = counted.get('') ?? none
  const [least, transitions, requests] = [count.least + begin, count.transitions + begin, count.requests + begin]
  return {
    ...{ pipeline: id, name, runs, least, transitions, requests, assumed: assumed.reverse() },
    leastMonth: runs === null ? null : Math.ceil(runs * least),
    transitionsMonth: runs === null ? null : Math.ceil(runs * transitions),
  }

  function itemsOf(map: MapNode): Count {
    const count = map.maxItems ?? items
    if (map.maxItems === null) assumed.push({ map: map.id, items })
    const inner = counted.get(map.region) ?? none
    // A list that nobody knows may be empty.
    const least = (map.maxItems === null ? 0 : count) * inner.least
    return { least, transitions: count * inner.transitions, requests: count * inner.requests }
  }
}

interface Count {
  least: number
  transitions: number
  requests: number
}

/** The cheapest and the costliest way through a region on which nothing fails. */
function longest(region: Region, fuse: boolean, itemsOf: (map: MapNode) => Count): Count {
  const plain = callsOf(region)
  const calls = fuse ? fused(plain, region) : plain
  const alone = new Set([...calls.values()].flatMap(({ units }) => units.slice(0, 1)))
  const best = new Map<string, Count>()
  const at = (id: string | null) => (id === null ? none : (best.get(id) ?? none))
  for (const node of [...region.nodes].reverse()) {
    const own = ownCount(node, alone, itemsOf)
    const next = followersWithoutErrors(node).map(at)
    best.set(node.id, {
      least: own.least + (next.length === 0 ? 0 : Math.min(...next.map((one) => one.least))),
      transitions: own.transitions + Math.max(0, ...next.map((one) => one.transitions)),
      requests: own.requests + Math.max(0, ...next.map((one) => one.requests)),
    })
  }
  return at(region.start)
}

const none: Count = { least: 0, transitions: 0, requests: 0 }

function ownCount(node: PlanNode, alone: ReadonlySet<string>, itemsOf: (map: MapNode) => Count): Count {
  const call = (unit: string) => (alone.has(unit) ? 1 : 0)
  if (node.kind === 'choice' || node.kind === 'wait') return { least: 1, transitions: 1, requests: 0 }
  if (node.kind === 'map') {
    const requests = call(`${node.id}#open`) + call(`${node.id}#close`)
    const own = requests + 1 + (node.empty === node.next ? 0 : 1)
    const inner = itemsOf(node)
    return {
      least: own + inner.least,
      transitions: own + inner.transitions,
      requests: requests + inner.requests,
    }
  }
  const ways = node.kind === 'step' && new Set(Object.values(node.ports)).size > 1 ? 1 : 0
  const requests = call(node.id)
  return { least: requests + ways, transitions: requests + ways, requests }
}

function followersWithoutErrors(node: PlanNode): (string | null)[] {
  if (node.kind === 'step') return Object.values(node.ports)
  if (node.kind === 'choice') return [...node.rules.map(({ to }) => to), node.otherwise]
  if (node.kind === 'map') return [node.next, node.empty]
  return node.kind === 'wait' ? [node.next] : []
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)
const cents = (dollars: number) => Math.round(dollars * 10_000) / 10_000

/** The estimate in words. */
export function costText({ pipelines, month, priceList: { date, freeTransitions } }: Cost): string {
  const span = (from: number | null, to: number | null) => (from === to ? `${to}` : `${from} to ${to}`)
  const lines = pipelines.map(({ name, runs, least, transitions, leastMonth, transitionsMonth, assumed }) => {
    const month = `${span(leastMonth, transitionsMonth)} transitions`
    const rate = runs === null ? 'started from outside' : `${runs} runs a month, ${month}`
    const guess = assumed.map(({ map, items }) => `${items} items in ${map}`)
    return `  ${name}: ${span(least, transitions)} transitions a run; ${rate}${guess.length > 0 ? ` (taken: ${guess.join(', ')})` : ''}`
  })
  return [
    `Step Functions (standard), month of 31 days, prices of ${date}, no errors and no retries:`,
    ...lines,
    `  scheduled in all, at most: ${month.transitions} transitions, ${month.requests} Lambda calls; US$ ${month.transitionDollars.toFixed(2)}, or US$ ${month.beyondFreeDollars.toFixed(2)} beyond the ${freeTransitions} free ones`,
  ].join('\n')
}
