import { pruneRuns } from '../lib/runs/leases.ts'
import { openPostgres } from '../lib/stores/postgres/index.ts'
import { age, type Measure, measure } from './measure.ts'
import { type Slope, theilSen } from './slope.ts'
import { startWorld } from './world.ts'

/** How long, and how exact. */
export interface Plan {
  store: 'embedded' | 'server'
  /** Simulated days that are measured. */
  days: number
  /** Hourly runs of a day; 24 for the real thing. */
  hours: number
  /** Days before the first measure. */
  warmUp: number
  /** Folder for a heap snapshot at the beginning and at the end. */
  snapshots?: string
  say(line: string): void
}

/** What the simulation found. */
export interface Findings {
  measures: readonly Measure[]
  /** MB a simulated day. */
  heap: Slope
  outside: Slope
  rss: Slope
  child: Slope
  /** Requests that were not answered with 200. */
  refused: number
  requests: number
}

/** Journal rows older than this many simulated days are forgotten. */
const keepDays = 2

const requests: readonly (readonly [path: string, init?: RequestInit])[] = [
  ['/datasets'],
  ['/datasets/aneel.bandeira_acionamento?limit=20'],
  ['/runs'],
  ['/bandeira'],
  ['/graphql', { method: 'POST', body: JSON.stringify({ query: '{ datasets { dataset } }' }) }],
]

/** Lives through the days: each hour new data, a run and API requests; each day the daily run and a PDF. */
export async function simulate(plan: Plan): Promise<Findings> {
  const { say } = plan
  const world = await startWorld(plan.store)
  const measures: Measure[] = []
  let asked = 0
  let refused = 0
  try {
    for (let day = 1 - plan.warmUp; day <= plan.days; day += 1) {
      const began = performance.now()
      for (let hour = 0; hour < plan.hours; hour += 1) {
        await world.publish()
        await world.run('hourly')
        for (const [path, init] of requests) {
          const status = await world.ask(path, init)
          asked += 1
          if (status === 200) continue
          refused += 1
          say(`  ${path}: ${status}`)
        }
      }
      await world.run('daily')
      await world.event(`documento-${day + plan.warmUp}.pdf`)
      if (world.postgresUrl !== undefined) await forget(world.postgresUrl)
      const seconds = ((performance.now() - began) / 1_000).toFixed(0)
      if (day < 0) {
        say(`warm-up: ${seconds} s`)
        continue
      }
      if (plan.snapshots !== undefined && (day === 0 || day === plan.days))
        await world.probe({ snapshot: `${plan.snapshots}/day-${day}.heapsnapshot` })
      const seen = await measure(world, day, day === 0 || day === plan.days)
      measures.push(seen)
      say(`${line(seen)}, ${seconds} s`)
    }
  } finally {
    await world.close()
  }
  const slope = (of: (seen: Measure) => number) => theilSen(measures.map((seen) => [seen.day, of(seen)] as const))
  return {
    measures,
    heap: slope(({ heap }) => heap),
    outside: slope(({ outside }) => outside),
    rss: slope(({ rss }) => rss),
    child: slope(({ child }) => child),
    refused,
    requests: asked,
  }
}

async function forget(url: string): Promise<void> {
  const store = await openPostgres({ kind: 'server', url })
  try {
    await age(url, async () => {
      await pruneRuns(store, keepDays)
    })
  } finally {
    await store.close()
  }
}

/** A measure in a line. */
function line(seen: Measure): string {
  const handles = Object.entries(seen.handles).map(([kind, count]) => `${kind} ${count}`)
  const objects = Object.entries(seen.objects).map(([kind, count]) => `${kind} ${count}`)
  return [
    `day ${seen.day}: heap ${seen.heap.toFixed(2)} MB, outside ${seen.outside.toFixed(2)}, RSS ${seen.rss.toFixed(1)}`,
    ...(seen.child === 0 ? [] : [`child ${seen.child.toFixed(1)}`]),
    `fd ${seen.descriptors}, threads ${seen.threads}, listeners ${seen.listeners}, files in progress ${seen.temporary}`,
    ...(seen.rows === undefined ? [] : [`journal ${seen.rows} rows`]),
    `handles: ${handles.join(', ')}`,
    ...(objects.length === 0 ? [] : [`objects: ${objects.join(', ')}`]),
  ].join(', ')
}

/**
 * What is wrong with the findings, in words; nothing when all is well. `most` is the heap's slope in MB a day; `by` says whether its best
 * estimate must not be above that, or, for a run too short for a good one, the low end of its interval.
 */
export function judge(findings: Findings, most: number, by: 'value' | 'low' = 'value'): string[] {
  const { measures, heap, refused } = findings
  const first = measures[0]
  const last = measures.at(-1)
  const problems: string[] = []
  if (first === undefined || last === undefined) return ['nothing was measured']
  if (heap[by] > most)
    problems.push(
      `the heap grows by ${by === 'low' ? 'at least ' : ''}${heap[by].toFixed(3)} MB a day, more than ${most}`,
    )
  // What comes and goes with a pool varies by a few; a leak of one an hour does not.
  const spare = 8
  const grown = (what: string, before: number, after: number, allowed = spare) => {
    if (after > before + allowed) problems.push(`${what} grew from ${before} to ${after}`)
  }
  grown('file descriptors', first.descriptors, last.descriptors)
  grown('threads', first.threads, last.threads)
  grown('listeners', first.listeners, last.listeners, 0)
  grown('file descriptors of the child', first.childDescriptors, last.childDescriptors, 64)
  grown('files in progress', first.temporary, last.temporary, 0)
  for (const kind of new Set([...Object.keys(first.handles), ...Object.keys(last.handles)]))
    grown(`handles of the kind ${kind}`, first.handles[kind] ?? 0, last.handles[kind] ?? 0)
  for (const kind of Object.keys(last.objects))
    grown(`objects of the kind ${kind}`, first.objects[kind] ?? 0, last.objects[kind] ?? 0, spare * 4)
  const full = measures.find(({ day }) => day === keepDays + 1)?.rows
  if (full !== undefined) grown('rows of the journal', full, last.rows ?? 0, full / 5)
  if (refused > 0) problems.push(`${refused} requests to the API were not answered with 200`)
  return problems
}
