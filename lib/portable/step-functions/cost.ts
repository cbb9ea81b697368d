import type { MapNode, Pipeline, PlanNode, Region } from '../plan/schema.ts'
import { eventBridgeCron } from './cron.ts'
import { memoryOf } from './memory.ts'
import { priceList } from './prices.ts'
import { callsOf, fused } from './units.ts'

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
  /** Steps done on the longest way, however they are brought together in calls. */
  steps: number
  /** Lists of unknown length were counted with so many items. */
  assumed: { map: string; items: number }[]
  leastMonth: number | null
  transitionsMonth: number | null
}

export interface Cost {
  priceList: typeof priceList
  pipelines: PipelineCost[]
  /** What was taken: seconds that a step lasts on average, and MB of the function. */
  taken: { seconds: number; memoryMb: number }
  /** Of the pipelines with a schedule, on their longest ways. Beyond what is free: when nothing else uses the free part. */
  month: {
    runs: number
    transitions: number
    requests: number
    gbSeconds: number
    transitionDollars: number
    lambdaDollars: number
    beyondFreeDollars: number
  }
}

/**
 * The estimate; `items` is the length of a list that nobody knows, `seconds` what a step lasts on average. Not in it: S3, logs, traces, the
 * database, and what a start from outside costs.
 */
export function costOf(pipelines: readonly Pipeline[], { fuse = false, items = 10, seconds = 5 } = {}): Cost {
  const all = pipelines.map((pipeline) => pipelineCost(pipeline, fuse, items))
  const transitions = sum(all.map((one) => one.transitionsMonth ?? 0))
  const requests = sum(all.map((one) => (one.runs ?? 0) * one.requests))
  const runs = sum(all.map((one) => one.runs ?? 0))
  const memoryMb = memoryOf(pipelines)
  const steps = sum(all.map((one) => (one.runs ?? 0) * one.steps))
  const gbSeconds = Math.ceil((steps * seconds * memoryMb) / 1_024)
  const beyond = (count: number, free: number, price: number) => Math.max(count - free, 0) * price
  return {
    priceList,
    pipelines: all,
    taken: { seconds, memoryMb },
    month: {
      ...{ runs, transitions, requests, gbSeconds },
      transitionDollars: cents(transitions * priceList.transition),
      lambdaDollars: cents(requests * priceList.request + gbSeconds * priceList.gbSecond),
      beyondFreeDollars: cents(
        beyond(transitions, priceList.freeTransitions, priceList.transition) +
          beyond(requests, priceList.freeRequests, priceList.request) +
          beyond(gbSeconds, priceList.freeGbSeconds, priceList.gbSecond) +
          beyond(runs, priceList.freeSchedules, priceList.schedule),
      ),
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
  const steps = count.steps + begin
  return {
    ...{ pipeline: id, name, runs, least, transitions, requests, steps, assumed: assumed.reverse() },
    leastMonth: runs === null ? null : Math.ceil(runs * least),
    transitionsMonth: runs === null ? null : Math.ceil(runs * transitions),
  }

  function itemsOf(map: MapNode): Count {
    const count = map.maxItems ?? items
    if (map.maxItems === null) assumed.push({ map: map.id, items })
    const inner = counted.get(map.region) ?? none
    // A list that nobody knows may be empty.
    const least = (map.maxItems === null ? 0 : count) * inner.least
    return {
      ...{ least, transitions: count * inner.transitions },
      ...{ requests: count * inner.requests, steps: count * inner.steps },
    }
  }
}

interface Count {
  least: number
  transitions: number
  requests: number
  steps: number
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
      steps: own.steps + Math.max(0, ...next.map((one) => one.steps)),
    })
  }
  return at(region.start)
}

const none: Count = { least: 0, transitions: 0, requests: 0, steps: 0 }

function ownCount(node: PlanNode, alone: ReadonlySet<string>, itemsOf: (map: MapNode) => Count): Count {
  const call = (unit: string) => (alone.has(unit) ? 1 : 0)
  if (node.kind === 'choice' || node.kind === 'wait') return { least: 1, transitions: 1, requests: 0, steps: 0 }
  if (node.kind === 'map') {
    const requests = call(`${node.id}#open`) + call(`${node.id}#close`)
    const own = requests + 1 + (node.empty === node.next ? 0 : 1)
    const inner = itemsOf(node)
    return {
      least: own + inner.least,
      transitions: own + inner.transitions,
      requests: requests + inner.requests,
      steps: 2 + inner.steps,
    }
  }
  const ways = node.kind === 'step' && new Set(Object.values(node.ports)).size > 1 ? 1 : 0
  const requests = call(node.id)
  return { least: requests + ways, transitions: requests + ways, requests, steps: 1 }
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
export function costText({ pipelines, month, taken, priceList }: Cost): string {
  const span = (from: number | null, to: number | null) => (from === to ? `${to}` : `${from} to ${to}`)
  const lines = pipelines.map(({ name, runs, least, transitions, leastMonth, transitionsMonth, assumed }) => {
    const month = `${span(leastMonth, transitionsMonth)} transitions`
    const rate = runs === null ? 'started from outside' : `${runs} runs a month, ${month}`
    const guess = assumed.map(({ map, items }) => `${items} items in ${map}`)
    return `  ${name}: ${span(least, transitions)} transitions a run; ${rate}${guess.length > 0 ? ` (taken: ${guess.join(', ')})` : ''}`
  })
  const { date, region, freeTransitions, freeRequests, freeGbSeconds } = priceList
  const { transitions, requests, gbSeconds, transitionDollars, lambdaDollars, beyondFreeDollars } = month
  const dollars = (count: number) => `US$ ${count.toFixed(2)}`
  return [
    `Step Functions (standard) with Lambda, month of 31 days, prices of ${date} in ${region}, no errors and no retries:`,
    ...lines,
    `  scheduled in all, at most: ${transitions} transitions, ${dollars(transitionDollars)}; ${requests} Lambda calls, ${gbSeconds} GB-s (taken: ${taken.seconds} s a step at ${taken.memoryMb} MB), ${dollars(lambdaDollars)}`,
    `  ${dollars(beyondFreeDollars)} beyond what is free in a month: ${freeTransitions} transitions, ${freeRequests} calls, ${freeGbSeconds} GB-s. S3, logs, traces and the database are not in it.`,
    `  read at: ${priceList.sources.map(({ what, page, of }) => `${what} ${page}${of === undefined ? '' : ` (${of})`}`).join('; ')}`,
  ].join('\n')
}
